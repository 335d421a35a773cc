"""`simple_value`: the value of a text that has nothing to be said of it, without nodes."""

from __future__ import annotations

from collections.abc import Callable
from sys import intern
from typing import Any, Final

import yaml

from msvc_pulumi.document.events import (
    MAX_NESTING,
    MAX_NODES,
    SURROGATE,
    UNREADABLE,
    event_parser,
    is_merge,
)
from msvc_pulumi.document.scalars import resolve

__all__ = ["COMPLEX", "simple_value"]

COMPLEX: Final = object()
"""What `simple_value` returns for a text that `msvc_pulumi.document.yaml11` has to look at."""


class _ComplexError(Exception):
    """The text has what only `compose` can judge."""


def simple_value(text: str) -> Any:
    """The value of the only document in ``text``, `COMPLEX` if it takes `compose` to tell.

    Most texts are one document without anchors, tags, merge keys and repeated keys, and nobody asks
    where in them something stands. Those are read here, in half the time and without nodes.
    """
    if len(text) >= MAX_NODES or UNREADABLE.search(text):
        return COMPLEX
    parser = event_parser(text)
    try:
        return _simple_document(parser.get_event)
    except (yaml.YAMLError, _ComplexError):
        return COMPLEX
    finally:
        parser.dispose()


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
        if type(event) is not yaml.ScalarEvent or event.anchor is not None or is_merge(event):
            raise _ComplexError
        key = _simple_scalar(event)
        if type(key) is not str or key in members:
            raise _ComplexError
        members[intern(key)] = _simple(next_event(), next_event, depth + 1)
    return members


def _simple_scalar(event: Any) -> Any:
    text = event.value
    if event.tag is not None or (not text.isascii() and SURROGATE.search(text)):
        raise _ComplexError
    return resolve(text) if event.implicit[0] else text
