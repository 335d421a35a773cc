"""Ports of Services and pools that no container of the selected pods listens on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msvc_pulumi.errors import Diagnostic, FieldPath
from msvc_pulumi.plan import Plan, PlannedObject
from msvc_pulumi.rules.finding import advice, items
from msvc_pulumi.rules.places import placed
from msvc_pulumi.rules.workloads import templates

__all__ = ["unheard_ports"]

SPEC = FieldPath.of("spec")
Pods = tuple[PlannedObject, FieldPath, dict[str, Any]]
"""A workload, the place of its template's pod spec, and that."""


def unheard_ports(plan: Plan) -> Iterator[Diagnostic]:
    """A warning for every port behind which nobody listens.

    A container may listen on a port that it does not list. So numbers count as unheard only if the
    pods that are selected list ports, and none of the numbers is among them or in a command.
    """
    for planned in plan:
        targets = list(_targets(planned.manifest))
        if not targets:
            continue
        pods = list(_selected(plan, planned.manifest))
        unheard = [
            (path, target)
            for path, target in targets
            if pods and not any(_listens(spec, target) for _, _, spec in pods)
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
            workload, at, _ = pods[0]
            yield placed(planned, finding, [(workload, (at.child("containers"), "the containers"))])


def _targets(manifest: dict[str, Any]) -> Iterator[tuple[FieldPath, int | str]]:
    spec = manifest.get("spec") or {}
    if manifest["kind"] == "Service":
        for number, port in items(spec.get("ports")):
            field = "targetPort" if port.get("targetPort") else "port"
            if target := port.get(field):
                yield SPEC.child("ports", number, field), target
    elif manifest["kind"] == "InferencePool":
        if target := spec.get("targetPortNumber"):
            yield SPEC.child("targetPortNumber"), target
        for number, port in items(spec.get("targetPorts")):
            if target := port.get("number"):
                yield SPEC.child("targetPorts", number, "number"), target


def _selected(plan: Plan, manifest: dict[str, Any]) -> Iterator[Pods]:
    stated = (manifest.get("spec") or {}).get("selector") or {}
    wanted = stated.get("matchLabels", stated)
    for planned in plan:
        for at, template in templates(planned.manifest):
            labels = (template.get("metadata") or {}).get("labels") or {}
            if wanted and all(labels.get(key) == value for key, value in wanted.items()):
                yield planned, at.child("spec"), template.get("spec") or {}


def _listens(pod: dict[str, Any], target: int | str) -> bool:
    ports, words = [], []
    for kind in ("containers", "initContainers"):
        for _, container in items(pod.get(kind)):
            listed = container.get("ports") or []
            ports += listed
            words += [*(container.get("command") or ()), *(container.get("args") or ())]
            words += [variable.get("value") or "" for variable in container.get("env") or ()]
    if isinstance(target, str):
        return any(port.get("name") == target for port in ports)
    if not ports or any(port.get("containerPort") == target for port in ports):
        return True
    return any(str(target) in word for word in words)
