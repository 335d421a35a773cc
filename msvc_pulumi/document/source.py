"""Inputs as plain values that remember where each of them is written.

A `Source` is a text with a name, a `Document` one YAML document in it. The values are what the
original's YAML parser makes of the text (`msvc_pulumi.document.yaml11`); every mapping key and
every value knows its `Span`, and so does every character inside a string value, so that a mistake
in a template or in the YAML inside a block scalar is shown at its place in the user's file.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from typing import Any

from msvc_pulumi.document.events import UNREADABLE
from msvc_pulumi.document.nodes import Node
from msvc_pulumi.document.scalarplaces import ScalarColumns, literal_offset
from msvc_pulumi.document.simplevalues import COMPLEX, simple_value
from msvc_pulumi.document.sourcefile import Locate, Source, read_source
from msvc_pulumi.document.spans import Spans
from msvc_pulumi.document.syntax import DialectError, syntax_problem
from msvc_pulumi.document.yaml11 import compose
from msvc_pulumi.errors import Diagnostics, FieldPath, Label, Severity, Span

__all__ = ["Document", "Locate", "Source", "parse", "read_source"]


class Document:
    """One YAML document: its plain ``value`` and the place of every value and key in it."""

    def __init__(self, source: Source, root: Node) -> None:
        self.value = root.value
        self._made = (source, root)

    @classmethod
    def only(cls, source: Source, value: Any) -> Document:
        """The only document of ``source``, of which ``value`` is known already.

        It is composed when a place is asked for: most documents have no mistake.
        """
        document = cls.__new__(cls)
        document.value = value
        document._written = source
        return document

    @classmethod
    def unread(cls, source: Source) -> Document:
        """The only document of ``source``, known to be one without mistakes or repeated keys."""
        document = cls.__new__(cls)
        document._written = source
        return document

    @classmethod
    def of(cls, value: Any, name: str) -> Document:
        """A document for a value that no file holds, such as an object in a stack's configuration.

        Places in it are lines of its JSON text, which is only made when a place is asked for.
        """
        document = cls.__new__(cls)
        document.value = value
        document._name = name
        return document

    _name = ""
    _written: Source | None = None

    @cached_property
    def value(self) -> Any:
        """The document as plain values; of one that is not read yet, read now."""
        return self._root.value

    @cached_property
    def _made(self) -> tuple[Source, Node]:
        if self._written is not None:
            return self._written, next(compose(self._written.text))
        text = json.dumps(self.value, indent=2, ensure_ascii=False, default=str)
        text = UNREADABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
        try:
            return Source(self._name, text), next(compose(text))
        except DialectError:  # over a limit: only the document as a whole has a place
            return Source(self._name, ""), Node(self.value, 0, 0)

    @property
    def source(self) -> Source:
        return self._written or self._made[0]

    @property
    def _root(self) -> Node:
        return self._made[1]

    @cached_property
    def _columns(self) -> dict[int, ScalarColumns]:
        """Of the scalars that were asked about, by where they begin."""
        return {}

    @property
    def _hidden(self) -> bool:
        return isinstance(self.value, dict) and self.value.get("kind") == "Secret"

    @property
    def spans(self) -> Mapping[FieldPath, Span]:
        """The place of every value; of a mapping or sequence, the first line of it."""
        return Spans(self._root, self._value_span, keys=False)

    @property
    def keys(self) -> Mapping[FieldPath, Span]:
        """The place of the key of every mapping entry, by the path of its value."""
        return Spans(self._root, self._key_span, keys=True)

    def span(self, path: FieldPath) -> Span:
        """Where to point for ``path``: a scalar itself, a mapping or sequence at its key.

        A path that is not in the document points at its nearest ancestor that is.
        """
        known = path
        while (node := self._root.at(known)) is None:
            known = known.parent
        key = self._root.key_at(known)
        is_shown = node.members is None and node.end > node.start  # an empty scalar is not
        if key is None or (is_shown and known == path):
            return self._spanned(node.start, node.end)
        end = node.end if self._same_line(key[0], node.end) else key[1]
        return self._spanned(key[0], end)

    def key_span(self, path: FieldPath) -> Span:
        """Where the key of ``path`` is written; as `span` for what has no key."""
        return self._key_span(path) or self.span(path)

    def get(self, path: FieldPath) -> Any:
        """The value at ``path``, None where there is none."""
        return path.find(self.value)

    def unpacked(self) -> list[Document]:
        """The objects of a list such as ``kubectl get -o yaml`` prints; of anything else, itself.

        An object of a typed list, a ModelServiceList, is of that kind where it states none.
        """
        kind = self.value.get("kind") if isinstance(self.value, dict) else None
        if not (isinstance(kind, str) and kind.endswith("List")):
            return [self]
        node = self._root.at(FieldPath.of("items"))
        if node is None or not isinstance(node.members, list):
            return [self]
        found = []
        for member in node.members:
            document, item = Document(self.source, member), member.value
            if kind != "List" and isinstance(item, dict):
                types = {"apiVersion": self.value.get("apiVersion"), "kind": kind[: -len("List")]}
                document.value = {**types, **item}
            found.extend(document.unpacked() if kind == "List" else [document])
        return found

    def inner_span(self, path: FieldPath, line0: int, column0: int, length: int = 1) -> Span:
        """The place of a character inside the string at ``path``, by line and column from 0.

        Exact inside literal block scalars and scalars written on one line; elsewhere the first
        character of the scalar, because folding leaves no one-to-one map.
        """
        node = self._root.at(path)
        if node is None or not isinstance(node.value, str):
            return self.span(path)
        node = node.origin or node
        if node.style == "|":
            start = literal_offset(self.source, node, line0, column0)
            return self._spanned(start, start + length)
        if line0 == 0 and node.style != ">":
            columns = self._columns.get(node.start)
            if columns is None:
                written = self.source.text[node.start : node.end]
                columns = self._columns[node.start] = ScalarColumns(written, node.value)
            column = columns.offset(column0)
            if column is not None:
                end = columns.offset(column0 + length)
                start = node.start + column
                return self._spanned(start, node.start + end if end else start + length)
        return self._spanned(node.start, node.end)

    def _value_span(self, path: FieldPath) -> Span | None:
        node = self._root.at(path)
        return None if node is None else self._spanned(node.start, node.end)

    def _key_span(self, path: FieldPath) -> Span | None:
        offsets = self._root.key_at(path)
        return None if offsets is None else self._spanned(*offsets)

    def _same_line(self, start: int, end: int) -> bool:
        return self.source.position(start)[0] == self.source.position(max(start, end - 1))[0]

    def _spanned(self, start: int, end: int) -> Span:
        return self.source.span(start, end, hidden=self._hidden)

    def scalar_paths(self, offsets: Collection[int]) -> dict[int, FieldPath]:
        """The paths of the scalar values that begin at ``offsets`` of the source."""
        return {
            node.start: path
            for path, node in self._root.walk()
            if node.members is None and node.start in offsets
        }

    def repeated_keys(self) -> Iterator[tuple[int, int]]:
        """Where in the source keys stand that their mapping states, or merges in, once more."""
        if self._written is not None:
            return  # it was read at once, which nothing with repeated keys is
        root = self._root
        for _, node in root.walk() if root.has_duplicates or root.has_overrides else ():
            yield from node.overrides or ()
            for key, start, end in node.duplicates or ():
                yield start, end
                if node.keys:
                    yield node.keys[key]

    def report_duplicates(self, diagnostics: Diagnostics) -> None:
        """Warn of every key that a mapping states more than once."""
        for path, node in self._root.walk() if self._root.has_duplicates else ():
            for key, start, end in node.duplicates or ():
                if not diagnostics.has_room(Severity.WARNING):
                    diagnostics.pass_over(Severity.WARNING)
                    continue
                at = path.child(key)
                diagnostics.warning(
                    "duplicate-key",
                    "Duplicate key: the last one counts",
                    field=at,
                    span=self.keys[at],
                    related=(Label(self._spanned(start, end), "ignored"),),
                    help="keep one of them",
                )


def parse(source: Source, *, diagnostics: Diagnostics) -> list[Document]:
    """The documents of a source; mistakes go to ``diagnostics``.

    An empty source has no documents. A mistake behind the first document is only a warning, because
    the original reads one document and never sees the rest; the documents before it are returned.
    """
    if source.text.startswith("\ufeff"):
        source = Source(source.name, source.text[1:], source.locate)
    value = simple_value(source.text)
    if value is not COMPLEX:
        return [Document.only(source, value)]
    documents: list[Document] = []
    try:
        for root in compose(source.text):
            document = Document(source, root)
            document.report_duplicates(diagnostics)
            documents.append(document)
    except DialectError as error:
        diagnostics.add(syntax_problem(source, error, behind_first=bool(documents)))
    return documents
