"""Returns sprig's functions on lists; results are []interface {} unless said otherwise."""

from __future__ import annotations

from collections.abc import Callable

from ..errors import FunctionError
from ..limits.budget import meter
from ..reflect.calls import declare
from ..reflect.values import Slice, Value, is_empty, kind_or_panic, strings
from ..strconv.literals import encode
from .conversions import string_list, to_int, to_string
from .decisions import deep_equal

__all__ = ["FUNCTIONS"]

_LIST = 88  # bytes that a short list takes


def _items(value: Value, verb: str) -> list[Value]:
    """``value`` as a list; the error is sprig's for a function that does ``verb``."""
    if isinstance(value, list):
        return value
    raise FunctionError(f"{verb} type {kind_or_panic(value)}")


def _nil_list() -> Slice:
    return Slice(nil=True)


def _append(items: Value, value: Value) -> list[Value]:
    return [*_items(items, "Cannot push on"), value]


def _prepend(items: Value, value: Value) -> list[Value]:
    return [value, *_items(items, "Cannot prepend on")]


def _concat(*lists: Value) -> list[Value]:
    result: list[Value] = []
    for items in lists:
        if not isinstance(items, list):
            raise FunctionError(f"Cannot concat type {kind_or_panic(items)} as list")
        meter().count(len(result) + len(items))
        result.extend(items)
    return result or _nil_list()


def _first(items: Value) -> Value:
    listed = _items(items, "Cannot find first on")
    return listed[0] if listed else None


def _last(items: Value) -> Value:
    listed = _items(items, "Cannot find last on")
    return listed[-1] if listed else None


def _rest(items: Value) -> list[Value]:
    listed = _items(items, "Cannot find rest on")
    return listed[1:] if listed else _nil_list()


def _initial(items: Value) -> list[Value]:
    listed = _items(items, "Cannot find initial on")
    return listed[:-1] if listed else _nil_list()


def _reverse(items: Value) -> list[Value]:
    return _items(items, "Cannot find reverse on")[::-1]


def _compact(items: Value) -> list[Value]:
    return [item for item in _items(items, "Cannot compact on") if not is_empty(item)]


def _contains(items: list[Value], value: Value) -> bool:
    meter().work()
    return any(deep_equal(value, item) for item in items)


def _unique(items: Value) -> list[Value]:
    result: list[Value] = []
    for item in _items(items, "Cannot find uniq on"):
        if not _contains(result, item):
            result.append(item)
    return result


def _without(items: Value, *omitted: Value) -> list[Value]:
    listed = _items(items, "Cannot find without on")
    unwanted = list(omitted)
    return [item for item in listed if not _contains(unwanted, item)]


def _has(value: Value, items: Value) -> bool:
    return items is not None and _contains(_items(items, "Cannot find has on"), value)


def _slice(items: Value, *bounds: Value) -> Value:
    if not isinstance(items, list):
        kind = kind_or_panic(items)
        raise FunctionError(f"list should be type of slice or array but {kind}")
    if not items:
        return None
    start = to_int(bounds[0]) if bounds else 0
    end = to_int(bounds[1]) if len(bounds) > 1 else len(items)
    if not 0 <= start <= end <= len(items):
        raise FunctionError("reflect.Value.Slice: slice index out of bounds")
    part = list.__getitem__(items, slice(start, end))
    return Slice(part, items.go_type) if isinstance(items, Slice) else part


def _chunk(size: int, items: Value) -> Slice:
    listed = _items(items, "Cannot chunk")
    if size > 0:
        meter().reserve(_LIST * (len(listed) // size))
        chunks = [list(listed[start : start + size]) for start in range(0, len(listed), size)]
    else:
        chunks = _chunk_backwards(size, listed)
    return Slice(chunks, "[][]interface {}")


def _chunk_backwards(size: int, listed: list[Value]) -> list[list[Value]]:
    """What sprig's float arithmetic makes of a size that is none."""
    count = (len(listed) - 1) // size + 1 if size else -1
    if count == 0:
        return []
    if count == 1 and len(listed) == 1 and size < -1:
        return [list(listed)]
    raise FunctionError("runtime error: makeslice: len out of range")


def _join(separator: str, value: Value) -> str:
    parts = string_list(value)
    meter().size(sum(map(len, parts)) + len(separator) * max(len(parts) - 1, 0))
    return separator.join(parts)


def _sort_alpha(value: Value) -> Slice:
    if isinstance(value, list):
        texts = list(string_list(value))
        texts.sort(key=None if all(map(str.isascii, texts)) else encode)
        return strings(texts)
    return strings([to_string(value)])


def _plain(call: Callable[..., Value]) -> Callable[..., Value]:
    """``call`` with results of type []interface {} whatever it was given."""

    def plain(*arguments: Value) -> Value:
        result = call(*arguments)
        if isinstance(result, Slice) and not result.nil:
            return list(result)
        return result

    return plain


FUNCTIONS = declare(
    {
        "append": (_append, "any any"),
        "chunk": (_chunk, "int any"),
        "compact": (_compact, "any"),
        "concat": (_plain(_concat), "...any"),
        "first": (_first, "any"),
        "has": (_has, "any any"),
        "initial": (_plain(_initial), "any"),
        "join": (_join, "string any"),
        "last": (_last, "any"),
        "list": (lambda *items: list(items), "...any"),
        "prepend": (_prepend, "any any"),
        "rest": (_plain(_rest), "any"),
        "reverse": (_plain(_reverse), "any"),
        "slice": (_slice, "any ...any"),
        "sortAlpha": (_sort_alpha, "any"),
        "uniq": (_unique, "any"),
        "without": (_without, "any ...any"),
    }
)
for _plain_name, _other_names in {
    "append": ("mustAppend", "mustPush", "push"),
    "chunk": ("mustChunk",),
    "compact": ("mustCompact",),
    "first": ("mustFirst",),
    "has": ("mustHas",),
    "initial": ("mustInitial",),
    "last": ("mustLast",),
    "list": ("tuple",),
    "prepend": ("mustPrepend",),
    "rest": ("mustRest",),
    "reverse": ("mustReverse",),
    "slice": ("mustSlice",),
    "uniq": ("mustUniq",),
    "without": ("mustWithout",),
}.items():
    for _name in _other_names:
        FUNCTIONS[_name] = FUNCTIONS[_plain_name]._replace(name=_name)
