"""What the API server would reject of a role's placement, at its place in the user's file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msvc_pulumi.api.v1alpha1 import PDSpec
from msvc_pulumi.children.context import BuildContext
from msvc_pulumi.errors import FieldPath
from msvc_pulumi.pattern import pattern

__all__ = ["check_placement"]

# apimachinery's validation of qualified names and label values.
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?"
_SUBDOMAIN = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*"
_KEY = pattern(rf"(?:(?=[^/]{{1,253}}/){_SUBDOMAIN}/)?{_NAME}")
_VALUE = pattern(rf"(?:{_NAME})?")
OPERATORS = ("Exists", "Equal", "Lt", "Gt")


def check_placement(section: PDSpec, at: FieldPath, context: BuildContext) -> None:
    """Warn of labels and tolerations of the role's ``section``, at ``at``, that are none."""
    for path, problem in (*_labels(section), *_tolerations(section)):
        field = at.child(*path)
        context.diagnostics.warning(
            "invalid-value",
            f"Invalid value: {problem}",
            field=field,
            span=context.document.span(field),
            notes=("the API server rejects this",),
            refused=True,
        )


def _labels(section: PDSpec) -> Iterator[tuple[FieldPath, str]]:
    types = section.accelerator_types
    if types is None:
        return
    path = FieldPath.of("acceleratorTypes")
    if not _KEY.fullmatch(types.label_key):
        yield path.child("labelKey"), f'"{types.label_key}": is no name of a label'
    for number, value in enumerate(types.label_values):
        if not _VALUE.fullmatch(value):
            yield path.child("labelValues", number), f'"{value}": is no value that a label can have'


def _tolerations(section: PDSpec) -> Iterator[tuple[FieldPath, str]]:
    for number, toleration in enumerate(section.tolerations):
        problem = _toleration(toleration)
        if problem:
            yield FieldPath.of("tolerations", number, problem[0]), problem[1]


def _toleration(toleration: dict[str, Any]) -> tuple[str, str] | None:
    """The field that is wrong, and what is."""
    operator = toleration.get("operator") or "Equal"
    if operator not in OPERATORS:
        known = ", ".join(f'"{name}"' for name in OPERATORS)
        return "operator", f'"{operator}": supported values: {known}'
    if operator == "Exists" and toleration.get("value"):
        return "value", f'"{toleration["value"]}": operator Exists takes no value'
    if operator != "Exists" and not toleration.get("key"):
        return "key", '"": only operator Exists tolerates every taint'
    if toleration.get("tolerationSeconds") is not None and toleration.get("effect") != "NoExecute":
        return "tolerationSeconds", "is for effect NoExecute only"
    return None
