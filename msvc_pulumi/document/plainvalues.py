"""Python values as the plain ones that a document has, and what cannot be made one.

A document read from text holds nothing but mappings with text keys, lists, text, numbers, booleans
and null. A program can hand over anything; what has one plain meaning is taken for it (tuples,
other mappings, enumerations of texts and numbers), all else is a problem at its path.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msvc_pulumi.document.events import MAX_NESTING, MAX_NODES
from msvc_pulumi.errors import Diagnostic, Diagnostics, FieldPath
from msvc_pulumi.pattern import pattern

__all__ = ["plain_value"]

_ABSENT: Final = object()
_BITS = 64
_SURROGATE = pattern("[\ud800-\udfff]")


def plain_value(value: Any, diagnostics: Diagnostics) -> Any:
    """``value`` as plain data, itself if it is that; what is none is left out, with an error."""
    if _is_plain(value):
        return value
    found = _Reader(diagnostics).read(value, FieldPath())
    return None if found is _ABSENT else found


def _is_plain(value: Any) -> bool:
    """Whether ``value`` is plain data already; takes a small part of the time to say why not."""
    level = [value]
    left = MAX_NODES
    for _ in range(MAX_NESTING):
        below: list[Any] = []
        for item in level:
            kind = type(item)
            if kind is dict:
                below += item
                below += item.values()
                if any(type(key) is not str for key in item):
                    return False
            elif kind is list:
                below += item
            elif kind is str:
                if not item.isascii() and _SURROGATE.search(item):
                    return False
            elif kind is int:
                if item.bit_length() > _BITS:
                    return False
            elif item is not None and kind is not bool and kind is not float:
                return False
        left -= len(below)
        if left < 0:
            return False
        if not below:
            return True
        level = below
    return False


class _Reader:
    def __init__(self, diagnostics: Diagnostics) -> None:
        self._diagnostics = diagnostics
        self._nodes = 0
        self._open: set[int] = set()  # the mappings and lists that are being read

    def read(self, value: Any, path: FieldPath) -> Any:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            if self._nodes == MAX_NODES + 1:
                self._problem("yaml-limit", f"more than {MAX_NODES} values in one input", path)
            return _ABSENT
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return self._text(value, path)
        if isinstance(value, int):
            return self._integer(int(value), path)
        if isinstance(value, float):
            return float(value)
        if not isinstance(value, Mapping | list | tuple):
            name = type(value).__name__
            wanted = "must be text, a number, a boolean, a list or a mapping"
            summary = f'Invalid value: "{name}": {wanted}'
            self._problem("invalid-type", summary, path, "hand it over as JSON would hold it")
            return _ABSENT
        if id(value) in self._open:
            self._problem("invalid-value", "Invalid value: it contains itself", path)
            return _ABSENT
        if len(path) >= MAX_NESTING:
            self._problem("yaml-limit", f"nested deeper than {MAX_NESTING} levels", path)
            return _ABSENT
        self._open.add(id(value))
        read = self._mapping(value, path) if isinstance(value, Mapping) else self._list(value, path)
        self._open.discard(id(value))
        return read

    def _text(self, value: str, path: FieldPath) -> Any:
        if not value.isascii() and _SURROGATE.search(value):
            self._problem("invalid-value", "Invalid value: it has half of a surrogate pair", path)
            return _ABSENT
        return str.__str__(value)

    def _integer(self, value: int, path: FieldPath) -> Any:
        if value.bit_length() > _BITS:
            summary = f"Invalid value: an integer of more than {_BITS} bits"
            self._problem("out-of-range", summary, path)
            return _ABSENT
        return value

    def _mapping(self, value: Mapping[Any, Any], path: FieldPath) -> dict[str, Any]:
        result = {}
        for key, member in value.items():
            if not isinstance(key, str):
                shown = repr(key) if isinstance(key, int | float | None) else type(key).__name__
                summary = f"Invalid key: {shown}: the keys of a mapping must be text"
                help_text = f'write it as text: "{key}"' if isinstance(key, int | float) else ""
                self._problem("invalid-key", summary, path, help_text)
                continue
            name = self._text(key, path)
            read = name if name is _ABSENT else self.read(member, path.child(name))
            if read is not _ABSENT:
                result[name] = read
        return result

    def _list(self, value: list[Any] | tuple[Any, ...], path: FieldPath) -> list[Any]:
        read = (self.read(item, path.child(index)) for index, item in enumerate(value))
        return [item for item in read if item is not _ABSENT]

    def _problem(self, code: str, summary: str, path: FieldPath, help_text: str = "") -> None:
        self._diagnostics.add(Diagnostic(code, summary, field=path, help=help_text))
