"""`discreet`: problems of a BaseConfig for people who may not read it.

A ModelService may be made from a BaseConfig of a namespace whose ConfigMaps its owner cannot read.
What is rendered for it is its owner's to see; what stands in the ConfigMap is not: neither a source
line nor a key, nor a value that a message quotes. Only code, section and place are left.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from msvc_pulumi.errors import Diagnostic, FieldPath, Span
from msvc_pulumi.interpolation.sectiontypes import SECTIONS

__all__ = ["discreet"]

ADVICE = "who may read the BaseConfig is told by: msvc generate -m MODELSERVICE -b BASECONFIG"


def discreet(diagnostics: Iterable[Diagnostic], file: str, name: str) -> Iterator[Diagnostic]:
    """The diagnostics without anything that the BaseConfig ``name`` says, whose places are of
    ``file``. Those of the ModelService alone stay as they are.
    """
    for item in diagnostics:
        yield _withheld(item, file, name) if _is_about(item, file) else item


def _is_about(item: Diagnostic, file: str) -> bool:
    """Whether the BaseConfig has a part in it; what has no place is taken to be about it."""
    if item.field[:1] == ("data",) or (item.span is None and item.field[:1] != ("spec",)):
        return True
    spans = (item.span, *(label.span for label in item.related))
    return any(span is not None and span.file == file for span in spans)


def _withheld(item: Diagnostic, file: str, name: str) -> Diagnostic:
    section = _section(item)
    where = f"section {section} of the BaseConfig {name}" if section else f"the BaseConfig {name}"
    ours = item.span is not None and item.span.file != file and item.field[:1] != ("data",)
    if ours:
        summary = f"this does not go with the BaseConfig {name}, whose text is not shown here"
        return replace(
            item,
            summary=summary,
            related=tuple(one for one in item.related if one.span.file != file),
            notes=(),
            go="",
            help=ADVICE,
        )
    return Diagnostic(
        item.code,
        f"{where} is not right; its text is not shown here",
        item.severity,
        FieldPath.of("data", section) if section else FieldPath(),
        _bare(item.span),
        help=ADVICE,
    )


def _section(item: Diagnostic) -> str:
    """The section that the problem is in, if it is one that every BaseConfig may have."""
    found = item.field[1] if item.field[:1] == ("data",) and len(item.field) > 1 else ""
    return str(found) if found in SECTIONS else ""


def _bare(span: Span | None) -> Span | None:
    return None if span is None else Span(span.file, span.line, span.column)
