"""Deployments and LeaderWorkerSets.

Rules: ``pkg/apis/apps/validation/validation.go`` (``ValidateDeploymentSpec``), and the webhook of
LeaderWorkerSet. Its API server takes any pod template: what it refuses is the StatefulSet that is
made of it, so what is wrong there is a warning.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from msvc_pulumi.errors import FieldPath
from msvc_pulumi.pattern import pattern
from msvc_pulumi.plan import Plan, PlannedObject
from msvc_pulumi.rules.finding import Finding, forbidden, invalid, required, unsupported
from msvc_pulumi.rules.metadata import name, object_metadata, selector, selects
from msvc_pulumi.rules.names import dns_subdomain, service_name
from msvc_pulumi.rules.podtemplates import pod_template

__all__ = [
    "TEMPLATES",
    "Pods",
    "deployment",
    "leader_worker_set",
    "pods_of",
    "selected_pods",
    "templates",
]

SPEC = FieldPath.of("spec")
GROUP = SPEC.child("leaderWorkerTemplate")
TEMPLATES = (SPEC.child("template"), GROUP.child("leaderTemplate"), GROUP.child("workerTemplate"))
"""Where the kinds that run pods have their templates."""
PROGRESS_DEADLINE = 600  # seconds, where none is stated
WORKLOADS = ("Deployment", "LeaderWorkerSet")
STRATEGIES = ("Recreate", "RollingUpdate")
_PERCENT = pattern(r"[0-9]+%")


def templates(manifest: dict[str, Any]) -> Iterator[tuple[FieldPath, dict[str, Any]]]:
    """The pod templates of a workload with their places."""
    spec = manifest.get("spec") or {}
    group = spec.get("leaderWorkerTemplate") or {}
    stated = (spec.get("template"), group.get("leaderTemplate"), group.get("workerTemplate"))
    for at, template in zip(TEMPLATES, stated, strict=True):
        if template:
            yield at, template


class Pods(NamedTuple):
    """The pods that a workload of the plan makes: their spec with its place, and their labels."""

    workload: PlannedObject
    at: FieldPath
    spec: dict[str, Any]
    labels: dict[str, str]


def pods_of(plan: Plan) -> list[Pods]:
    """All kinds of pods that come of the plan."""
    return [
        Pods(
            planned,
            at.child("spec"),
            template.get("spec") or {},
            (template.get("metadata") or {}).get("labels") or {},
        )
        for planned in plan
        if planned.manifest["kind"] in WORKLOADS
        for at, template in templates(planned.manifest)
    ]


def selected_pods(pods: Sequence[Pods], manifest: dict[str, Any]) -> list[Pods]:
    """Those that a Service or an InferencePool selects."""
    stated = (manifest.get("spec") or {}).get("selector") or {}
    wanted = (stated.get("matchLabels") or stated).items()
    return [pod for pod in pods if wanted and wanted <= pod.labels.items()]


def deployment(manifest: dict[str, Any]) -> Iterator[Finding]:
    yield from name(manifest["metadata"], dns_subdomain)
    yield from object_metadata(manifest["metadata"])
    spec = manifest.get("spec") or {}
    for field in ("replicas", "minReadySeconds", "revisionHistoryLimit"):
        if spec.get(field, 0) < 0:
            yield invalid(SPEC.child(field), spec[field], "must be greater than or equal to 0")
    template = spec.get("template") or {}
    yield from _selection(spec.get("selector") or {}, template)
    yield from pod_template(template, SPEC.child("template"))
    yield from _strategy(spec.get("strategy") or {}, SPEC.child("strategy"))
    ready = spec.get("minReadySeconds") or 0
    deadline = spec.get("progressDeadlineSeconds", PROGRESS_DEADLINE)
    if deadline <= ready:
        place = SPEC.child("progressDeadlineSeconds")
        other = (SPEC.child("minReadySeconds"), f"minReadySeconds is {ready}")
        problem = "must be greater than minReadySeconds"
        yield invalid(place, deadline, problem, "state a longer deadline", other)


def leader_worker_set(manifest: dict[str, Any]) -> Iterator[Finding]:
    for finding in name(manifest["metadata"], service_name):
        yield finding._replace(help="let the ModelService's name begin with a letter")
    yield from object_metadata(manifest["metadata"])
    for at, template in templates(manifest):
        for finding in pod_template(template, at):
            yield finding._replace(refused=False)


def _selection(stated: dict[str, Any], template: dict[str, Any]) -> Iterator[Finding]:
    """The Deployment finds its own pods."""
    at = SPEC.child("selector")
    if not stated.get("matchLabels") and not stated.get("matchExpressions"):
        yield required(at, "an empty selector selects nothing")
    yield from selector(stated, at)
    labels = (template.get("metadata") or {}).get("labels") or {}
    if (part := selects(stated, labels)) is not None:
        key = part[-1]
        place = SPEC.child("template", "metadata", "labels")
        value = labels.get(str(key), "none of that name") if isinstance(key, str) else labels
        yield invalid(
            at.child(*part),
            part.find(stated),
            "`selector` does not match template `labels`",
            "remove the selector: the labels of the role are selected by themselves",
            (place.child(key) if key in labels else place, f"the pods' label is {value}"),
        )


def _strategy(stated: dict[str, Any], at: FieldPath) -> Iterator[Finding]:
    kind, rolling = stated.get("type") or "RollingUpdate", stated.get("rollingUpdate")
    if kind not in STRATEGIES:
        yield unsupported(at.child("type"), kind, STRATEGIES)
    elif kind == "Recreate" and rolling is not None:
        problem = "may not be specified when strategy `type` is 'Recreate'"
        yield forbidden(
            at.child("rollingUpdate"), problem, "remove it", (at.child("type"), "the strategy")
        )
    elif rolling:
        surge, missing = rolling.get("maxSurge", "25%"), rolling.get("maxUnavailable", "25%")
        here = at.child("rollingUpdate")
        for field, value in (("maxSurge", surge), ("maxUnavailable", missing)):
            if isinstance(value, str) and not _PERCENT.fullmatch(value):
                problem = (
                    "a valid percent string must be a numeric string followed by an ending '%'"
                )
                yield invalid(here.child(field), value, problem)
            elif isinstance(value, int) and value < 0:
                yield invalid(here.child(field), value, "must be greater than or equal to 0")
        if surge in (0, "0%") and missing in (0, "0%"):
            problem = "may not be 0 when `maxSurge` is 0"
            other = (here.child("maxSurge"), "maxSurge")
            yield invalid(
                here.child("maxUnavailable"), missing, problem, "allow one of them", other
            )
        if isinstance(missing, str) and _PERCENT.fullmatch(missing) and int(missing[:-1]) > 100:
            yield invalid(here.child("maxUnavailable"), missing, "must not be greater than 100%")
