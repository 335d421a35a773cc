"""ModelServices that would take objects, requests or pods from each other, found by their plans."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

from msvc_pulumi.errors import MAX_PROBLEMS, Diagnostic, FieldPath, Label, Severity, Span
from msvc_pulumi.fleet.objectnames import ObjectName, is_stated, name_conflict, object_names
from msvc_pulumi.naming import model_label
from msvc_pulumi.plan import Plan, PlannedObject

__all__ = ["conflicts", "name_conflicts"]

NAME = FieldPath.of("metadata", "name")
MODEL_NAME = FieldPath.of("spec", "routing", "modelName")
SELECTING = ("prefill", "decode", "inferencePool")  # keys of what has or selects model pods


def name_conflicts(plans: Iterable[Plan]) -> Iterator[Diagnostic]:
    """An error at every ModelService for each one before it that has objects of the same names."""
    taken: dict[ObjectName, tuple[Plan, PlannedObject]] = {}
    for plan in plans:
        shared: dict[int, list[tuple[ObjectName, PlannedObject]]] = {}
        for name, planned in object_names(plan).items():
            first, _ = taken.setdefault(name, (plan, planned))
            if first is not plan:
                shared.setdefault(id(first), []).append((name, planned))
        for found in shared.values():
            name, planned = min(found, key=lambda item: is_stated(item[1]))
            first, its = taken[name]
            span, other = _named_at(planned), _named_at(its)
            yield replace(
                name_conflict(plan.name, first.name, found),
                span=span,
                related=(Label(other, f'of "{first.name}"'),) if other and other != span else (),
            )


def _named_at(planned: PlannedObject) -> Span | None:
    """Where the object's name is stated, or that of the ModelService which it is made of."""
    origin = planned.origin(NAME)
    document = planned.child.overlay.document
    if origin.kind == "generated" and document is not None:
        return document.span(NAME)
    return origin.span


def conflicts(plans: Iterable[Plan]) -> Iterator[Diagnostic]:
    """A warning at every ModelService that collides with one before it.

    Two routes on one gateway that match the same requests: the gateway sends them to the older
    route, and to the one applied first where both are new. Two model names with one label in one
    namespace: pools, Services and workloads select each other's pods.

    A place takes a second look at its file, so those behind the first `MAX_PROBLEMS`, which nobody
    keeps, are only counted.
    """
    found = _collisions(plans)
    for make, plan, first in islice(found, MAX_PROBLEMS):
        yield make(plan, first)
    if count := sum(1 for _ in found):
        yield Diagnostic.not_shown(0, count)


def _collisions(
    plans: Iterable[Plan],
) -> Iterator[tuple[Callable[[Plan, Plan], Diagnostic], Plan, Plan]]:
    """What makes the warning, and the two plans that it is about."""
    routes: dict[str, Plan] = {}
    labels: dict[tuple[str, str], Plan] = {}
    for plan in plans:
        for key in _routes(plan):
            first = routes.setdefault(key, plan)
            if first is not plan:
                yield _same_requests, plan, first
                break
        if not any(planned.key.startswith(SELECTING) for planned in plan):
            continue
        first = labels.setdefault((plan.namespace, model_label(plan.model_name)), plan)
        if first is not plan:
            yield _same_pods, plan, first


def _routes(plan: Plan) -> Iterator[str]:
    """What the plan's route takes from each of its gateways, as text that can be compared."""
    for planned in plan:
        if planned.key != "httpRoute":
            continue
        spec = planned.manifest["spec"]
        matches = [rule.get("matches") for rule in spec.get("rules") or ()]
        for parent in spec.get("parentRefs") or ():
            whole = {
                "group": "gateway.networking.k8s.io",
                "kind": "Gateway",
                "namespace": plan.namespace,
                **parent,
                "hostnames": sorted(spec.get("hostnames") or ()),
                "matches": matches,
            }
            yield json.dumps(whole, sort_keys=True)


def _same_requests(plan: Plan, first: Plan) -> Diagnostic:
    named = f'"{plan.model_name}"'
    what = f'the same requests, for models {named} and "{first.model_name}"'
    if plan.model_name == first.model_name:
        what = f"the requests for model {named}"
    return Diagnostic(
        "model-name-conflict",
        f'ModelServices "{first.name}" and "{plan.name}" take {what} from one gateway: the older '
        f'route wins, "{first.name}" if both are new',
        Severity.WARNING,
        MODEL_NAME,
        _span(plan),
        related=_related(first),
        help="use another gateway or hostname, or match a header with the model's name in the "
        "HTTPRoute",
    )


def _same_pods(plan: Plan, first: Plan) -> Diagnostic:
    label = model_label(plan.model_name)
    return Diagnostic(
        "selector-conflict",
        f'ModelServices "{first.name}" and "{plan.name}" give their pods the same labels '
        f"(llm-d.ai/model: {label}): the selectors of each find the pods of both",
        Severity.WARNING,
        MODEL_NAME,
        _span(plan),
        related=_related(first),
        help="put them into different namespaces, or serve the models under different names",
    )


def _related(first: Plan) -> tuple[Label, ...]:
    span = _span(first)
    return (Label(span, "stated first here"),) if span else ()


def _span(plan: Plan) -> Span | None:
    """Where the ModelService states its model's name."""
    planned: PlannedObject | None = next(iter(plan), None)
    document: Any = planned.child.overlay.document if planned else None
    return document.span(MODEL_NAME) if document is not None else None
