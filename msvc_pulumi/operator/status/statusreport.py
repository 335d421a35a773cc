"""The status of a ModelService, made from its plan, what became of it, and its live workloads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from msvc_pulumi.errors import Diagnostic
from msvc_pulumi.operator.status.conditions import (
    MAX_MESSAGE,
    Condition,
    dated,
    roll_up,
    workloads_of,
)
from msvc_pulumi.plan import Plan
from msvc_pulumi.report import counts, headline, render

__all__ = ["ABANDON", "Assessment", "Unresolved", "reason_of", "status_of"]

Status = dict[str, Any]
MAX_WARNINGS = 20
ABANDON = "llm-d.ai/abandon"
WAY_OUT = (
    "The deletion is tried again. To leave the objects to Kubernetes, which removes them through "
    f"their owner references, annotate the ModelService with {ABANDON}=true."
)
OWN = ("Ready", "BaseConfigResolved", "Applied")

# Status field → key of the child whose name it holds. The original has the endpoint picker's
# ServiceAccount under prefill and none under decode (quirk Q37).
REFERENCES = {
    "httpRouteRef": ("httpRoute",),
    "inferenceModelRef": ("inferenceModel", "inferenceObjective"),
    "inferencePoolRef": ("inferencePool",),
    "eppRoleBinding": ("eppRoleBinding",),
    "prefillDeploymentRef": ("prefillDeployment", "prefillLeaderWorkerSet"),
    "decodeDeploymentRef": ("decodeDeployment", "decodeLeaderWorkerSet"),
    "eppDeploymentRef": ("eppDeployment",),
}


class Unresolved(NamedTuple):
    """Why a ModelService has not the BaseConfig it names: a condition's reason, and in words."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """What is known after a look at one ModelService.

    ``applied`` says whether the cluster has what ``plan`` says; None while that is being done.
    ``base_config`` is why there is no BaseConfig though one is named.
    """

    generation: int
    plan: Plan | None
    applied: bool | None
    problems: tuple[Diagnostic, ...] = ()
    base_config: Unresolved | None = None
    deleting: bool = False


def status_of(
    assessment: Assessment,
    live: Mapping[tuple[str, str], Mapping[str, Any]],
    before: Mapping[str, Any],
    pending: Mapping[str, tuple[str, ...]] | None = None,
) -> Status:
    """The whole status; fields that say nothing any more are None, which removes them.

    ``pending`` is what the scheduler says of pods that no node takes, by their workload's name.
    """
    old = before.get("conditions") or ()
    conditions = [_resolved(assessment), _applied(assessment)]
    status: Status = {}
    copies: list[dict[str, Any]] = []
    plan = assessment.plan
    if plan is None:  # what was applied before is still there
        copies = [item for item in old if item["type"] not in OWN]
    else:
        status = dict.fromkeys(before) | _references(plan)
        for workload in workloads_of(plan, live, pending or {}):
            field = workload.role.status
            status[f"{field}Ready"] = f"{workload.ready}/{workload.wanted}"
            status[f"{field}Available"] = workload.available
            conditions.append(workload.condition())
            copies += workload.copies()
        # The hash of what the cluster has, which is the one before until the plan is applied.
        status["planHash"] = plan.hash if assessment.applied else before.get("planHash")
        if plan.diagnostics:
            status["warnings"] = _warnings(plan.diagnostics)
    conditions.insert(0, roll_up(conditions))
    status["observedGeneration"] = assessment.generation
    status["conditions"] = [*dated(conditions, old, assessment.generation), *copies]
    return status


def _warnings(diagnostics: Sequence[Diagnostic]) -> list[str]:
    """The first of them, and a line that counts the rest."""
    shown = [headline(item) for item in diagnostics[:MAX_WARNINGS] if not any(item.rest)]
    rest = sum(counts(diagnostics)) - len(shown)
    return [*shown, headline(Diagnostic.not_shown(0, rest))] if rest else shown


def reason_of(problems: Sequence[Diagnostic]) -> str:
    """The code of the first error as a condition's reason: ``template-exec`` → TemplateExec."""
    first = next((item for item in problems if item.is_error), None)
    if first is None:
        return "Failed"
    return "".join(word.capitalize() for word in first.code.split("-"))


def _resolved(assessment: Assessment) -> Condition:
    if assessment.base_config:
        return Condition("BaseConfigResolved", "False", *assessment.base_config)
    return Condition("BaseConfigResolved", "True", "Resolved", "the BaseConfig was read")


def _applied(assessment: Assessment) -> Condition:
    if assessment.problems:
        reason = reason_of(assessment.problems)
        longest = MAX_MESSAGE - len(WAY_OUT) - 2
        text = render(assessment.problems, longest=longest).rstrip()
        if assessment.deleting:
            text = f"{text}\n\n{WAY_OUT}"
            return Condition("Applied", "False", "DeletionFailed", text)
        return Condition("Applied", "False", reason, text)
    if assessment.deleting:
        return Condition("Applied", "False", "Deleting", "its objects are being deleted")
    if assessment.base_config:
        return Condition("Applied", "False", *assessment.base_config)
    if assessment.applied:
        return Condition("Applied", "True", "Applied", "the cluster has what the plan says")
    return Condition("Applied", "False", "Applying", "the changes are being applied")


def _references(plan: Plan) -> Status:
    names = {planned.key: planned.manifest["metadata"]["name"] for planned in plan}
    status: Status = {}
    for field, keys in REFERENCES.items():
        found = [names[key] for key in keys if key in names]
        if found:
            status[field] = found[0]
    for role in ("prefill", "decode"):
        if f"{role}DeploymentRef" in status and "pdServiceAccount" in names:
            status[f"{role}ServiceAccountRef"] = names["pdServiceAccount"]
    configs = [name for key, name in names.items() if key.startswith("configMaps")]
    if configs:
        status["configMapNames"] = configs
    return status
