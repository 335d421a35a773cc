"""`refusals`: what an API server would say of a plan, each at its places in the user's files.

Only what is cheap to know is looked at here, since every command that plans does; ``validate``
compares with the published schemas as well, or asks a server.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from msvc_pulumi.children.child import Origin
from msvc_pulumi.errors import Diagnostic, FieldPath, Label, Severity, Span
from msvc_pulumi.plan import Plan, PlannedObject
from msvc_pulumi.rules.autoscalers import horizontal_pod_autoscaler
from msvc_pulumi.rules.configmaps import config_map
from msvc_pulumi.rules.finding import Finding
from msvc_pulumi.rules.rbac import role, role_binding, service_account
from msvc_pulumi.rules.services import Version, service
from msvc_pulumi.rules.workloads import deployment, leader_worker_set

__all__ = ["CHECKED_KINDS", "parse_version", "refusals"]

Rule = Callable[[dict[str, Any]], Iterator[Finding]]
RULES: dict[str, Rule] = {
    "ConfigMap": config_map,
    "Deployment": deployment,
    "HorizontalPodAutoscaler": horizontal_pod_autoscaler,
    "LeaderWorkerSet": leader_worker_set,
    "Role": role,
    "RoleBinding": role_binding,
    "ServiceAccount": service_account,
}
CHECKED_KINDS = (*RULES, "Service")
NAME = FieldPath.of("metadata", "name")
SIDES = {"base config": "the BaseConfig's", "model service": "the ModelService's"}
# Template variables that may render nothing, by what they come from.
EMPTY_VARIABLES = {
    "AuthSecretName": "modelArtifacts.authSecretName",
    "HFModelName": "a model of Hugging Face (modelArtifacts.uri: hf://…)",
    "ModelServiceNamespace": "metadata.namespace",
    "SanitizedModelName": "routing.modelName",
}
_VARIABLE = re.compile(r"\{\{.*?\.([A-Za-z]+)")


def refusals(plan: Plan, version: Version | None = None) -> Iterator[Diagnostic]:
    """A warning for everything that an API server of ``version`` refuses, or nobody could mean.

    Those that are sure to be refused say so (`Diagnostic.refused`). None stands for a version that
    is not known: then what some release refuses is only a warning.
    """
    rules = {**RULES, "Service": partial(service, version=version)}
    for planned in plan:
        rule = rules.get(planned.manifest["kind"])
        if rule is not None:
            for finding in rule(planned.manifest):
                yield placed(planned, finding)


def parse_version(text: str) -> Version | None:
    """``1.33`` or ``v1.33.2`` as a version; None for what is none."""
    match = re.match(r"v?(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else None


def placed(planned: PlannedObject, finding: Finding) -> Diagnostic:
    """The finding as a diagnostic that names the places of all fields it is about."""
    field, origin, span = _place(planned, finding.path)
    related = []
    for path, text in finding.others:
        _, other, place = _place(planned, path)
        if place is not None and place != span:
            related.append(Label(place, f"{text}, {SIDES[other.kind]}" if other.kind in SIDES else text))
    return Diagnostic(
        finding.code,
        finding.summary,
        Severity.WARNING,
        field,
        span,
        label=SIDES.get(origin.kind, "") if related else "",
        related=tuple(related),
        help=_why_empty(finding, span) or finding.help,
        refused=finding.refused,
    )


def _place(planned: PlannedObject, path: FieldPath) -> tuple[FieldPath, Origin, Span | None]:
    """The field to look at for ``path``, who set it, and where.

    What nobody stated is placed where its object comes from: names at the ModelService's.
    """
    child = planned.child
    origin = planned.origin(path)
    field, span = child.field(path), origin.span
    if span is None:
        document = child.overlay.document
        if child.base is not None and path != NAME:
            span = child.base.span(path)
        elif document is not None:
            field = NAME if path == NAME else field
            span = document.span(NAME)
    return field, origin, span


def _why_empty(finding: Finding, span: Span | None) -> str:
    """The remedy where a template renders no name."""
    nothing = finding.code in ("required", "empty-reference") or '""' in finding.summary[:18]
    match = _VARIABLE.search(span.text) if nothing and span else None
    source = EMPTY_VARIABLES.get(match[1]) if match else None
    if match is None or source is None:
        return ""
    return (
        f"{{{{ .{match[1]} }}}} is empty: the ModelService states no {source}; state it, or put "
        f"this into {{{{ if .{match[1]} }}}} … {{{{ end }}}}"
    )
