"""The values and positions of YAML documents, resolved as the original's parser resolves them.

The original reads YAML through sigs.k8s.io/yaml 1.4 (go-yaml v2): YAML 1.1 booleans, C-style
integers, no base-60 numbers, dates as plain strings, merge keys, string keys only. What the
parser's events mean is decided here, because PyYAML's own constructors follow other rules and let
an alias bomb or deep nesting exhaust the process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import yaml

from msvc_pulumi.document.events import (
    MAX_NESTING,
    MAX_NODES,
    SURROGATE,
    UNREADABLE,
    event_parser,
    is_merge,
)
from msvc_pulumi.document.nodes import Node
from msvc_pulumi.document.scalars import float32_text, resolve, resolve_tagged, scalar_text
from msvc_pulumi.document.syntax import DialectError, dialect_error, go_words

__all__ = ["MAX_EXPANSION", "compose"]

MAX_EXPANSION = 4 * 1024 * 1024  # characters (plus 16 a value) that aliases may add to one input


def compose(text: str) -> Iterator[Node]:
    """The documents of a text, one after the other, each only parsed when it is asked for.

    Raises: DialectError at the first mistake; documents before it have been handed out.
    """
    unreadable = UNREADABLE.search(text)
    if unreadable:
        message = "control characters are not allowed"
        raise DialectError(message, unreadable.start(), go=go_words(message))
    composer = _Composer(text)
    try:
        yield from composer.documents()
    except yaml.YAMLError as error:
        raise dialect_error(error, text) from error
    finally:
        composer.dispose()


class _Composer:
    """Builds nodes from parser events, counting what they cost."""

    def __init__(self, text: str) -> None:
        self._parser = event_parser(text)
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
        if event.style == '"' and not text.isascii() and SURROGATE.search(text):
            message = "found invalid Unicode character escape code"
            raise DialectError(message, start, go=go_words(message))
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
            if is_merge(event):
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
                raise DialectError(message, source.start, go=go_words(message))
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
            raise DialectError(message, start, go=go_words(message))
        origin = self._anchors[name]
        if origin is None:
            message = f"anchor '{name}' value contains itself"
            raise DialectError(message, start, go=go_words(message))
        self._expansion += origin.weight
        if self._expansion > MAX_EXPANSION:
            message = "document contains excessive aliasing"
            raise DialectError(message, start, go=go_words(message), is_limit=True)
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
        raise DialectError(str(error), start, go=go_words(str(error))) from error


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
