"""Which nodes and neighbours a pod asks for.

Rules: ``pkg/apis/core/validation/validation.go`` (``validateAffinity``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msvc_pulumi.errors import FieldPath
from msvc_pulumi.rules.finding import Finding, forbidden, invalid, items, required
from msvc_pulumi.rules.metadata import selector
from msvc_pulumi.rules.names import label_value, qualified_name

__all__ = ["affinity"]

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def affinity(stated: dict[str, Any], at: FieldPath) -> Iterator[Finding]:
    if nodes := stated.get("nodeAffinity"):
        yield from _nodes(nodes, at.child("nodeAffinity"))
    for kind in ("podAffinity", "podAntiAffinity"):
        neighbours = stated.get(kind) or {}
        for number, term in items(neighbours.get(REQUIRED)):
            yield from _neighbour(term, at.child(kind, REQUIRED, number))
        for number, term in items(neighbours.get(PREFERRED)):
            here = at.child(kind, PREFERRED, number)
            yield from _weight(term, here)
            yield from _neighbour(term.get("podAffinityTerm") or {}, here.child("podAffinityTerm"))


def _nodes(stated: dict[str, Any], at: FieldPath) -> Iterator[Finding]:
    if (wanted := stated.get(REQUIRED)) is not None:
        here = at.child(REQUIRED, "nodeSelectorTerms")
        if not wanted.get("nodeSelectorTerms"):
            yield required(here, "must have at least one node selector term")
        for number, term in items(wanted.get("nodeSelectorTerms")):
            yield from _term(term, here.child(number))
    for number, term in items(stated.get(PREFERRED)):
        here = at.child(PREFERRED, number)
        yield from _weight(term, here)
        yield from _term(term.get("preference") or {}, here.child("preference"))


def _term(term: dict[str, Any], at: FieldPath) -> Iterator[Finding]:
    for number, requirement in items(term.get("matchExpressions")):
        here = at.child("matchExpressions", number)
        operator, values = requirement.get("operator", ""), requirement.get("values") or []
        if operator in ("In", "NotIn"):
            if not values:
                problem = "must be specified when `operator` is 'In' or 'NotIn'"
                yield required(here.child("values"), problem)
        elif operator in ("Exists", "DoesNotExist"):
            if values:
                problem = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
                yield forbidden(here.child("values"), problem)
        elif operator in ("Gt", "Lt"):
            if len(values) != 1:
                problem = "must be specified single value when `operator` is 'Lt' or 'Gt'"
                yield required(here.child("values"), problem)
        else:
            yield invalid(here.child("operator"), operator, "not a valid selector operator")
        key = requirement.get("key", "")
        if problem := qualified_name(key):
            yield invalid(here.child("key"), key, problem)
        for index, value in enumerate(values):
            if problem := label_value(value):
                yield invalid(here.child("values", index), value, problem)


def _weight(term: dict[str, Any], at: FieldPath) -> Iterator[Finding]:
    weight = term.get("weight") or 0
    if not 1 <= weight <= 100:
        yield invalid(at.child("weight"), weight, "must be in the range 1-100")


def _neighbour(term: dict[str, Any], at: FieldPath) -> Iterator[Finding]:
    key = term.get("topologyKey") or ""
    if not key:
        yield required(at.child("topologyKey"), "can not be empty")
    elif problem := qualified_name(key):
        yield invalid(at.child("topologyKey"), key, problem)
    if stated := term.get("labelSelector"):
        yield from selector(stated, at.child("labelSelector"))
