"""The values and positions of YAML documents, resolved as the original's parser resolves them.

The original reads YAML through sigs.k8s.io/yaml 1.4 (go-yaml v2): YAML 1.1 booleans, C-style
integers, no base-60 numbers, dates as plain strings, merge keys, string keys only. PyYAML's parser
supplies the events (libyaml's when it was built in, the pure Python one otherwise); what the events
mean is decided here, because PyYAML's own constructors follow other rules and let an alias bomb or
deep nesting exhaust the process.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from sys import intern
from typing import Any, Final

import yaml

from msvc_pulumi.document.scalars import (
    TAG_PREFIX,
    float32_text,
    resolve,
    resolve_tagged,
    scalar_text,
)
from msvc_pulumi.pattern import pattern

try:
    from yaml._yaml import CParser as _EventParser
except ImportError:  # PyYAML was built without libyaml
    from yaml.loader import SafeLoader as _EventParser  # type: ignore[assignment]

__all__ = [
    "COMPLEX",
    "MAX_EXPANSION",
    "MAX_NESTING",
    "MAX_NODES",
    "UNREADABLE",
    "DialectError",
    "Node",
    "compose",
    "scan",
    "simple_value",
]

MAX_NESTING = 100  # levels of mappings and sequences, aliases included
MAX_NODES = 200_000  # keys and values in one input; about 2,500 ModelServices in one file
MAX_EXPANSION = 4 * 1024 * 1024  # characters (plus 16 a value) that aliases may add to one input

COMPLEX: Final = object()
"""What `simple_value` returns for a text that `compose` has to look at."""

UNREADABLE = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SURROGATE = pattern("[\ud800-\udfff]")


class DialectError(Exception):
    """The text is not a document of the dialect, or exceeds a limit.

    ``offset`` counts characters from the start of the text; ``go`` is the original's wording where
    it has one; ``is_limit`` tells an exceeded limit from a mistake.
    """

    def __init__(self, message: str, offset: int, *, go: str = "", is_limit: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.go = go
        self.is_limit = is_limit


class Node:
    """A value and where it is written.

    ``start`` and ``end`` are character offsets; ``style`` is the scalar's quote or block mark, ""
    for a plain scalar. ``members`` are the nodes of a mapping's values or a sequence's items, None
    for a scalar; ``keys`` are the offsets of a mapping's keys. ``origin`` is the anchored node that
    an alias stands for. ``duplicates`` are the earlier offsets of keys stated more than once,
    ``overrides`` the offsets of keys that are merged in, too; a document's root says in
    ``has_duplicates`` and ``has_overrides`` whether any mapping in it has some.
    """

    __slots__ = (
        "duplicates",
        "end",
        "has_duplicates",
        "has_overrides",
        "height",
        "keys",
        "members",
        "origin",
        "overrides",
        "start",
        "style",
        "value",
        "weight",
    )

    def __init__(self, value: Any, start: int, end: int, style: str = "") -> None:
        self.value = value
        self.start = start
        self.end = end
        self.style = style
        self.members: dict[str, Node] | list[Node] | None = None
        self.keys: dict[str, tuple[int, int]] | None = None
        self.origin: Node | None = None
        self.duplicates: list[tuple[str, int, int]] | None = None
        self.has_duplicates = False
        self.overrides: list[tuple[int, int]] | None = None
        self.has_overrides = False
        self.weight = 16  # what a copy of the value adds to MAX_EXPANSION
        self.height = 0  # levels of mappings and sequences in it, 0 for a scalar


def _go(message: str) -> str:
    return f"error converting YAML to JSON: yaml: {message}"


def compose(text: str) -> Iterator[Node]:
    """The documents of a text, one after the other, each only parsed when it is asked for.

    Raises: DialectError at the first mistake; documents before it have been handed out.
    """
    unreadable = UNREADABLE.search(text)
    if unreadable:
        message = "control characters are not allowed"
        raise DialectError(message, unreadable.start(), go=_go(message))
    composer = _Composer(text)
    try:
        yield from composer.documents()
    except yaml.YAMLError as error:
        raise _syntax_error(error, text) from error
    finally:
        composer.dispose()


def simple_value(text: str) -> Any:
    """The value of the only document in ``text``, `COMPLEX` if it takes `compose` to tell.

    Most texts are one document without anchors, tags, merge keys and repeated keys, and nobody asks
    where in them something stands. Those are read here, in half the time and without nodes.
    """
    if len(text) >= MAX_NODES or UNREADABLE.search(text):
        return COMPLEX
    parser = _EventParser(text)
    try:
        return _simple_document(parser.get_event)
    except (yaml.YAMLError, _ComplexError):
        return COMPLEX
    finally:
        parser.dispose()


def scan(text: str) -> Iterator[Any]:
    """The tokens of a text.

    Raises: yaml.YAMLError where it stops making sense.
    """
    parser = _EventParser(text)
    try:
        while (token := parser.get_token()) is not None:
            yield token
    finally:
        parser.dispose()


class _ComplexError(Exception):
    """The text has what only `compose` can judge."""


def _simple_document(next_event: Callable[[], Any]) -> Any:
    next_event()  # the stream's start
    if type(next_event()) is not yaml.DocumentStartEvent:
        raise _ComplexError
    value = _simple(next_event(), next_event, 1)
    next_event()  # the document's end
    if type(next_event()) is not yaml.StreamEndEvent:
        raise _ComplexError
    return value


def _simple(event: Any, next_event: Callable[[], Any], depth: int) -> Any:
    kind = type(event)
    if kind is yaml.AliasEvent or event.anchor is not None:
        raise _ComplexError
    if kind is yaml.ScalarEvent:
        return _simple_scalar(event)
    if depth > MAX_NESTING:
        raise _ComplexError
    if kind is yaml.SequenceStartEvent:
        items = []
        while type(event := next_event()) is not yaml.SequenceEndEvent:
            items.append(_simple(event, next_event, depth + 1))
        return items
    members: dict[str, Any] = {}
    while type(event := next_event()) is not yaml.MappingEndEvent:
        if type(event) is not yaml.ScalarEvent or event.anchor is not None or _is_merge(event):
            raise _ComplexError
        key = _simple_scalar(event)
        if type(key) is not str or key in members:
            raise _ComplexError
        members[intern(key)] = _simple(next_event(), next_event, depth + 1)
    return members


def _simple_scalar(event: Any) -> Any:
    text = event.value
    if event.tag is not None or (not text.isascii() and _SURROGATE.search(text)):
        raise _ComplexError
    return resolve(text) if event.implicit[0] else text


def _syntax_error(error: yaml.YAMLError, text: str) -> DialectError:
    problem = getattr(error, "problem", None) or str(error)
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    context = getattr(error, "context", None)
    line = mark.line if mark else 0
    # go-yaml counts lines from 0 and adds one for the scanner's errors only (decode.go: fail).
    if isinstance(error, yaml.scanner.ScannerError) and line:
        line += 1
    place = f"line {line}: " if line else ""
    return DialectError(
        f"{problem} {context}" if context else problem,
        min(mark.index, len(text)) if mark else 0,
        go=_go(f"{place}{problem}"),
    )


class _Composer:
    """Builds nodes from parser events, counting what they cost."""

    def __init__(self, text: str) -> None:
        self._parser = _EventParser(text)
        self._next: Callable[[], Any] = self._parser.get_event
        self._has_duplicates = False
        self._has_overrides = False
        self._nodes = 0
        self._expansion = 0
        self._anchors: dict[str, Node | None] = {}

    def dispose(self) -> None:
        self._parser.dispose()

    def documents(self) -> Iterator[Node]:
        self._next()  # the stream's start
        while isinstance(self._next(), yaml.DocumentStartEvent):
            self._anchors = {}
            self._has_duplicates = self._has_overrides = False
            node = self._node(self._next(), 1)
            node.has_duplicates = self._has_duplicates
            node.has_overrides = self._has_overrides
            self._next()  # the document's end
            yield node

    def _node(self, event: Any, depth: int) -> Node:
        kind = type(event)
        start = event.start_mark.index
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise DialectError(f"more than {MAX_NODES} values in one input", start, is_limit=True)
        if kind is yaml.ScalarEvent:
            return self._scalar(event, start)
        if kind is yaml.AliasEvent:
            return self._alias(event, start, depth)
        if depth > MAX_NESTING:
            raise DialectError(f"nested deeper than {MAX_NESTING} levels", start, is_limit=True)
        anchor = event.anchor
        if anchor is not None:
            self._anchors[anchor] = None  # not complete yet: an alias to it would be a cycle
        if kind is yaml.MappingStartEvent:
            node = self._mapping(start, depth)
        else:
            node = self._sequence(start, depth)
        if anchor is not None:
            self._anchors[anchor] = node
        return node

    def _scalar(self, event: Any, start: int) -> Node:
        text = event.value
        tag = event.tag
        # The Python parser lets half of a surrogate pair through; nothing could print it.
        if event.style == '"' and not text.isascii() and _SURROGATE.search(text):
            message = "found invalid Unicode character escape code"
            raise DialectError(message, start, go=_go(message))
        if tag is not None:
            value = _tagged_value(tag, text, start)
        elif event.implicit[0]:
            value = resolve(text)
        else:
            value = text
        node = Node(value, start, event.end_mark.index, event.style or "")
        node.weight += len(text)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _sequence(self, start: int, depth: int) -> Node:
        members: list[Node] = []
        node = Node([], start, start)
        while True:
            event = self._next()
            kind = type(event)
            if kind is yaml.SequenceEndEvent:
                break
            member = self._node(event, depth + 1)
            members.append(member)
            node.value.append(member.value)
            node.weight += member.weight
            node.height = max(node.height, member.height)
        node.members = members
        node.height += 1
        node.end = event.end_mark.index
        return node

    def _mapping(self, start: int, depth: int) -> Node:
        node = Node({}, start, start)
        members: dict[str, Node] = {}
        keys: dict[str, tuple[int, int]] = {}
        node.members, node.keys = members, keys
        stated: set[str] = set()
        while True:
            event = self._next()
            kind = type(event)
            if kind is yaml.MappingEndEvent:
                break
            if _is_merge(event):
                self._merge(node, self._node(self._next(), depth + 1))
                continue
            key_node = self._node(event, depth + 1)
            key = _key_text(key_node)
            member = self._node(self._next(), depth + 1)
            if key in stated:
                self._has_duplicates = True
                if node.duplicates is None:
                    node.duplicates = []
                node.duplicates.append((key, *keys[key]))
            elif key in members:
                self._override(node, key_node.start, key_node.end)
            stated.add(key)
            members[key] = member
            keys[key] = (key_node.start, key_node.end)
            node.value[key] = member.value
            node.weight += key_node.weight + member.weight
            node.height = max(node.height, member.height)
        node.height += 1
        node.end = event.end_mark.index
        return node

    def _merge(self, node: Node, merged: Node) -> None:
        """Add the pairs of ``<<``'s value; a later pair of the mapping itself replaces them."""
        sources = merged.members if isinstance(merged.members, list) else [merged]
        for source in reversed(sources):
            if not isinstance(source.members, dict) or source.keys is None:
                message = "map merge requires map or sequence of maps as the value"
                raise DialectError(message, source.start, go=_go(message))
            assert isinstance(node.members, dict) and node.keys is not None  # noqa: S101, PT018
            for key in node.members:
                if key in source.members:
                    self._override(node, *node.keys[key])
            node.members.update(source.members)
            node.keys.update(source.keys)
            node.value.update(source.value)
            node.weight += source.weight
            node.height = max(node.height, source.height - 1)

    def _override(self, node: Node, start: int, end: int) -> None:
        self._has_overrides = True
        if node.overrides is None:
            node.overrides = []
        node.overrides.append((start, end))

    def _alias(self, event: Any, start: int, depth: int) -> Node:
        name = event.anchor
        if name not in self._anchors:
            message = f"unknown anchor '{name}' referenced"
            raise DialectError(message, start, go=_go(message))
        origin = self._anchors[name]
        if origin is None:
            message = f"anchor '{name}' value contains itself"
            raise DialectError(message, start, go=_go(message))
        self._expansion += origin.weight
        if self._expansion > MAX_EXPANSION:
            message = "document contains excessive aliasing"
            raise DialectError(message, start, go=_go(message), is_limit=True)
        if depth + origin.height - 1 > MAX_NESTING:
            raise DialectError(f"nested deeper than {MAX_NESTING} levels", start, is_limit=True)
        node = Node(_copied(origin.value), start, event.end_mark.index, origin.style)
        node.members, node.keys, node.origin = origin.members, origin.keys, origin
        node.weight, node.height = origin.weight, origin.height
        return node


def _tagged_value(tag: str, text: str, start: int) -> Any:
    try:
        return resolve_tagged(tag, text)
    except ValueError as error:
        raise DialectError(str(error), start, go=_go(str(error))) from error


def _is_merge(event: Any) -> bool:
    return (
        type(event) is yaml.ScalarEvent
        and event.value == "<<"
        and (event.implicit[0] or event.tag == TAG_PREFIX + "merge")
    )


def _key_text(node: Node) -> str:
    """The string a mapping key becomes (sigs.k8s.io/yaml ``convertToJSONableObject``)."""
    key = node.value
    if isinstance(key, str):
        return key
    if isinstance(key, float):
        text = float32_text(key)
        return {"+Inf": ".inf", "-Inf": "-.inf", "NaN": ".nan"}.get(text, text)
    if isinstance(key, (bool, int)) and key < (1 << 63):
        return scalar_text(key)
    if node.members is not None:
        raise DialectError("a mapping key must be a scalar", node.start)
    found = "null" if key is None else "an integer above 64 bits"
    raise DialectError(f"a mapping key cannot be {found}", node.start)


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_copied(member) for member in value]
    return value
