"""Containers of a pod.

Rules: ``pkg/apis/core/validation/validation.go`` (``validateContainers``,
``validateInitContainers``, ``validateContainerPorts``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msvc_pulumi.errors import FieldPath
from msvc_pulumi.rules.environment import environment
from msvc_pulumi.rules.finding import (
    Finding,
    duplicate,
    forbidden,
    invalid,
    items,
    repeated,
    required,
    unsupported,
)
from msvc_pulumi.rules.names import dns_label, port_name, port_number
from msvc_pulumi.rules.probes import PROBES, lifecycle, probes
from msvc_pulumi.rules.resources import container_resources
from msvc_pulumi.rules.volumes import mounts

__all__ = ["PROTOCOLS", "every_container"]

PROTOCOLS = ("SCTP", "TCP", "UDP")
GRACE_PERIOD = 30  # seconds, where none is stated
PULL_POLICIES = ("Always", "IfNotPresent", "Never")
MESSAGES = ("File", "FallbackToLogsOnError")
RESTARTS = ("Always", "Never", "OnFailure")


def every_container(pod: dict[str, Any], at: FieldPath) -> Iterator[Finding]:
    """All containers of the pod, initial ones too, and the ports they take of a node."""
    if not pod.get("containers"):
        yield required(at.child("containers"), "", "state a container, here or in the BaseConfig")
    known = sorted(volume.get("name") or "" for _, volume in items(pod.get("volumes")))
    grace = pod.get("terminationGracePeriodSeconds", GRACE_PERIOD)
    first: dict[str, FieldPath] = {}
    ports: dict[tuple[Any, ...], FieldPath] = {}
    for kind in ("containers", "initContainers"):
        for number, container in items(pod.get(kind)):
            here = at.child(kind, number)
            yield from _container(container, here, known)
            name = container.get("name") or ""
            if name in first:
                yield duplicate(
                    here.child("name"), name, first[name], "rename or remove one of them"
                )
            elif name:
                first[name] = here.child("name")
            if kind == "containers":
                yield from _long_running(container, here, grace)
                yield from _host_ports(container, here, ports)
            else:
                yield from _initial(container, here, grace)
                yield from _host_ports(container, here, {})


def _container(container: dict[str, Any], at: FieldPath, known: list[str]) -> Iterator[Finding]:
    name = container.get("name") or ""
    if not name:
        yield required(at.child("name"))
    elif problem := dns_label(name):
        yield invalid(at.child("name"), name, problem)
    if not container.get("image"):
        yield required(at.child("image"), "", "state an image, here or in the BaseConfig")
    policy = container.get("imagePullPolicy")
    if policy and policy not in PULL_POLICIES:
        yield unsupported(at.child("imagePullPolicy"), policy, PULL_POLICIES)
    policy = container.get("terminationMessagePolicy")
    if policy and policy not in MESSAGES:
        yield unsupported(at.child("terminationMessagePolicy"), policy, MESSAGES)
    if container.get("ports"):
        yield from _ports(container, at.child("ports"))
    yield from environment(container, at)
    if container.get("volumeMounts"):
        yield from mounts(container, at, known)
    if resources := container.get("resources"):
        yield from container_resources(resources, at.child("resources"))


def _long_running(container: dict[str, Any], at: FieldPath, grace: int) -> Iterator[Finding]:
    yield from probes(container, at)
    yield from lifecycle(container, at, grace)


def _initial(container: dict[str, Any], at: FieldPath, grace: int) -> Iterator[Finding]:
    """An init container: a sidecar with ``restartPolicy: Always``, else one that ends."""
    policy = container.get("restartPolicy")
    if policy == "Always":
        yield from _long_running(container, at, grace)
        return
    if policy is not None and policy not in RESTARTS:
        yield unsupported(at.child("restartPolicy"), policy, RESTARTS)
    for name in ("lifecycle", *PROBES):
        if container.get(name) is not None:
            yield forbidden(
                at.child(name),
                "may not be set for init containers without restartPolicy=Always",
                "state restartPolicy: Always if it runs beside the others, else remove it",
            )


def _ports(container: dict[str, Any], at: FieldPath) -> Iterator[Finding]:
    names: dict[str, FieldPath] = {}
    for number, port in items(container["ports"]):
        here = at.child(number)
        if name := port.get("name"):
            if problem := port_name(name):
                yield invalid(here.child("name"), name, problem, "use a shorter, simpler name")
            elif name in names:
                yield duplicate(here.child("name"), name, names[name], "rename one of them")
            names.setdefault(name, here.child("name"))
        container_port = port.get("containerPort") or 0
        if not container_port:
            yield required(here.child("containerPort"))
        elif problem := port_number(container_port):
            yield invalid(here.child("containerPort"), container_port, problem)
        if (host_port := port.get("hostPort")) and (problem := port_number(host_port)):
            yield invalid(here.child("hostPort"), host_port, problem)
        protocol = port.get("protocol")
        if protocol and protocol not in PROTOCOLS:
            yield unsupported(here.child("protocol"), protocol, PROTOCOLS)
    yield from repeated(container["ports"], at, ("containerPort", "protocol"), ("", "TCP"))


def _host_ports(
    container: dict[str, Any], at: FieldPath, taken: dict[tuple[Any, ...], FieldPath]
) -> Iterator[Finding]:
    for number, port in items(container.get("ports")):
        if not port.get("hostPort"):
            continue
        place = at.child("ports", number, "hostPort")
        identity = (port.get("protocol") or "TCP", port.get("hostIP") or "", port["hostPort"])
        if identity in taken:
            value = "/".join(str(part) for part in identity)
            yield duplicate(place, value, taken[identity], "a node has each port once")
        taken.setdefault(identity, place)
