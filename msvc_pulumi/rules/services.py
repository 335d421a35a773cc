"""Services.

Rules: ``pkg/apis/core/validation/validation.go`` (``validateService``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msvc_pulumi.errors import FieldPath
from msvc_pulumi.rules.cleared import Cleared
from msvc_pulumi.rules.containers import PROTOCOLS
from msvc_pulumi.rules.finding import (
    Finding,
    Place,
    advice,
    duplicate,
    forbidden,
    invalid,
    items,
    required,
    unsupported,
)
from msvc_pulumi.rules.metadata import labels, name, object_metadata
from msvc_pulumi.rules.names import dns_label, port_name, port_number, qualified_name, service_name

__all__ = ["Version", "service"]

Version = tuple[int, int]
RELAXED_NAMES: Version = (1, 36)  # the release that lets names begin with a digit
BEGIN_WITH_A_LETTER = (
    "let the ModelService's name begin with a letter, or run Kubernetes 1.36 or later"
)

SPEC = FieldPath.of("spec")
PORTS = SPEC.child("ports")
EXTERNAL = ("LoadBalancer", "NodePort")
NODE_PORTS = range(30000, 32768)  # unless the API server is started with another range
CHOICES = {
    "type": ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort"),
    "sessionAffinity": ("ClientIP", "None"),
    "internalTrafficPolicy": ("Cluster", "Local"),
    "ipFamilyPolicy": ("PreferDualStack", "RequireDualStack", "SingleStack"),
    "trafficDistribution": ("PreferClose", "PreferSameNode", "PreferSameZone"),
}
DAY = 86400
CLEARED = Cleared()


def service(manifest: dict[str, Any], version: Version | None) -> Iterator[Finding]:
    """``version`` is the API server's; None means that it is not known."""
    yield from _name(manifest["metadata"], version)
    yield from object_metadata(manifest["metadata"])
    spec = manifest.get("spec") or {}
    if stated := spec.get("selector"):
        yield from labels(stated, SPEC.child("selector"))
    alike = {name: value for name, value in spec.items() if name != "selector"}
    yield from CLEARED.broken(alike, _besides_selector(spec))


def _besides_selector(spec: dict[str, Any]) -> Iterator[Finding]:
    for field, known in CHOICES.items():
        if (value := spec.get(field)) and value not in known:
            yield unsupported(SPEC.child(field), value, known)
    yield from _ports(spec)
    yield from _type(spec)
    affinity = ((spec.get("sessionAffinityConfig") or {}).get("clientIP") or {}).get(
        "timeoutSeconds"
    )
    place = SPEC.child("sessionAffinityConfig")
    if (
        spec.get("sessionAffinity") == "ClientIP"
        and affinity is not None
        and not 0 < affinity <= DAY
    ):
        problem = f"must be greater than 0 and less than {DAY}"
        yield invalid(place.child("clientIP", "timeoutSeconds"), affinity, problem)


def _name(metadata: dict[str, Any], version: Version | None) -> Iterator[Finding]:
    strict = version is not None and version < RELAXED_NAMES
    findings = list(name(metadata, service_name if strict else dns_label))
    if strict:
        findings = [finding._replace(help=BEGIN_WITH_A_LETTER) for finding in findings]
    yield from findings
    if not findings and version is None and (found := service_name(metadata.get("name") or "")):
        yield invalid(
            FieldPath.of("metadata", "name"),
            metadata["name"],
            f"before Kubernetes 1.36 {found}",
            BEGIN_WITH_A_LETTER,
            refused=False,
        )


def _ports(spec: dict[str, Any]) -> Iterator[Finding]:
    stated = spec.get("ports") or []
    headless = spec.get("clusterIP") == "None"
    if not stated and not headless and spec.get("type") != "ExternalName":
        yield required(PORTS, "", "state the port that the pods listen on")
    names: dict[str, FieldPath] = {}
    numbers: dict[tuple[Any, ...], FieldPath] = {}
    node_ports: dict[tuple[Any, ...], FieldPath] = {}
    for number, port in items(stated):
        here = PORTS.child(number)
        title, protocol = port.get("name") or "", port.get("protocol") or "TCP"
        if not title:
            if len(stated) > 1:
                yield required(here.child("name"), "", "name each port where there are several")
        elif problem := dns_label(title):
            yield invalid(here.child("name"), title, problem)
        elif title in names:
            yield duplicate(here.child("name"), title, names[title], "rename one of them")
        names.setdefault(title, here.child("name"))
        yield from _port(port, here)
        if protocol not in PROTOCOLS:
            yield unsupported(here.child("protocol"), protocol, PROTOCOLS)
        identity = (protocol, port.get("port"))
        if identity in numbers:
            value = f"{protocol}/{port.get('port')}"
            yield duplicate(here.child("port"), value, numbers[identity], "remove one of them")
        numbers.setdefault(identity, here.child("port"))
        if node_port := port.get("nodePort"):
            identity = (protocol, node_port)
            place = here.child("nodePort")
            if identity in node_ports:
                yield duplicate(place, node_port, node_ports[identity], "change one of them")
            node_ports.setdefault(identity, place)


def _port(port: dict[str, Any], at: FieldPath) -> Iterator[Finding]:
    number = port.get("port") or 0
    if problem := port_number(number):
        yield invalid(at.child("port"), number, problem)
    target = port.get("targetPort")
    if isinstance(target, str) and target:
        if problem := port_name(target):
            yield invalid(at.child("targetPort"), target, problem)
    elif target and (problem := port_number(target)):
        yield invalid(at.child("targetPort"), target, problem)
    protocol = port.get("appProtocol")
    if protocol is not None and (problem := qualified_name(protocol)):
        yield invalid(at.child("appProtocol"), protocol, problem)


def _type(spec: dict[str, Any]) -> Iterator[Finding]:
    kind = spec.get("type") or "ClusterIP"
    here = (SPEC.child("type"), "the type")
    if kind in EXTERNAL and spec.get("clusterIP") == "None":
        problem = f"may not be set to 'None' for {kind} services"
        yield invalid(SPEC.child("clusterIP"), "None", problem, "remove one of them", here)
    if kind == "ExternalName":
        if not spec.get("externalName"):
            yield required(SPEC.child("externalName"))
        if spec.get("clusterIP"):
            problem = "may not be set for ExternalName services"
            yield forbidden(SPEC.child("clusterIP"), problem, "remove it", here)
    yield from _node_ports(spec, kind, here)
    policy = spec.get("externalTrafficPolicy")
    reachable = kind in EXTERNAL or (kind == "ClusterIP" and spec.get("externalIPs"))
    place = SPEC.child("externalTrafficPolicy")
    if policy and not reachable:
        yield invalid(place, policy, "may only be set for externally-accessible services")
    elif policy and policy not in ("Cluster", "Local"):
        yield unsupported(place, policy, ("Cluster", "Local"))


def _node_ports(spec: dict[str, Any], kind: str, here: Place) -> Iterator[Finding]:
    for number, port in items(spec.get("ports")):
        node_port, place = port.get("nodePort"), PORTS.child(number, "nodePort")
        if not node_port:
            continue
        if kind == "ClusterIP":
            problem = "may not be used when `type` is 'ClusterIP'"
            yield forbidden(place, problem, "state type: NodePort, or remove it", here)
        elif node_port not in NODE_PORTS:
            known = f"{NODE_PORTS.start}-{NODE_PORTS.stop - 1}"
            problem = f"not in the range of ports of nodes, by default {known}"
            yield advice(
                place, "invalid-value", f"Invalid value: {node_port}: {problem}", "remove it"
            )
    if kind != "LoadBalancer":
        for field in ("loadBalancerSourceRanges", "allocateLoadBalancerNodePorts"):
            if spec.get(field) not in (None, []):
                problem = "may only be used when `type` is 'LoadBalancer'"
                yield forbidden(SPEC.child(field), problem, "remove it", here)
        if spec.get("loadBalancerClass") is not None:
            problem = "may only be used when `type` is 'LoadBalancer'"
            yield forbidden(SPEC.child("loadBalancerClass"), problem, "remove it", here)
