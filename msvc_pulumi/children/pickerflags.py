"""What an endpoint picker is told on its command line, and where it is reached by that.

Its releases spell flags differently (``-poolName``, ``--pool-name``), and their values may be
variables of the container's environment, which the kubelet fills in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msvc_pulumi.children.child import Child
from msvc_pulumi.children.gocontainer import GoContainer, Told
from msvc_pulumi.commandline.goprograms import Candidates, candidates, letters
from msvc_pulumi.errors import FieldPath

__all__ = [
    "GRPC_PORT",
    "HEALTH_PORT",
    "LIVENESS",
    "READINESS",
    "flags",
    "grpc_port",
    "is_of_router",
    "is_on",
    "leading_port",
    "leads_to",
    "pickers",
    "stated_port",
]

GRPC_PORT = 9002  # where every release of the endpoint picker listens unless it is told otherwise
HEALTH_PORT = 9003  # and where it answers probes
LIVENESS = "liveness"  # what replicas that elect a leader answer to, all of them
READINESS = "readiness"  # and what the leader alone does
ROUTER = (0, 9)  # llm-d's releases with a picker of their own again
CONTAINERS = FieldPath.of("spec", "template", "spec", "containers")
KNOWN = {
    letters(name): name
    for name in (
        "config-file",
        "config-text",
        "drain-timeout",
        "endpoint-selector",
        "grpc-health-port",
        "grpc-port",
        "ha-enable-leader-election",
        "metrics-endpoint-auth",
        "pool-group",
        "pool-name",
        "pool-namespace",
    )
}
"""The flags that are read here, by their letters: how releases spell them differs otherwise."""
PORTS = FieldPath.of("spec", "ports")
# Names by which charts call the port of a picker's Service that leads to its gRPC port.
USUAL_NAMES = ("grpc-ext-proc", "ext-proc", "grpc")


def pickers(child: Child) -> Iterator[GoContainer]:
    """The containers of a picker's Deployment that run a known endpoint picker."""
    for number, container in enumerate(child.get(CONTAINERS) or ()):
        known = candidates(container.get("image") or "")
        if known is not None and known.is_picker:
            yield GoContainer.of(child, CONTAINERS.child(number))


def is_of_router(known: Candidates) -> bool:
    """Whether the picker's source is llm-d's router, which took InferenceObjective over."""
    return known.program.name == "llm-d" and known.are_since(ROUTER)


def flags(picker: Child) -> dict[str, Told]:
    """The `KNOWN` flags of the picker's Deployment; of one that is stated twice the last counts.

    Where no container is known to be the picker, all of them are looked at.
    """
    found: dict[str, Told] = {}
    known = list(pickers(picker))
    numbers = range(len(picker.get(CONTAINERS) or ()))
    for here in known or [GoContainer.of(picker, CONTAINERS.child(number)) for number in numbers]:
        for flag in here.line.reading.flags:
            name = KNOWN.get(letters(flag.name))
            if name is not None:
                found[name] = here.tell(flag)
    return found


def is_on(stated: Mapping[str, Told], name: str, *, default: bool = False) -> bool:
    """Whether the switch ``name`` is on."""
    told = stated.get(name)
    return default if told is None else told.is_on


def stated_port(stated: Mapping[str, Told], name: str, default: int) -> int:
    """The port that the flag ``name`` states."""
    told = stated.get(name)
    return int(told.value) if told and told.value.isdecimal() else default


def grpc_port(stated: Mapping[str, Told]) -> int:
    """The port on which the picker answers gateways."""
    return stated_port(stated, "grpc-port", GRPC_PORT)


def leads_to(port: dict[str, Any], picker: Child | None) -> int | None:
    """The picker's port behind a port of its Service; None where no container has that name."""
    target = port.get("targetPort") or port.get("port")
    if isinstance(target, int) or picker is None:
        return target if isinstance(target, int) else None
    for container in picker.get(CONTAINERS) or ():
        for entry in container.get("ports") or ():
            if entry.get("name") == target:
                return entry.get("containerPort") or None
    return None


def leading_port(service: Child, picker: Child | None) -> int | None:
    """The Service's port that leads to the picker's gRPC port, or must be meant to; else None."""
    ports = [port for port in service.get(PORTS) or () if port.get("protocol", "TCP") == "TCP"]
    wanted = grpc_port(flags(picker) if picker else {})
    exact = [port for port in ports if leads_to(port, picker) == wanted]
    named = [port for port in ports if port.get("name") in USUAL_NAMES]
    http2 = [port for port in ports if port.get("appProtocol") in ("kubernetes.io/h2c", "http2")]
    for found in (exact[:1], named, http2, ports):
        if len(found) == 1:
            number: int | None = found[0].get("port")
            return number
    return None
