"""`refusals`: what an API server would say of a plan, each at its places in the user's files.

Only what is cheap to know is looked at here, since every command that plans does; ``validate``
compares with the published schemas as well, or asks a server.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from msvc_pulumi.errors import Diagnostic, FieldPath
from msvc_pulumi.plan import Plan
from msvc_pulumi.rules.accelerators import accelerators_twice
from msvc_pulumi.rules.configmaps import config_map
from msvc_pulumi.rules.customresources import CUSTOM_RESOURCES, custom_resource
from msvc_pulumi.rules.finding import Finding
from msvc_pulumi.rules.listeners import unheard_ports
from msvc_pulumi.rules.pickerpools import lost_pools
from msvc_pulumi.rules.pickerreleases import picker_release_problems
from msvc_pulumi.rules.pickerroles import mixed_pools
from msvc_pulumi.rules.pickers import picker_problems
from msvc_pulumi.rules.places import placed
from msvc_pulumi.rules.rbac import role, role_binding, service_account
from msvc_pulumi.rules.scaling import unmeasured
from msvc_pulumi.rules.secrets import unused_secret
from msvc_pulumi.rules.servednames import unserved_models
from msvc_pulumi.rules.services import Version, service
from msvc_pulumi.rules.sidecars import endless_init_containers, sidecar_problems
from msvc_pulumi.rules.workloads import Pods, deployment, leader_worker_set, pods_of

__all__ = ["broken_rules", "parse_version", "plan_warnings", "refusals"]


def _autoscaler(manifest: dict[str, Any]) -> Iterator[Finding]:
    from msvc_pulumi.rules.autoscalers import horizontal_pod_autoscaler  # noqa: PLC0415  few have one

    yield from horizontal_pod_autoscaler(manifest)


Rule = Callable[[dict[str, Any]], Iterator[Finding]]
RULES: dict[str, Rule] = {
    "ConfigMap": config_map,
    "Deployment": deployment,
    "HorizontalPodAutoscaler": _autoscaler,
    "LeaderWorkerSet": leader_worker_set,
    "Role": role,
    "RoleBinding": role_binding,
    "ServiceAccount": service_account,
    **dict.fromkeys(CUSTOM_RESOURCES, custom_resource),
}
# Rules between fields or objects: nothing that an API server would see.
BETWEEN: tuple[Callable[[Plan, Sequence[Pods]], Iterator[Diagnostic]], ...] = (
    endless_init_containers,
    sidecar_problems,
    accelerators_twice,
    picker_problems,
    lost_pools,
    picker_release_problems,
    mixed_pools,
    unheard_ports,
    unmeasured,
    unserved_models,
    unused_secret,
)


def plan_warnings(plan: Plan, version: Version | None = None) -> Iterator[Diagnostic]:
    """All that is to be said of a plan: what its making found, and its `refusals`, each once."""
    yield from plan.diagnostics
    known = {(item.code, item.field) for item in plan.diagnostics}
    placed_wrongly = {_placement(item) for item in plan.diagnostics if item.refused} - {None}
    for item in refusals(plan, version):
        if (item.code, item.field) not in known and _placement(item) not in placed_wrongly:
            yield item


def _placement(item: Diagnostic) -> FieldPath | None:
    """The toleration or label of accelerators that a finding is about: looked at when planned."""
    section = item.field[2:3]
    if section == ("tolerations",):
        return FieldPath(item.field[:4])
    return FieldPath(item.field[:3]) if section == ("acceleratorTypes",) else None


def refusals(plan: Plan, version: Version | None = None) -> Iterator[Diagnostic]:
    """A warning for everything that an API server of ``version`` refuses, or nobody could mean.

    Those that are sure to be refused say so (`Diagnostic.refused`). None stands for a version that
    is not known: then what some release refuses is only a warning.
    """
    for planned in plan:
        for finding in broken_rules(planned.manifest, version):
            yield placed(planned, finding)
    pods = pods_of(plan)
    for between in BETWEEN:
        yield from between(plan, pods)


def broken_rules(manifest: dict[str, Any], version: Version | None = None) -> Iterator[Finding]:
    """What is wrong with one object by the rules of its kind; kinds without rules are all right."""
    if manifest["kind"] == "Service":
        yield from service(manifest, version)
    elif (rule := RULES.get(manifest["kind"])) is not None:
        yield from rule(manifest)


def parse_version(text: str) -> Version | None:
    """``1.33`` or ``v1.33.2`` as a version; None for what is none."""
    match = re.match(r"v?(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else None
