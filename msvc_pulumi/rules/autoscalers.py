"""HorizontalPodAutoscalers.

Rules: ``pkg/apis/autoscaling/validation/validation.go``. What is missing altogether is an error of
the planning already (``children.autoscalerchecks``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msvc_pulumi.children.autoscalerchecks import METRIC_SOURCES
from msvc_pulumi.errors import FieldPath
from msvc_pulumi.rules.finding import (
    Finding,
    advice,
    forbidden,
    invalid,
    items,
    required,
    unsupported,
)
from msvc_pulumi.rules.metadata import name, object_metadata
from msvc_pulumi.rules.names import dns_label, dns_subdomain, label_value
from msvc_pulumi.rules.resources import amount

__all__ = ["horizontal_pod_autoscaler"]

SPEC = FieldPath.of("spec")
METRICS = SPEC.child("metrics")
TARGETS = ("Utilization", "Value", "AverageValue")
UTILIZATION = ("averageUtilization", "averageValue")
# What one of each source's target needs.
NEEDED = {
    "resource": UTILIZATION,
    "containerResource": UTILIZATION,
    "pods": ("averageValue",),
    "object": ("value", "averageValue"),
    "external": ("value", "averageValue"),
}
SELECT = ("Disabled", "Max", "Min")
POLICIES = ("Percent", "Pods")


def horizontal_pod_autoscaler(manifest: dict[str, Any]) -> Iterator[Finding]:
    yield from name(manifest["metadata"], dns_subdomain)
    yield from object_metadata(manifest["metadata"])
    spec = manifest.get("spec") or {}
    minimum, maximum = spec.get("minReplicas"), spec.get("maxReplicas") or 0
    if minimum is not None and minimum < 1:
        yield invalid(
            SPEC.child("minReplicas"),
            minimum,
            "must be greater than or equal to 1",
            "scaling to none needs the feature HPAScaleToZero, which is off by default; keda can",
        )
    if maximum < 1:
        yield required(SPEC.child("maxReplicas"), "must be set and greater than 0")
    elif minimum is not None and maximum < minimum:
        other = (SPEC.child("minReplicas"), f"minReplicas is {minimum}")
        problem = "must be greater than or equal to `minReplicas`"
        yield invalid(SPEC.child("maxReplicas"), maximum, problem, "change one of them", other)
    for number, metric in items(spec.get("metrics")):
        yield from _metric(metric, METRICS.child(number))
    for way in ("scaleUp", "scaleDown"):
        if (rules := (spec.get("behavior") or {}).get(way)) is not None:
            yield from _rules(rules, SPEC.child("behavior", way))


def _metric(metric: dict[str, Any], at: FieldPath) -> Iterator[Finding]:
    kind = metric.get("type") or ""
    if kind not in METRIC_SOURCES:
        yield unsupported(at.child("type"), kind, sorted(METRIC_SOURCES))
        return
    expected = METRIC_SOURCES[kind]
    source, here = metric.get(expected), at.child(expected)
    for other in sorted(METRIC_SOURCES.values()):
        if other != expected and metric.get(other) is not None:
            place = (at.child("type"), f"the type is {kind}")
            problem = "must populate the given metric source only"
            yield forbidden(at.child(other), problem, "make two metrics of it", place)
    if source is None:
        yield required(here, "must populate information for the given metric source")
        return
    yield from _measured(source, here, expected)
    yield from _target(source.get("target") or {}, here.child("target"), expected)


def _measured(source: dict[str, Any], here: FieldPath, expected: str) -> Iterator[Finding]:
    """What the source measures."""
    if expected in ("resource", "containerResource"):
        if not source.get("name"):
            yield required(here.child("name"), "must specify a resource name")
        if expected == "containerResource":
            container = source.get("container") or ""
            if not container:
                yield required(here.child("container"), "must specify a container")
            elif problem := dns_label(container):
                yield invalid(here.child("container"), container, problem)
    else:
        metric = source.get("metric") or {}
        if not metric.get("name"):
            yield required(here.child("metric", "name"), "must specify a metric name")
        yield from _selected(metric.get("selector") or {}, here.child("metric", "selector"))
    if expected == "object":
        for field in ("kind", "name"):
            if not (source.get("describedObject") or {}).get(field):
                yield required(here.child("describedObject", field))


def _selected(selector: dict[str, Any], at: FieldPath) -> Iterator[Finding]:
    """Values that the controller cannot look for, though the API server lets them pass: it makes a
    label selector of what selects series (``pkg/controller/podautoscaler/replica_calculator.go``).
    """
    places = [
        (at.child("matchLabels", key), value)
        for key, value in (selector.get("matchLabels") or {}).items()
    ]
    for number, requirement in items(selector.get("matchExpressions")):
        here = at.child("matchExpressions", number, "values")
        places += [
            (here.child(n), value) for n, value in enumerate(requirement.get("values") or ())
        ]
    for place, value in places:
        if isinstance(value, str) and (problem := label_value(value)):
            yield advice(
                place,
                "unusable-selector",
                f'"{value}" can be the value of no label, and the autoscaler looks for labels: '
                f"{problem}",
                "let the metrics adapter rename the value, for one to {{ .SanitizedModelName }}; "
                "keda has queries of its own",
            )


def _target(target: dict[str, Any], at: FieldPath, source: str) -> Iterator[Finding]:
    kind = target.get("type") or ""
    if not kind:
        yield required(at.child("type"), "must specify a metric target type")
    elif kind not in TARGETS:
        problem = "must be either Utilization, Value, or AverageValue"
        yield invalid(at.child("type"), kind, problem)
    for field in ("value", "averageValue"):
        if target.get(field) is not None and amount(target[field]) <= 0:
            yield invalid(at.child(field), str(target[field]), "must be positive")
    utilization = target.get("averageUtilization")
    if utilization is not None and utilization < 1:
        yield invalid(at.child("averageUtilization"), utilization, "must be greater than 0")
    needed = NEEDED[source]
    stated = [field for field in needed if target.get(field) is not None]
    if not stated:
        yield required(at.child(needed[0]), f"must set {' or '.join(needed)}")
    elif len(stated) > 1 and source != "object":
        problem = f"may not set both {' and '.join(needed)}"
        yield forbidden(at.child(stated[1]), problem, "keep one", (at.child(stated[0]), "other"))


def _rules(rules: dict[str, Any], at: FieldPath) -> Iterator[Finding]:
    window = rules.get("stabilizationWindowSeconds")
    if window is not None and not 0 <= window <= 3600:
        place = at.child("stabilizationWindowSeconds")
        yield invalid(place, window, "must be between 0 and 3600")
    if (policy := rules.get("selectPolicy")) is not None and policy not in SELECT:
        yield unsupported(at.child("selectPolicy"), policy, SELECT)
    if "policies" in rules and not rules["policies"]:
        yield required(at.child("policies"), "must specify at least one Policy")
    for number, policy in items(rules.get("policies")):
        here = at.child("policies", number)
        if policy.get("type") not in POLICIES:
            yield unsupported(here.child("type"), policy.get("type") or "", POLICIES)
        if (policy.get("value") or 0) <= 0:
            yield invalid(
                here.child("value"), policy.get("value") or 0, "must be greater than zero"
            )
        period = policy.get("periodSeconds") or 0
        if not 0 < period <= 1800:
            problem = "must be greater than zero and at most 1800"
            yield invalid(here.child("periodSeconds"), period, problem)
