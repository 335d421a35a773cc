"""Returns how Go sees a value: its type, kind, truth and emptiness, and the types Python lacks.

Strings, bools, floats, ``int`` (Go's int), lists ([]interface {}) and dicts
(map[string]interface {}) are the Python types themselves. The classes below stand for Go types
that templates can tell apart from those: sized integers, typed and nil slices and maps, structs.
``None`` is a nil interface; `MISSING` is the absent value a missing map key gives (reflect's
zero Value).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..errors import FunctionError
from ..marked import Marked

__all__ = [
    "MISSING",
    "Int32",
    "Int64",
    "Map",
    "Methods",
    "Missing",
    "Opaque",
    "Slice",
    "Struct",
    "Uint8",
    "Uint64",
    "Value",
    "is_empty",
    "is_nil",
    "is_true",
    "kind_of",
    "kind_or_panic",
    "strings",
    "type_of",
    "wrap64",
]

Value = Any
"""Anything a template can hold."""


class Missing:
    """The type of `MISSING`."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "MISSING"


MISSING = Missing()


class Int64(int):
    """Go's int64, what sprig's arithmetic returns; a parameter of type int does not take it."""

    __slots__ = ()


class Int32(int):
    """Go's int32, what a caller's function may return."""

    __slots__ = ()


class Uint8(int):
    """Go's byte, what indexing a string gives."""

    __slots__ = ()


class Uint64(int):
    """Go's uint64, what a version's numbers are."""

    __slots__ = ()


class Slice(list[Any]):
    """A slice that is not a plain []interface {}: of another element type, or nil."""

    __slots__ = ("go_type", "nil")

    def __init__(
        self, items: Iterable[Value] = (), go_type: str = "[]interface {}", *, nil: bool = False
    ) -> None:
        super().__init__(items)
        self.go_type = go_type
        self.nil = nil


class Map(dict[str, Any]):
    """A map that is not a plain map[string]interface {}: of another value type, or nil."""

    __slots__ = ("go_type", "nil")

    def __init__(
        self,
        items: Iterable[tuple[str, Value]] = (),
        go_type: str = "map[string]interface {}",
        *,
        nil: bool = False,
    ) -> None:
        super().__init__(items)
        self.go_type = go_type
        self.nil = nil


class Struct:
    """A pointer to a Go struct whose fields are all a template can see of it.

    ``fields`` are (Go name, JSON name, value) in declaration order. ``additional`` fields can be
    read by name too but are neither printed nor turned into JSON, so that a struct can grow
    without changing what ``{{ . }}`` and ``{{ toJson . }}`` give. ``is_marked`` tells that texts in
    it are `Marked`.
    """

    __slots__ = ("fields", "go_type", "is_marked", "json_names", "values")

    def __init__(
        self,
        go_type: str,
        fields: Iterable[tuple[str, str, Value]],
        additional: Iterable[tuple[str, str, Value]] = (),
    ) -> None:
        self.go_type = go_type
        self.is_marked = False
        listed = list(fields)
        self.fields = tuple(name for name, _, _ in listed)
        self.json_names = tuple(json_name for _, json_name, _ in listed)
        self.values = {name: value for name, _, value in (*listed, *additional)}

    def replaced(self, values: Mapping[str, Value]) -> Struct:
        """The same struct with other values for some of its fields."""
        other = Struct(self.go_type, ())
        other.fields, other.json_names = self.fields, self.json_names
        other.values = {**self.values, **values}
        return other


Methods = dict[str, tuple[tuple[str, ...], Callable[..., Any]]]
"""By name: the Go types of the parameters, and the call."""


class Opaque:
    """A Go value known by its methods only: a time, a version.

    ``go_type`` is its type, ``kind`` its kind, ``payload`` what Python holds of it, ``text`` its
    String method's result; ``methods`` what can be called on it.
    """

    __slots__ = ("go_type", "kind", "methods", "payload", "text")

    def __init__(
        self,
        go_type: str,
        kind: str,
        payload: Any,
        text: Callable[[], str],
        methods: Methods,
    ) -> None:
        self.go_type = go_type
        self.kind = kind
        self.payload = payload
        self.text = text
        self.methods = methods


_TYPES: dict[type, tuple[str, str]] = {
    str: ("string", "string"),
    Marked: ("string", "string"),
    bool: ("bool", "bool"),
    int: ("int", "int"),
    float: ("float64", "float64"),
    complex: ("complex128", "complex128"),
    Int64: ("int64", "int64"),
    Int32: ("int32", "int32"),
    Uint8: ("uint8", "uint8"),
    Uint64: ("uint64", "uint64"),
    list: ("[]interface {}", "slice"),
    dict: ("map[string]interface {}", "map"),
    type(None): ("<nil>", "invalid"),
    Missing: ("<nil>", "invalid"),
}


def type_of(value: Value) -> str:
    """The Go type as %T prints it."""
    known = _TYPES.get(type(value))
    if known is not None:
        return known[0]
    if isinstance(value, Struct):
        return f"*{value.go_type}"
    return str(value.go_type)


def kind_of(value: Value) -> str:
    """The Go kind as reflect names it."""
    known = _TYPES.get(type(value))
    if known is not None:
        return known[1]
    if isinstance(value, Struct):
        return "ptr"
    if isinstance(value, Opaque):
        return value.kind
    return "slice" if isinstance(value, list) else "map"


def kind_or_panic(value: Value) -> str:
    """``reflect.TypeOf(value).Kind()``, which panics on nil."""
    if value is None or value is MISSING:
        raise FunctionError("runtime error: invalid memory address or nil pointer dereference")
    return kind_of(value)


def is_true(value: Value) -> bool:
    """text/template's truth: not the zero value and not empty."""
    return value is not MISSING and (isinstance(value, Struct | Opaque) or bool(value))


def is_empty(value: Value) -> bool:
    """sprig's emptiness; the opposite of truth for everything templates hold."""
    return not is_true(value)


def is_nil(value: Value) -> bool:
    """Whether Go's value is nil or absent."""
    return value is None or value is MISSING or (isinstance(value, Slice | Map) and value.nil)


def strings(items: Iterable[str], *, nil: bool = False) -> Slice:
    """A []string."""
    return Slice(items, "[]string", nil=nil)


def wrap64(number: int) -> Int64:
    """The int64 a Go computation ends with, wrapped around."""
    return Int64((number + (1 << 63) & (1 << 64) - 1) - (1 << 63))
