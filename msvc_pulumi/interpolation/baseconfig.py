"""The BaseConfig: a ConfigMap whose data values are templates of child resources.

Keys, order and leniency are the original's (``internal/controller/baseconfig.go``): absent, blank
and null sections do not exist, ``{}`` does. Unknown keys are rendered and ignored, with a warning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

from msvc_pulumi import schema
from msvc_pulumi.document.scalars import scalar_text
from msvc_pulumi.document.simplevalues import COMPLEX, simple_value
from msvc_pulumi.document.source import Document, Source, parse
from msvc_pulumi.errors import (
    Diagnostic,
    Diagnostics,
    FieldPath,
    InterpolationError,
    Severity,
    Span,
)
from msvc_pulumi.interpolation.interpolate import Interpolation
from msvc_pulumi.interpolation.sectionshape import Shape, Skeleton
from msvc_pulumi.interpolation.sectiontypes import SECTIONS, section_type
from msvc_pulumi.interpolation.structure import SectionText
from msvc_pulumi.nearest import nearest

__all__ = ["BaseConfig", "Section", "load_base_config"]

# Characters; Kubernetes takes no ConfigMap of more than 1 MiB.
MAX_OUTPUT = 1 << 20


@dataclass(frozen=True, slots=True)
class Section:
    """One rendered and decoded data value; ``document`` knows where its fields are in the file.

    ``type_name`` is the type it was decoded as, by its name in the schema's table.
    """

    key: str
    value: Any
    document: Document
    type_name: str = ""

    def span(self, path: FieldPath) -> Span:
        return self.document.span(path)

    def field(self, path: FieldPath) -> FieldPath:
        return FieldPath(("data", self.key, *path))


@dataclass(frozen=True, slots=True)
class BaseConfig:
    """The sections that exist, by key.

    ``stated_roles_only`` is the annotation ``llm-d.ai/roles: stated``: prefill and decode exist
    only where the ModelService has them, whatever sections there are (quirk Q02).
    """

    sections: Mapping[str, Section]
    stated_roles_only: bool = False

    def __contains__(self, key: str) -> bool:
        return key in self.sections

    def get(self, key: str) -> Section | None:
        return self.sections.get(key)


class _Decoded(NamedTuple):
    section: Section | None
    problems: tuple[Diagnostic, ...]


def load_base_config(
    document: Document | None, interpolation: Interpolation, diagnostics: Diagnostics
) -> BaseConfig:
    """The BaseConfig in ``document`` with every section rendered for one ModelService.

    All problems of all sections are reported; a section with an error is left out.

    Raises:
        InterpolationError: a section exceeds its bounds, or all together do.
    """
    if document is None or document.value is None:
        return BaseConfig({})
    _check(document, diagnostics)
    dialect = interpolation.dialect(document)
    texts = dict(_texts(document, diagnostics))
    rendered = {}
    size = 0
    for key, text in texts.items():
        output = rendered[key] = interpolation.section(document, key, text, dialect)
        size += len(output.text) if output else 0
        if size > MAX_OUTPUT:
            field = FieldPath.of("data", key)
            message = f"the sections have more than {MAX_OUTPUT} characters together when rendered"
            diagnostics.error("template-limit", message, field=field, span=document.span(field))
            raise InterpolationError(diagnostics)
    sections = {}
    for key in SECTIONS:
        output = rendered.get(key)
        if output is not None and output.text.strip():
            field = FieldPath.of("data", key)
            section = SectionText(document, field, texts[key], output, dialect, interpolation)
            decoded = _decode(key, section)
            diagnostics.extend(decoded.problems)
            if decoded.section is not None:
                sections[key] = decoded.section
    return BaseConfig(sections, interpolation.has_stated_roles_only(document))


def _check(document: Document, diagnostics: Diagnostics) -> None:
    """Report what cannot be a ConfigMap beside its ``data``; unknown fields are no matter."""
    if isinstance(document.value, dict):
        rest = {key: value for key, value in document.value.items() if key != "data"}
        found = Diagnostics()
        schema.decode("core/v1.ConfigMap", rest, at=FieldPath(), diagnostics=found)
        found.located(document.span)
        diagnostics.extend(found.errors)


def _texts(document: Document, diagnostics: Diagnostics) -> Iterator[tuple[str, str]]:
    """The data values of the ConfigMap; reports what is not text."""
    value = document.value
    data = value.get("data") if isinstance(value, dict) else value
    field = FieldPath.of("data")
    if not isinstance(value, dict) or not isinstance(data, dict | None):
        found = data if isinstance(value, dict) else value
        diagnostics.error(
            "invalid-type",
            f"Invalid value: {_kind(found)}: must be a mapping of section names to text",
            field=field if isinstance(value, dict) else FieldPath(),
            span=document.span(field),
            help="a BaseConfig is a ConfigMap; write each section as a block scalar: name: |",
        )
        return
    for key in value:
        if key in SECTIONS:
            diagnostics.warning(
                "unknown-field",
                "Unknown field: a section outside of data is ignored",
                field=FieldPath.of(key),
                span=document.key_span(FieldPath.of(key)),
                help="move it under data:",
            )
    for key, text in (data or {}).items():
        here = field.child(key)
        if isinstance(text, dict | list):
            diagnostics.error(
                "invalid-type",
                f"Invalid value: {_kind(text)}: must be text",
                field=here,
                span=document.span(here),
                help=f"write the section as a block scalar: {key}: |",
            )
            continue
        if key not in SECTIONS and diagnostics.has_room(Severity.WARNING):
            diagnostics.add(_unknown_section(key, here, document))
        elif key not in SECTIONS:
            diagnostics.pass_over(Severity.WARNING)
        if text is not None:
            yield key, scalar_text(text)


def _unknown_section(key: str, field: FieldPath, document: Document) -> Diagnostic:
    close = nearest(key, SECTIONS)
    return Diagnostic(
        "unknown-section",
        "Unknown section: it is rendered and then ignored",
        Severity.WARNING,
        field=field,
        span=document.key_span(field),
        help=f"did you mean {close}?" if close else "known sections: " + ", ".join(SECTIONS),
    )


def _decode(key: str, text: SectionText) -> _Decoded:
    """The section ``key`` read from ``text``, and the problems in it at their outer places."""
    strange = tuple(text.problems())
    if strange:
        return _Decoded(None, strange)
    field = text.field
    name = f"{text.document.source.name}: data.{key}"
    source = Source.derived(name, text.rendered.text, text.span)
    skeleton = Skeleton.of(text)
    if skeleton is not None and (shape := _shape(key, skeleton.text)) is not None:
        value = shape.filled(skeleton.words)
        return _Decoded(Section(key, value, Document.unread(source), shape.type_name), ())
    found = Diagnostics()
    inner = next(iter(parse(source, diagnostics=found)), None)
    value = None
    type_name = ""
    if inner is not None and (strange := tuple(text.repeated(inner))):
        return _Decoded(None, strange)
    if inner is not None and inner.value is not None:
        type_name = section_type(key, inner.value, found)
        value = schema.decode(type_name, inner.value, at=FieldPath(), diagnostics=found)
        found.located(inner.span)
        found.extend(replace(item, field=FieldPath()) for item in text.retyped(inner, value))
    problems = tuple(replace(item, field=field.child(*item.field)) for item in found)
    if inner is None or value is None or found.errors:
        return _Decoded(None, problems)
    return _Decoded(Section(key, value, inner, type_name), problems)


@lru_cache(maxsize=256)
def _shape(key: str, text: str) -> Shape | None:
    """What the section ``key`` is read as; None where its words make a difference, or there is
    anything to be said of it."""
    stated = simple_value(text)
    if stated is None or stated is COMPLEX:
        return None
    found = Diagnostics()
    type_name = section_type(key, stated, found)
    value = schema.decode(type_name, stated, at=FieldPath(), diagnostics=found)
    return None if value is None or len(found) else Shape.of(type_name, value)


def _kind(value: Any) -> str:
    names: dict[type, str] = {dict: "mapping", list: "list", str: "string"}
    return names.get(type(value), repr(value))
