"""The children that a cluster can take, and why it cannot take the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from msvc_pulumi.children.child import Child
from msvc_pulumi.errors import Diagnostics, FieldPath, Span
from msvc_pulumi.target.capabilities import OPTIONAL, Capabilities

__all__ = ["SkippedObject", "served"]

SPEC = FieldPath.of("spec")


class SkippedObject(NamedTuple):
    """An object that is left out, and why: a clause for people."""

    key: str
    api_version: str
    kind: str
    name: str
    reason: str


def served(
    children: Sequence[Child], capabilities: Capabilities | None, diagnostics: Diagnostics
) -> tuple[list[Child], tuple[SkippedObject, ...]]:
    """The children whose kinds the cluster serves, and the others, each with a warning.

    An autoscaler is left out with its target.
    """
    if capabilities is None:
        return list(children), ()
    kept: list[Child] = []
    skipped: dict[tuple[str, str], SkippedObject] = {}
    for child in children:
        name, kind = child.manifest["metadata"].get("name", ""), child.kind
        target = child.get(SPEC.child("scaleTargetRef")) or {}
        if kind in OPTIONAL and not capabilities.serves(kind):
            reason = f"the cluster serves no {kind.kind} of {kind.api_version}"
            advice = f"install {OPTIONAL[kind]}"
        elif (target.get("kind", ""), target.get("name", "")) in skipped:
            reason, advice = f"its target, a {target['kind']}, is left out", ""
        else:
            kept.append(child)
            continue
        skipped[kind.kind, name] = SkippedObject(
            child.key, kind.api_version, kind.kind, name, reason
        )
        field, span = _reason_to_be(child)
        diagnostics.warning(
            "kind-not-served",
            f'{kind.kind} "{name}" is left out: {reason}',
            field=field,
            span=span,
            help=advice,
        )
    return kept, tuple(skipped.values())


def _reason_to_be(child: Child) -> tuple[FieldPath, Span | None]:
    """The field that asks for the child, and where it is: of the BaseConfig if it has a section."""
    if child.base is not None and (span := child.base.span(SPEC)) is not None:
        return child.base.field(SPEC), span
    document = child.overlay.document
    for field in child.overlay.stated.values():
        if field is not None and document is not None:
            return field.parent, document.span(field.parent)
    for origin in child.overrides.values():
        if origin.field is not None:  # made from a section that is not there any more
            return origin.field, origin.span
    return FieldPath.of(child.key), document.span(SPEC) if document else None
