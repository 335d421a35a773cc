"""Returns what functions give for marked arguments: the same text, and which stretches are data's.

Functions that only hand values on, or print them piece by piece, take marked values as they are.
All others get the plain ones, and what they return is one stretch as a whole, unless it is known
here how to tell better (`_FINER`). What is known here is never believed over the function: a text
that differs from its result is not used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..errors import FunctionError
from ..fmt.printing import display
from ..marked import Marked, changed, joined
from ..reflect.calls import Function
from ..reflect.provenance import plain, variable_in, wholly
from ..reflect.values import Map, Slice, Value
from ..strconv.literals import quote

__all__ = ["traced"]

_TESTS = "not eq ne lt le gt ge len contains hasPrefix hasSuffix empty all any deepEqual fail"
_CHOICES = "coalesce default index plural ternary kindIs kindOf typeIs typeIsLike typeOf"
_MAPS = (
    "dict dig get hasKey keys merge mergeOverwrite mustMerge mustMergeOverwrite omit pick pluck set"
    " unset values deepCopy mustDeepCopy"
)
_LISTS = (
    "append chunk compact concat first has initial last list mustAppend mustChunk mustCompact"
    " mustFirst mustHas mustInitial mustLast mustPrepend mustPush mustRest mustReverse mustSlice"
    " mustUniq mustWithout prepend push rest reverse slice sortAlpha toStrings tuple uniq without"
)
_JSON = "mustToJson mustToPrettyJson mustToRawJson toJson toPrettyJson toRawJson"
_PARSING = frozenset(("fromJson", "mustFromJson"))
_CARRYING = frozenset(f"{_TESTS} {_CHOICES} {_MAPS} {_LISTS}".split())
_PRINTING = frozenset(f"print println printf toString {_JSON}".split())


def traced(called: Function, values: list[Value]) -> Value:
    """The result of ``called``, marked where it comes from marked ``values``."""
    name = called.name
    if name in _CARRYING:
        return called.call(*values)
    variable = variable_in(values)
    if variable is None:
        return called.call(*values)
    if name in _PRINTING:
        result = called.call(*values)
        # should the printing have lost the stretches, it is one as a whole
        return result if type(result) is Marked else wholly(result, variable)
    result = called.call(*map(plain, values))
    if name in _PARSING and not _is_of_authors_shape(called, values[0], result):
        raise FunctionError(
            f"the value of {variable or 'a variable'} would say what the JSON consists of"
        )
    finer = _FINER.get(name)
    better = finer(*values) if finer else None
    if better is None or better != result:
        return wholly(result, variable)
    if isinstance(result, Slice):
        return Slice(better, result.go_type, nil=result.nil)
    if isinstance(result, Map):
        return Map(better.items(), result.go_type, nil=result.nil)
    return better


def _is_of_authors_shape(called: Function, text: str, result: Value) -> bool:
    """Whether what ``text`` is parsed to has the shape that it has with other data in it."""
    pieces = (piece if name is None else "x" * len(piece) for piece, name in _segments(text))
    try:
        return _shape(called.call("".join(pieces))) == _shape(result)
    except FunctionError:
        return False


def _segments(text: str) -> Iterator[tuple[str, str | None]]:
    return text.segments() if isinstance(text, Marked) else iter(((text, None),))


def _shape(value: Value) -> object:
    if isinstance(value, dict):
        return {"": list(map(_shape, value.values()))}
    return list(map(_shape, value)) if isinstance(value, list) else type(value)


def _quoted(value: Value) -> str:
    text = display(value)
    if type(text) is not Marked:
        return quote(text)
    return joined(('"', changed(text, lambda piece: quote(piece)[1:-1]), '"'))


def _stated(values: tuple[Value, ...]) -> Iterator[Value]:
    return (value for value in values if value is not None)


def _indent(spaces: int, text: str) -> str:
    """A line end of a stretch and what is put behind it belong to the stretch."""
    padding = " " * spaces
    return joined((padding, changed(text, lambda piece: piece.replace("\n", f"\n{padding}"))))


def _join(separator: str, value: Value) -> str | None:
    if not isinstance(value, list):
        return None
    return joined([display(item) for item in value if item is not None], separator)


def _pieces(separator: str, text: str) -> list[str]:
    if not separator:
        return list(text)
    pieces = []
    position = 0
    for piece in str.__str__(text).split(str.__str__(separator)):
        pieces.append(text[position : position + len(piece)])
        position += len(piece) + len(separator)
    return pieces


def _replace(old: str, new: str, text: str) -> str | None:
    return joined(_pieces(old, text), new) if old else None


def _trim(cut: str, text: str) -> str:
    start = len(text) - len(text.lstrip(cut))
    return text[start : start + len(text.strip(cut))]


def _trim_prefix(prefix: str, text: str) -> str:
    return text[len(prefix) :] if text.startswith(prefix) else text


def _trim_suffix(suffix: str, text: str) -> str:
    return text[: len(text) - len(suffix)] if text.endswith(suffix) else text


def _truncate(length: int, text: str) -> str:
    return text[length:] if length < 0 else text[:length]


def _substring(start: int, end: int, text: str) -> str:
    if start < 0:
        return text[:end]
    return text[start:] if end < 0 or end > len(text) else text[start:end]


_FINER: Mapping[str, Callable[..., Any]] = {
    "cat": lambda *values: joined(map(display, _stated(values)), " "),
    "indent": _indent,
    "join": _join,
    "lower": lambda text: changed(text, str.lower),
    "nindent": lambda spaces, text: joined(("\n", _indent(spaces, text))),
    "quote": lambda *values: joined(map(_quoted, _stated(values)), " "),
    "repeat": lambda count, text: joined([text] * count),
    "replace": _replace,
    "split": lambda separator, text: {
        f"_{index}": piece for index, piece in enumerate(_pieces(separator, text))
    },
    "splitList": _pieces,
    "squote": lambda *values: joined(
        (joined(("'", display(value), "'")) for value in _stated(values)), " "
    ),
    "substr": _substring,
    "trim": lambda text: _trim("\t\n\v\f\r \x85\xa0", text),
    "trimAll": _trim,
    "trimPrefix": _trim_prefix,
    "trimSuffix": _trim_suffix,
    "trimall": _trim,
    "trunc": _truncate,
    "upper": lambda text: changed(text, str.upper),
}
