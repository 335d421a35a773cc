"""Where a finding is in the user's files: the fields it is about, who set them, and a remedy."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msvc_pulumi.children.child import Child, Origin
from msvc_pulumi.errors import Diagnostic, FieldPath, Label, Severity, Span
from msvc_pulumi.interpolation.interpolate import UNKNOWN_PORT
from msvc_pulumi.pattern import pattern
from msvc_pulumi.plan import PlannedObject
from msvc_pulumi.rules.finding import Finding, Place

__all__ = ["placed"]

NAME = FieldPath.of("metadata", "name")
SIDES = {"base config": "the BaseConfig's", "model service": "the ModelService's"}
# Template variables that may render nothing, and the field of the ModelService that they come from.
EMPTY_VARIABLES = {
    "AuthSecretName": FieldPath.of("spec", "modelArtifacts", "authSecretName"),
    "HFModelName": FieldPath.of("spec", "modelArtifacts", "uri"),
    "ModelServiceNamespace": FieldPath.of("metadata", "namespace"),
    "SanitizedModelName": FieldPath.of("spec", "routing", "modelName"),
}
STATED_NOTHING = {
    "AuthSecretName": "states no modelArtifacts.authSecretName; state it",
    "HFModelName": "has no model of Hugging Face; use modelArtifacts.uri: hf://…",
    "ModelServiceNamespace": "states no metadata.namespace; state it, or give --namespace",
    "SanitizedModelName": "states no routing.modelName; state it",
}
_EXPRESSION = pattern(r"\{\{(.*?)\}\}")
_WORD = pattern(r"\.?[A-Za-z]+")


def placed(
    planned: PlannedObject, finding: Finding, elsewhere: Iterable[tuple[PlannedObject, Place]] = ()
) -> Diagnostic:
    """The finding as a diagnostic that names the places of all fields it is about.

    ``elsewhere`` are fields of other objects that contribute to it.
    """
    keyed = finding.code == "duplicate-value"
    field, origin, span = _place(planned.child, finding.path, keyed=keyed)
    related: list[Label] = []
    for holder, (path, text) in (*((planned, other) for other in finding.others), *elsewhere):
        _, other, place = _place(holder.child, path, keyed=keyed)
        if place is not None and place != span:
            whose = f", {SIDES[other.kind]}" if other.kind in SIDES else ""
            related.append(Label(place, text + whose))
    return Diagnostic(
        finding.code,
        finding.summary,
        Severity.WARNING,
        field,
        span,
        label=SIDES.get(origin.kind, "") if related else "",
        related=tuple(related),
        help=_why_unset(planned, finding, span) or finding.help,
        refused=finding.refused,
    )


def _place(
    child: Child, path: FieldPath, *, keyed: bool = False
) -> tuple[FieldPath, Origin, Span | None]:
    """The field to look at for ``path``, who set it, and where.

    What nobody stated is placed where its object comes from: names at the ModelService's. Of a key
    by which items were merged (``keyed``) both sides state the same, and the base had it first.
    """
    if keyed and (merged := child.merged_from_base(path)) is not None:
        return merged
    origin = child.origin(path)
    field, span = child.field(path), origin.span
    if span is None:
        document = child.overlay.document
        if child.base is not None and path != NAME:
            span = child.base.span(path)
        elif document is not None:
            field = NAME if path == NAME else field
            span = document.span(NAME)
    return field, origin, span


def _why_unset(planned: PlannedObject, finding: Finding, span: Span | None) -> str:
    """The remedy where a template finds nothing to render into the field itself."""
    if span is None or "{{" not in span.text:
        return ""
    value = re.search(rf"\b{re.escape(str(finding.path[-1]))}['\"]?\s*:(.*)", span.text)
    for word in _WORD.findall("".join(_EXPRESSION.findall(value[1]))) if value else ():
        if word == "getPort" and finding.path.find(planned.manifest) == UNKNOWN_PORT:
            return "getPort knows no port of that name: state it in spec.routing.ports"
        name = word.removeprefix(".")
        if name in EMPTY_VARIABLES and _is_empty(planned, name):
            guard = f"{{{{ if {word} }}}} … {{{{ end }}}}"
            if name == word:
                guard = f"{{% if {word} %}} … {{% endif %}}"
            return (
                f"{name} is empty: the ModelService {STATED_NOTHING[name]}, or leave this out "
                f"unless it is there: {guard}"
            )
    return ""


def _is_empty(planned: PlannedObject, name: str) -> bool:
    document = planned.child.overlay.document
    stated = document.get(EMPTY_VARIABLES[name]) if document is not None else None
    if name == "HFModelName":
        return not str(stated or "").startswith(("hf://", "pvc+hf://"))
    if name == "ModelServiceNamespace":
        return not planned.manifest["metadata"].get("namespace")
    return not stated
