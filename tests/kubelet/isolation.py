"""Namespaces to run pods in: how a program is started in new ones, and what stands in the way.

As root, or as anybody where the kernel lets users have namespaces of their own. Loopback addresses
are no way out: programs listen on every address of a machine, so that two pods with one port would
collide, and an EndpointSlice refuses such addresses.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

from kubelet.images import NOBODY

__all__ = ["command", "has_users", "obstacle"]

SPACES = ("--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
# What the kubelet does in them; it fails where a sandbox allows the namespaces and nothing inside.
TRIAL = (
    "ip link add trial type bridge && ip link add one type veth peer name two && "
    "mount -t tmpfs trial /mnt && mount --bind /dev/null /dev/null"
)


def has_users() -> bool:
    """Whether this process may give others the user ids that images have."""
    first, _, length = Path("/proc/self/uid_map").read_text().split()[:3]
    return os.geteuid() == 0 and int(first) == 0 and int(length) > NOBODY


@cache
def command() -> tuple[str, ...]:
    """Words to put before a command, so that it is the first process of new namespaces.

    When it ends, or the one that waits for it, the kernel ends all processes in them.
    """
    users = () if has_users() else ("--user", "--map-root-user")
    return ("unshare", *users, *SPACES, "--")


@cache
def obstacle() -> str:
    """Why pods cannot run on this machine; empty if they can."""
    for program, package in (
        ("unshare", "util-linux"),
        ("nsenter", "util-linux"),
        ("ip", "iproute2"),
    ):
        if shutil.which(program) is None:
            return f"there is no {program} on PATH (package {package})"
    tried = subprocess.run(
        [*command(), "sh", "-c", TRIAL], capture_output=True, text=True, timeout=60, check=False
    )
    if tried.returncode == 0:
        return ""
    return f"network and mount namespaces are not allowed here: {tried.stderr.strip()[:300]}"
