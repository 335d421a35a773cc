"""Ports of Services and pools that no container of the selected pods listens on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeGuard

from msvc_pulumi.errors import Diagnostic, FieldPath
from msvc_pulumi.plan import Plan
from msvc_pulumi.rules.finding import advice, items
from msvc_pulumi.rules.names import port_name, port_number
from msvc_pulumi.rules.places import placed
from msvc_pulumi.rules.workloads import Pods, selected_pods

__all__ = ["unheard_ports"]

SPEC = FieldPath.of("spec")


def unheard_ports(plan: Plan, pods: Sequence[Pods]) -> Iterator[Diagnostic]:
    """A warning for every port behind which nobody listens.

    A container may listen on a port that it does not list. So numbers count as unheard only if the
    pods that are selected list ports, and none of the numbers is among them or in a command.
    """
    for planned in plan:
        if planned.manifest["kind"] not in ("Service", "InferencePool"):
            continue
        targets = list(_targets(planned.manifest))
        if not targets:
            continue
        selected = selected_pods(pods, planned.manifest)
        unheard = [
            (path, target)
            for path, target in targets
            if selected and not any(_listens(pod.spec, target) for pod in selected)
        ]
        if len(unheard) < len(targets) or planned.key == "eppService":
            unheard = [(path, target) for path, target in unheard if isinstance(target, str)]
        for path, target in unheard:
            named = f'named "{target}"' if isinstance(target, str) else str(target)
            finding = advice(
                path,
                "unheard-port",
                f"no container of the selected pods has a port {named}: requests are not answered",
                "state the port that the container listens on",
            )
            place = (selected[0].at.child("containers"), "the containers")
            yield placed(planned, finding, [(selected[0].workload, place)])


def _targets(manifest: dict[str, Any]) -> Iterator[tuple[FieldPath, int | str]]:
    spec = manifest.get("spec") or {}
    if manifest["kind"] == "Service":
        for number, port in items(spec.get("ports")):
            field = "targetPort" if port.get("targetPort") else "port"
            if _can_be_heard(target := port.get(field)):
                yield SPEC.child("ports", number, field), target
    elif manifest["kind"] == "InferencePool":
        if _can_be_heard(target := spec.get("targetPortNumber")):
            yield SPEC.child("targetPortNumber"), target
        for number, port in items(spec.get("targetPorts")):
            if _can_be_heard(target := port.get("number")):
                yield SPEC.child("targetPorts", number, "number"), target


def _can_be_heard(target: int | str | None) -> TypeGuard[int | str]:
    """Whether it is a name or a number that ports have; what is none is refused already."""
    if not target:
        return False
    return not (port_name(target) if isinstance(target, str) else port_number(target))


def _listens(pod: dict[str, Any], target: int | str) -> bool:
    containers = [
        container
        for kind in ("containers", "initContainers")
        for _, container in items(pod.get(kind))
    ]
    ports = [port for container in containers for port in container.get("ports") or ()]
    if isinstance(target, str):
        return any(port.get("name") == target for port in ports)
    if not ports or any(port.get("containerPort") == target for port in ports):
        return True
    return any(str(target) in word for container in containers for word in _words(container))


def _words(container: dict[str, Any]) -> Iterator[str]:
    yield from container.get("command") or ()
    yield from container.get("args") or ()
    for variable in container.get("env") or ():
        yield variable.get("value") or ""
