"""Names, labels, annotations and label selectors.

Rules: apimachinery ``pkg/api/validation/objectmeta.go`` and
``pkg/apis/meta/v1/validation/validation.go``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from msvc_pulumi.errors import FieldPath
from msvc_pulumi.rules.finding import Finding, forbidden, invalid, items, required, unsupported
from msvc_pulumi.rules.names import label_value, qualified_name

__all__ = ["labels", "name", "object_metadata", "selector", "selects"]

MAX_ANNOTATIONS = 256 * 1024  # bytes of all keys and values together
METADATA = FieldPath.of("metadata")
OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")


def object_metadata(metadata: dict[str, Any], at: FieldPath = METADATA) -> Iterator[Finding]:
    """Labels and annotations of an object or a template."""
    if stated := metadata.get("labels"):
        yield from labels(stated, at.child("labels"))
    if stated := metadata.get("annotations"):
        yield from _annotations(stated, at.child("annotations"))


def name(metadata: dict[str, Any], problem: Callable[[str], str]) -> Iterator[Finding]:
    """The object's name by the rule of its kind."""
    stated = metadata.get("name", "")
    at = METADATA.child("name")
    if not stated:
        if not metadata.get("generateName"):
            yield required(at, "name or generateName is required")
    elif found := problem(stated):
        yield invalid(at, stated, found)


def labels(stated: dict[str, Any], at: FieldPath) -> Iterator[Finding]:
    for key, value in stated.items():
        if problem := qualified_name(key):
            yield invalid(at.child(key), key, problem)
        if isinstance(value, str) and (problem := label_value(value)):
            yield invalid(at.child(key), value, problem)


def _annotations(stated: dict[str, Any], at: FieldPath) -> Iterator[Finding]:
    size = 0
    for key, value in stated.items():
        size += len(key.encode()) + len(str(value).encode())
        if problem := qualified_name(key.lower()):
            yield invalid(at.child(key), key, problem)
    if size > MAX_ANNOTATIONS:
        yield Finding(at, "too-long", f"Too long: may not be more than {MAX_ANNOTATIONS} bytes")


def selector(stated: dict[str, Any], at: FieldPath) -> Iterator[Finding]:
    """A label selector with ``matchLabels`` and ``matchExpressions``."""
    yield from labels(stated.get("matchLabels") or {}, at.child("matchLabels"))
    for number, expression in items(stated.get("matchExpressions")):
        here = at.child("matchExpressions", number)
        operator, values = expression.get("operator", ""), expression.get("values") or []
        if operator in ("In", "NotIn") and not values:
            yield required(
                here.child("values"), "must be specified when `operator` is 'In' or 'NotIn'"
            )
        elif operator in ("Exists", "DoesNotExist") and values:
            yield forbidden(
                here.child("values"),
                "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
            )
        elif operator not in OPERATORS:
            yield unsupported(here.child("operator"), operator, OPERATORS)
        if problem := qualified_name(expression.get("key", "")):
            yield invalid(here.child("key"), expression.get("key", ""), problem)
        for index, value in enumerate(values):
            if problem := label_value(value):
                yield invalid(here.child("values", index), value, problem)


def selects(stated: dict[str, Any], of: dict[str, Any]) -> FieldPath | None:
    """The part of the selector that the labels ``of`` a pod do not follow; None if they do."""
    for key, value in (stated.get("matchLabels") or {}).items():
        if of.get(key) != value:
            return FieldPath.of("matchLabels", key)
    for number, expression in items(stated.get("matchExpressions")):
        operator, values = expression.get("operator"), expression.get("values") or ()
        has = expression.get("key") in of
        value = of.get(expression.get("key", ""))
        follows = {
            "In": has and value in values,
            "NotIn": not has or value not in values,
            "Exists": has,
            "DoesNotExist": not has,
        }
        if not follows.get(operator or "", True):
            return FieldPath.of("matchExpressions", number)
    return None
