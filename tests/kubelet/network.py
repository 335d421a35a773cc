"""The pods' network: a bridge in the kubelet's own namespace, and a namespace for each pod.

Nothing of it has a name outside, so every kubelet may use the same addresses.
"""

from __future__ import annotations

import asyncio
import itertools
import subprocess
from dataclasses import dataclass
from pathlib import Path

__all__ = [
    "API_ADDRESS",
    "API_PORT",
    "DNS_ADDRESS",
    "GATEWAY",
    "PodNetwork",
    "attach",
    "detach",
    "set_up",
]

API_ADDRESS, API_PORT = "10.96.0.1", 443
"""Where the Service ``kubernetes`` of a local plane is (its ``--service-cluster-ip-range``)."""
DNS_ADDRESS = "10.96.0.10"
"""Nobody answers there: names are not to be had, and whoever asks learns it at once."""
GATEWAY = "10.244.0.1"
NUMBERS = itertools.count(2)
BRIDGE = "pods"
NAMES = Path("/run/netns")


@dataclass(frozen=True, slots=True)
class PodNetwork:
    """Where one pod is."""

    name: str
    address: str

    @property
    def path(self) -> Path:
        """The file by which processes enter it."""
        return NAMES / self.name


def set_up() -> None:
    """The bridge is up, and this process has its addresses. Raises CalledProcessError."""
    NAMES.parent.mkdir(exist_ok=True)
    _run(
        # Names of network namespaces live here; a file system of our own hides them from the rest.
        f"mount -t tmpfs netns {NAMES.parent}",
        "ip link set lo up",
        # With an address of its own, or it would change whenever a pod comes.
        f"ip link add {BRIDGE} address 02:00:00:00:00:01 type bridge",
        f"ip address add {GATEWAY}/16 dev {BRIDGE}",
        f"ip address add {API_ADDRESS}/32 dev {BRIDGE}",
        f"ip address add {DNS_ADDRESS}/32 dev {BRIDGE}",
        f"ip link set {BRIDGE} up",
    )


async def attach() -> PodNetwork:
    """A new namespace with a new address, in which loopback works."""
    number = next(NUMBERS)
    name = f"pod{number}"
    network = PodNetwork(name, f"10.244.{number // 256}.{number % 256}")
    await asyncio.to_thread(
        _run,
        f"ip netns add {name}",
        f"ip link add {name} type veth peer name eth0 netns {name}",
        f"ip link set {name} master {BRIDGE} up",
        f"ip -n {name} link set lo up",
        f"ip -n {name} address add {network.address}/16 dev eth0",
        f"ip -n {name} link set eth0 up",
        f"ip -n {name} route add default via {GATEWAY}",
    )
    return network


async def detach(network: PodNetwork) -> None:
    """The namespace is gone, and its end of the cable with it."""
    await asyncio.to_thread(_run, f"ip netns delete {network.name}")


def _run(*commands: str) -> None:
    for command in commands:
        subprocess.run(command.split(), check=True, capture_output=True, text=True)
