"""The structure of a rendered section is its author's: no value of a ModelService may change it.

A variable's text is printed into YAML as text. It may be anything within one scalar or one comment;
one that adds, removes or retypes a node is the error ``template-structure``. The original let every
ModelService write into every object of its BaseConfig. As in the original a number or boolean where
a field wants text becomes text again, which may be another one: that is the warning
``template-retyped``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import Any

from msvc_pulumi.document.source import Document
from msvc_pulumi.document.stretches import Stray, strays, unsettled
from msvc_pulumi.errors import Diagnostic, FieldPath, Label, Severity, Span
from msvc_pulumi.gotemplate import Rendered
from msvc_pulumi.interpolation.interpolate import Interpolation

__all__ = ["SectionText"]

MAX_SHOWN = 100  # of one section; a template can print a value on every line


@dataclass(frozen=True)  # not slotted: the strays are cached in the instance
class SectionText:
    """A section's template ``source`` at ``field`` of ``document``, and what became of it."""

    document: Document
    field: FieldPath
    source: str
    rendered: Rendered
    dialect: str
    interpolation: Interpolation

    def span(self, line: int, column: int, length: int) -> Span:
        """Where the author wrote what made the characters at ``line`` and ``column``, from 0."""
        position = self._lines[min(line, len(self._lines) - 1)] + column
        return self._place(self.rendered.source_offset(position), length)

    @cached_property
    def _lines(self) -> list[int]:
        return [0, *(found.end() for found in re.finditer("\n", self.rendered.text))]

    @cached_property
    def _places(self) -> list[tuple[int, int]]:
        return [(stretch.start, stretch.end) for stretch in self.rendered.stretches]

    @cached_property
    def _unsettled(self) -> frozenset[int]:
        return frozenset(unsettled(self.rendered.text, self._places))

    @cached_property
    def _strays(self) -> tuple[Stray, ...]:
        if not self._unsettled:
            return ()
        found = strays(self.rendered.text, self._places, sorted(self._unsettled))
        return tuple(islice(found, MAX_SHOWN))

    @property
    def is_settled(self) -> bool:
        """Whether every printed value is text within one scalar, or within one comment."""
        return not self._strays

    def words(self) -> Iterator[tuple[int, int]]:
        """Where the printed values are that could be any other word (`unsettled` are not)."""
        for number, place in enumerate(self._places):
            if number not in self._unsettled:
                yield place

    def problems(self) -> Iterator[Diagnostic]:
        """An error for every printed value that is more than a scalar, or no scalar at all."""
        for stray in self._strays:
            if stray.retyped in ("", "null"):
                yield self._problem(stray)

    def retyped(self, inner: Document, decoded: Any) -> Iterator[Diagnostic]:
        """A problem for every printed value that is read as a number or a boolean in ``inner``.

        It is only a warning where the field of ``decoded``, the section, is text nevertheless.
        """
        read = [stray for stray in self._strays if stray.retyped not in ("", "null")]
        paths = inner.scalar_paths({stray.scalar for stray in read}) if read else {}
        for stray in read:
            problem = self._problem(stray)
            path = paths.get(stray.scalar)
            text = path.find(decoded) if path is not None else None
            if isinstance(text, str):
                effect = f"is read as {stray.retyped} and written as {text!r}"
                problem = replace(
                    problem,
                    code="template-retyped",
                    severity=Severity.WARNING,
                    summary=f"{self._shown(stray)} {effect}",
                )
            yield problem

    def repeated(self, inner: Document) -> Iterator[Diagnostic]:
        """An error for every printed value that is a key which its mapping has otherwise, too."""
        if not self.rendered.stretches:
            return
        for start, end in islice(inner.repeated_keys(), MAX_SHOWN):
            for number, stretch in enumerate(self.rendered.stretches):
                if stretch.start < end and start < stretch.end:
                    yield self._problem(Stray(number))

    def _place(self, offset: int, length: int) -> Span:
        line = self.source.count("\n", 0, offset)
        column = offset - (self.source.rfind("\n", 0, offset) + 1)
        return self.document.inner_span(self.field, line, column, length)

    def _shown(self, stray: Stray) -> str:
        name = self.rendered.stretches[stray.number].variable
        if not name:
            return "a computed character"
        return f"the value of {'.' if self.dialect == 'go' else ''}{name}"

    def _problem(self, stray: Stray) -> Diagnostic:
        stretch = self.rendered.stretches[stray.number]
        offset = self.rendered.source_offset(stretch.start)
        closing = self.source.find("}}", offset)
        length = closing + 2 - offset if closing >= 0 else 1
        name = stretch.variable
        origin, place = self.interpolation.origin(name)
        effect = "would change the structure of the section"
        if stray.retyped:
            effect = f"would be read as {stray.retyped}, not as text"
        return Diagnostic(
            "template-structure",
            f"{self._shown(stray)} {effect}",
            field=self.field,
            span=self._place(offset, length),
            label="printed here",
            related=(Label(place, f"the value, {origin}"),) if place and name else (),
            help=self._remedy(name or "…", stray),
        )

    def _remedy(self, name: str, stray: Stray) -> str:
        is_go = self.dialect == "go"
        shown = f".{name}" if is_go else name
        quoted = f"{{{{ {shown} | {'toJson' if is_go else 'tojson'} }}}}"
        if stray.retyped == "a number":
            return f"quote it, {quoted}, or write {{{{ {shown} | int }}}} where a number is meant"
        if stray.retyped:
            return f"quote it: {quoted}"
        return f"write {quoted} as the whole value, without quotes around it"
