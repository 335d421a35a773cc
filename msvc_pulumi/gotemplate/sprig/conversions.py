"""Returns sprig's conversions: to numbers as github.com/spf13/cast 1.7 does, to strings as fmt."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from ..fmt.printing import display, sprint
from ..limits.budget import meter
from ..reflect.calls import declare
from ..reflect.values import MISSING, Int64, Slice, Value, strings, wrap64
from ..strconv.literals import parse_float, parse_int

__all__ = ["FUNCTIONS", "go_int", "string_list", "to_float", "to_int", "to_string"]

_LOWEST = -(1 << 63)
_ZERO_FRACTION = re.compile(r"\.0+\Z")


def go_int(number: float) -> int:
    """A float converted to int64 as amd64 does: out of range is the lowest."""
    if math.isnan(number) or not _LOWEST <= number < -_LOWEST:
        return _LOWEST
    return int(number)


def to_int(value: Value) -> int:
    """cast.ToInt64: what is no number is 0; strings are read with Go's prefixes."""
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return go_int(value)
    if isinstance(value, str):
        try:
            return parse_int(_ZERO_FRACTION.sub("", value) if "." in value else value, 0)
        except ValueError:
            return 0
    return 0


def to_float(value: Value) -> float:
    """cast.ToFloat64: what is no number is 0."""
    if isinstance(value, float):
        return value
    if isinstance(value, int):
        return float(value)
    if isinstance(value, str):
        try:
            return parse_float(value)
        except ValueError:
            return 0.0
    return 0.0


def to_string(value: Value) -> str:
    """sprig's strval: %v."""
    return display(value)


def string_list(value: Value) -> Sequence[str]:
    """sprig's strslice: the items that are not nil as strings; of another value, itself alone.

    All together have no more characters than one string may have: what shows them is as long.
    """
    if isinstance(value, list):
        current = meter()
        length = 0
        texts: list[str] = []
        for item in value:
            if item is not None:
                text = display(item)
                length += len(text)
                current.size(length)
                texts.append(text)
        is_strings = isinstance(value, Slice) and value.go_type == "[]string"
        return value if is_strings else texts
    if value is None or value is MISSING:
        return []
    return [display(value)]


def _to_strings(value: Value) -> Slice:
    texts = string_list(value)
    return texts if isinstance(texts, Slice) else strings(texts)


def _atoi(text: str) -> int:
    try:
        return parse_int(text)
    except ValueError:
        return 0


def _from_octal(value: Value) -> Int64:
    try:
        return Int64(parse_int(sprint([value]), 8))
    except ValueError:
        return Int64(0)


FUNCTIONS = declare(
    {
        "atoi": (_atoi, "string"),
        "float64": (to_float, "any"),
        "int": (to_int, "any"),
        "int64": (lambda value: wrap64(to_int(value)), "any"),
        "toDecimal": (_from_octal, "any"),
        "toString": (to_string, "any"),
        "toStrings": (_to_strings, "any"),
    }
)
