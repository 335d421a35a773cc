"""Returns the functions text/template itself defines (funcs.go), without and, or and call.

Those three need unevaluated arguments or names and live in the evaluator.
"""

from __future__ import annotations

from ..errors import FunctionError
from ..fmt.formatting import sprintf
from ..fmt.printing import display, printed, sprint, sprintln
from ..limits.budget import Sink, meter
from ..marked import Marked
from ..reflect.calls import declare
from ..reflect.values import (
    MISSING,
    Int32,
    Int64,
    Map,
    Opaque,
    Struct,
    Uint8,
    Uint64,
    Value,
    is_nil,
    is_true,
    kind_of,
    type_of,
)
from ..strconv.literals import decode, encode

__all__ = ["FUNCTIONS", "equal"]


_BASIC: dict[type, str] = {
    bool: "bool",
    int: "int",
    Int32: "int",
    Int64: "int",
    Uint8: "uint",
    Uint64: "uint",
    float: "float",
    complex: "complex",
    str: "string",
    Marked: "string",
}
_HTML = str.maketrans(
    {'"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;", "\0": "\ufffd"}
)
_SCRIPT = {
    "\\": "\\\\",
    "'": "\\'",
    '"': '\\"',
    "<": "\\u003C",
    ">": "\\u003E",
    "&": "\\u0026",
    "=": "\\u003D",
}


def equal(first: Value, *others: Value) -> bool:
    """Go's eq: whether ``first`` equals any of ``others``."""
    if not others:
        raise FunctionError("missing argument for comparison")
    kind = _BASIC.get(type(first))
    for other in others:
        other_kind = _BASIC.get(type(other))
        if kind != other_kind:
            if {kind, other_kind} == {"int", "uint"}:
                if int(first) == int(other):
                    return True
            elif not (_invalid(first) or _invalid(other)):
                raise FunctionError(
                    f"incompatible types for comparison: {type_of(first)} and {type_of(other)}"
                )
        elif kind is not None:
            if first == other:
                return True
        elif _same(first, other):
            return True
    return False


def _same(first: Value, other: Value) -> bool:
    """Equality of two values that are not of a basic kind."""
    if is_nil(first) or is_nil(other):
        if kind_of(first) != kind_of(other) and not (_invalid(first) or _invalid(other)):
            raise _non_comparable(first, other)
        return is_nil(first) and is_nil(other)
    if kind_of(first) != kind_of(other):
        raise _non_comparable(first, other)
    if isinstance(other, list | dict):
        shown = sprintf("%s", [other])
        raise FunctionError(f"non-comparable type {shown}: {type_of(other)}")
    if isinstance(first, Opaque) and isinstance(other, Opaque):
        return first is other or (first.kind == "struct" and bool(first.payload == other.payload))
    return first is other


def _non_comparable(first: Value, other: Value) -> FunctionError:
    shown = sprintf("%s", [first])
    return FunctionError(
        f"non-comparable types {shown}: {type_of(first)}, {type_of(other)}: {display(other)}"
    )


def _invalid(value: Value) -> bool:
    return value is None or value is MISSING


def _less(first: Value, other: Value) -> bool:
    kind, other_kind = _BASIC.get(type(first)), _BASIC.get(type(other))
    if kind is None or other_kind is None:
        raise FunctionError("invalid type for comparison")
    if kind != other_kind and {kind, other_kind} != {"int", "uint"}:
        raise FunctionError(
            f"incompatible types for comparison: {type_of(first)} and {type_of(other)}"
        )
    if kind in ("bool", "complex"):
        raise FunctionError("invalid type for comparison")
    if kind == "string":
        return encode(first) < encode(other)
    return bool(first < other)


def _less_or_equal(first: Value, other: Value) -> bool:
    return _less(first, other) or equal(first, other)


def _index(item: Value, *indexes: Value) -> Value:
    if _invalid(item):
        raise FunctionError("index of untyped nil")
    for index in indexes:
        if item is None:
            raise FunctionError("index of nil pointer")
        if isinstance(item, dict):
            item = _entry(item, index)
        elif isinstance(item, list | str):
            item = _element(item, index)
        else:
            name = item.go_type if isinstance(item, Struct) else type_of(item)
            raise FunctionError(f"can't index item of type {name}")
    return item


def _entry(item: dict[str, Value], key: Value) -> Value:
    if _invalid(key):
        raise FunctionError("value is nil; should be of type string")
    if not isinstance(key, str):
        raise FunctionError(f"value has type {type_of(key)}; should be string")
    absent = "" if isinstance(item, Map) and item.go_type == "map[string]string" else None
    return item.get(key, absent)


def _element(item: Value, index: Value) -> Value:
    if _invalid(index):
        raise FunctionError("cannot index slice/array with nil")
    if not isinstance(index, int) or isinstance(index, bool):
        raise FunctionError(f"cannot index slice/array with type {type_of(index)}")
    items: Value = encode(item) if isinstance(item, str) else item
    if not 0 <= index <= len(items):
        raise FunctionError(f"index out of range: {int(index)}")
    if index == len(items):
        what = "string" if isinstance(item, str) else "slice"
        raise FunctionError(f"reflect: {what} index out of range")
    return Uint8(items[index]) if isinstance(item, str) else items[index]


def _length(item: Value) -> int:
    if item is None:
        raise FunctionError("len of nil pointer")
    if item is MISSING:
        raise FunctionError("reflect: call of reflect.Value.Type on zero Value")
    if isinstance(item, str):
        return len(item) if item.isascii() else len(encode(item))
    if isinstance(item, list | dict):
        return len(item)
    name = item.go_type if isinstance(item, Struct) else type_of(item)
    raise FunctionError(f"len of type {name}")


def _escapable(values: tuple[Value, ...]) -> str:
    """The one string that html, js and urlquery escape."""
    sink = Sink()
    was_text = True
    for value in values:
        is_text = isinstance(value, str) or _invalid(value)
        if not (is_text or was_text):
            sink.add(" ")
        sink.add(printed(value))
        was_text = is_text
    return str(sink)


def _html(*values: Value) -> str:
    text = _escapable(values)
    meter().size(len(text) * 2)
    return text.translate(_HTML)


def _script(*values: Value) -> str:
    text = _escapable(values)
    if text.isascii() and text.isprintable() and not any(mark in text for mark in _SCRIPT):
        return text
    meter().size(len(text) * 2)
    meter().work(len(text) >> 3)
    return "".join([_script_character(character) for character in decode(encode(text))])


def _script_character(character: str) -> str:
    code = ord(character)
    if character in _SCRIPT:
        return _SCRIPT[character]
    if code < 32:
        return f"\\u00{code:02X}"
    if 0xDC80 <= code <= 0xDCFF:
        return "\\uFFFD"
    if code < 128 or character.isprintable():
        return character
    return f"\\u{code:04X}"


def _url_query(*values: Value) -> str:
    text = _escapable(values)
    meter().size(len(text) * 2)
    from urllib.parse import quote_plus  # noqa: PLC0415  slow to import

    return quote_plus(encode(text), safe="")


def _print(*values: Value) -> str:
    return sprint(values)


def _println(*values: Value) -> str:
    return sprintln(values)


def _printf(template: str, *values: Value) -> str:
    return sprintf(template, values)


FUNCTIONS = declare(
    {
        "not": (lambda value: not is_true(value), "value"),
        "eq": (equal, "value ...value"),
        "ne": (lambda first, other: not equal(first, other), "value value"),
        "lt": (_less, "value value"),
        "le": (_less_or_equal, "value value"),
        "gt": (lambda first, other: not _less_or_equal(first, other), "value value"),
        "ge": (lambda first, other: not _less(first, other), "value value"),
        "index": (_index, "value ...value"),
        "len": (_length, "value"),
        "print": (_print, "...any"),
        "println": (_println, "...any"),
        "printf": (_printf, "string ...any"),
        "html": (_html, "...any"),
        "js": (_script, "...any"),
        "urlquery": (_url_query, "...any"),
    }
)
"""By name; sprig's functions of the same name replace them (slice)."""
