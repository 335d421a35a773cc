"""What an endpoint picker is told on its command line, and where it is reached by that.

Its releases spell flags differently (``-poolName``, ``--pool-name``), and their values may be
variables of the container's environment, which the kubelet fills in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from msvc_pulumi.children.child import Child
from msvc_pulumi.errors import FieldPath

__all__ = ["GRPC_PORT", "Flag", "flag", "grpc_port", "is_on", "leading_port", "leads_to"]

GRPC_PORT = 9002  # where every release of the endpoint picker listens unless it is told otherwise
CONTAINERS = FieldPath.of("spec", "template", "spec", "containers")
PORTS = FieldPath.of("spec", "ports")
# Names by which charts call the port of a picker's Service that leads to its gRPC port.
USUAL_NAMES = ("grpc-ext-proc", "ext-proc", "grpc")
_REFERENCE = re.compile(r"\$\(([^)]+)\)")


@dataclass(frozen=True, slots=True)
class Flag:
    """A stated flag: where, and its value; "" where it has none."""

    place: FieldPath
    value: str


def flag(picker: Child, name: str) -> Flag | None:
    """The flag ``name`` (``pool-group``) of the picker's Deployment; the last one counts."""
    wanted, found = _plain(name), None
    for container in _containers(picker):
        words = list(_words(picker, container))
        variables = _variables(picker.get(container))
        for number, (place, word) in enumerate(words):
            title, joined, value = word.partition("=")
            if not title.startswith("-") or _plain(title) != wanted:
                continue
            if not joined and number + 1 < len(words) and not words[number + 1][1].startswith("-"):
                place, value = words[number + 1]  # noqa: PLW2901  the value's own place
            found = Flag(place, _expanded(value, variables))
    return found


def is_on(picker: Child, name: str) -> bool:
    """Whether the switch ``name`` is on; Go's flags take a switch's value only behind ``=``."""
    wanted, on = _plain(name), False
    for container in _containers(picker):
        for _, word in _words(picker, container):
            title, joined, value = word.partition("=")
            if title.startswith("-") and _plain(title) == wanted:
                on = not joined or value.lower() in ("true", "t", "1")
    return on


def grpc_port(picker: Child | None) -> int:
    """The port on which the picker answers gateways."""
    stated = flag(picker, "grpc-port") if picker else None
    return int(stated.value) if stated and stated.value.isdecimal() else GRPC_PORT


def leads_to(port: dict[str, Any], picker: Child | None) -> int | None:
    """The picker's port behind a port of its Service; None where no container has that name."""
    target = port.get("targetPort") or port.get("port")
    if isinstance(target, int) or picker is None:
        return target if isinstance(target, int) else None
    for container in _containers(picker):
        for entry in picker.get(container.child("ports")) or ():
            if entry.get("name") == target:
                return entry.get("containerPort") or None
    return None


def leading_port(service: Child, picker: Child | None) -> int | None:
    """The Service's port that leads to the picker's gRPC port, or must be meant to; else None."""
    ports = service.get(PORTS) or []
    wanted = grpc_port(picker)
    exact = [port for port in ports if leads_to(port, picker) == wanted]
    named = [port for port in ports if port.get("name") in USUAL_NAMES]
    http2 = [port for port in ports if port.get("appProtocol") in ("kubernetes.io/h2c", "http2")]
    for found in (exact[:1], named, http2, ports):
        if len(found) == 1:
            number: int | None = found[0].get("port")
            return number
    return None


def _plain(name: str) -> str:
    return name.lstrip("-").replace("-", "").lower()


def _containers(picker: Child) -> Iterator[FieldPath]:
    for number in range(len(picker.get(CONTAINERS) or ())):
        yield CONTAINERS.child(number)


def _words(picker: Child, container: FieldPath) -> Iterator[tuple[FieldPath, str]]:
    """The words of command and args; a script is split where it has blanks."""
    for name in ("command", "args"):
        for number, text in enumerate(picker.get(container.child(name)) or ()):
            place = container.child(name, number)
            script = not text.startswith("-") and " " in text.strip()
            for word in text.split() if script else (text,):
                yield place, word


def _expanded(value: str, variables: dict[str, str]) -> str:
    return _REFERENCE.sub(lambda match: variables.get(match[1], match[0]), value)


def _variables(container: dict[str, Any]) -> dict[str, str]:
    return {
        variable.get("name", ""): variable.get("value", "")
        for variable in container.get("env") or ()
        if "valueFrom" not in variable
    }
