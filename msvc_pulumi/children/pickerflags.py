"""What an endpoint picker is told on its command line, and where it is reached by that.

Its releases spell flags differently (``-poolName``, ``--pool-name``), and their values may be
variables of the container's environment, which the kubelet fills in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from msvc_pulumi.children.child import Child
from msvc_pulumi.errors import FieldPath

__all__ = ["GRPC_PORT", "Flag", "flags", "grpc_port", "is_on", "leading_port", "leads_to"]

GRPC_PORT = 9002  # where every release of the endpoint picker listens unless it is told otherwise
CONTAINERS = FieldPath.of("spec", "template", "spec", "containers")
KNOWN = {
    name.replace("-", ""): name for name in ("grpc-port", "ha-enable-leader-election", "pool-group")
}
"""The flags that are read here, by their letters: how releases spell them differs otherwise."""
PORTS = FieldPath.of("spec", "ports")
# Names by which charts call the port of a picker's Service that leads to its gRPC port.
USUAL_NAMES = ("grpc-ext-proc", "ext-proc", "grpc")
_REFERENCE = re.compile(r"\$\(([^)]+)\)")


@dataclass(frozen=True, slots=True)
class Flag:
    """A stated flag: where, and its value; "" where it has none. ``joined`` is one behind ``=``."""

    place: FieldPath
    value: str
    joined: bool


def flags(picker: Child) -> dict[str, Flag]:
    """The `KNOWN` flags of the picker's Deployment; of one that is stated twice the last counts."""
    found: dict[str, Flag] = {}
    for index, container in enumerate(picker.get(CONTAINERS) or ()):
        words = list(_words(container))
        for position, (name, number, word) in enumerate(words):
            if word[:1] != "-":
                continue
            title, joined, value = word.partition("=")
            known = KNOWN.get(title.replace("-", "").lower())
            if known is None:
                continue
            following = words[position + 1 : position + 2]
            if not joined and following and not following[0][2].startswith("-"):
                name, number, value = following[0]  # noqa: PLW2901  the value's own place
            if "$(" in value:
                value = _expanded(value, container)
            found[known] = Flag(CONTAINERS.child(index, name, number), value, joined=bool(joined))
    return found


def is_on(stated: Mapping[str, Flag], name: str) -> bool:
    """Whether the switch ``name`` is on; Go's flags take a switch's value only behind ``=``."""
    told = stated.get(name)
    return told is not None and (not told.joined or told.value.lower() in ("true", "t", "1"))


def grpc_port(stated: Mapping[str, Flag]) -> int:
    """The port on which the picker answers gateways."""
    told = stated.get("grpc-port")
    return int(told.value) if told and told.value.isdecimal() else GRPC_PORT


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


def _words(container: dict[str, Any]) -> Iterator[tuple[str, int, str]]:
    """The words of command and args with their places; a script is split where it has blanks."""
    for name in ("command", "args"):
        for number, text in enumerate(container.get(name) or ()):
            if " " in text and not text.startswith("-"):
                for word in text.split():
                    yield name, number, word
            else:
                yield name, number, text


def _expanded(value: str, container: dict[str, Any]) -> str:
    variables = {
        variable.get("name", ""): variable.get("value", "")
        for variable in container.get("env") or ()
        if "valueFrom" not in variable
    }
    return _REFERENCE.sub(lambda match: variables.get(match[1], match[0]), value)
