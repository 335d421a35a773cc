"""Returns sprig's defaults, choices, reflection and deep comparison."""

from __future__ import annotations

from typing import NoReturn

from ..errors import FunctionError
from ..limits.budget import meter
from ..reflect.calls import declare
from ..reflect.values import Map, Opaque, Slice, Struct, Value, is_empty, is_nil, kind_of, type_of

__all__ = ["FUNCTIONS", "deep_equal"]


def _default(fallback: Value, *given: Value) -> Value:
    return fallback if not given or is_empty(given[0]) else given[0]


def _coalesce(*values: Value) -> Value:
    return next((value for value in values if not is_empty(value)), None)


def _ternary(when_true: Value, when_false: Value, condition: bool) -> Value:
    return when_true if condition else when_false


def _fail(message: str) -> NoReturn:
    raise FunctionError(message)


def deep_equal(left: Value, right: Value) -> bool:
    """reflect.DeepEqual: same types, same contents; nil and empty differ."""
    meter().work()
    if type_of(left) != type_of(right):
        return False
    if isinstance(left, list):
        return (
            is_nil(left) == is_nil(right)
            and len(left) == len(right)
            and (left is right or all(map(deep_equal, left, right)))
        )
    if isinstance(left, dict):
        return (
            is_nil(left) == is_nil(right)
            and left.keys() == right.keys()
            and (left is right or all(deep_equal(item, right[key]) for key, item in left.items()))
        )
    if isinstance(left, Struct):
        return left is right or left.values == right.values
    if isinstance(left, Opaque):
        return bool(left.payload == right.payload)
    return bool(left == right)


def _deep_copy(value: Value) -> Value:
    """copystructure.Copy: lists and maps anew, all else as it is."""
    current = meter()
    current.work()
    if isinstance(value, list | dict):
        current.keep(value)
    if isinstance(value, Slice):
        return Slice(map(_deep_copy, value), value.go_type, nil=value.nil)
    if isinstance(value, Map):
        items = ((key, _deep_copy(item)) for key, item in value.items())
        return Map(items, value.go_type, nil=value.nil)
    if isinstance(value, list):
        return [_deep_copy(item) for item in value]
    if isinstance(value, dict):
        return {key: _deep_copy(item) for key, item in value.items()}
    return value


def _copy(value: Value) -> Value:
    if value is None:
        raise FunctionError("reflect: call of reflect.Value.Type on zero Value")
    return _deep_copy(value)


def _type_is_like(target: str, value: Value) -> bool:
    found = type_of(value)
    return found in (target, f"*{target}")


FUNCTIONS = declare(
    {
        "all": (lambda *values: not any(map(is_empty, values)), "...any"),
        "any": (lambda *values: not all(map(is_empty, values)), "...any"),
        "coalesce": (_coalesce, "...any"),
        "deepCopy": (_copy, "any"),
        "deepEqual": (deep_equal, "any any"),
        "default": (_default, "any ...any"),
        "empty": (is_empty, "any"),
        "fail": (_fail, "string"),
        "hello": (lambda: "Hello!", ""),
        "kindIs": (lambda target, value: target == kind_of(value), "string any"),
        "kindOf": (kind_of, "any"),
        "mustDeepCopy": (_copy, "any"),
        "ternary": (_ternary, "any any bool"),
        "typeIs": (lambda target, value: target == type_of(value), "string any"),
        "typeIsLike": (_type_is_like, "string any"),
        "typeOf": (type_of, "any"),
    }
)
