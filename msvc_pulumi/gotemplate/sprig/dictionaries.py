"""Returns sprig's functions on maps; merging as dario.cat/mergo 1.0 does it."""

from __future__ import annotations

from collections.abc import Callable

from ..errors import FunctionError
from ..limits.budget import meter
from ..reflect.calls import declare
from ..reflect.values import Map, Value, is_nil, is_true, strings, type_of
from .conversions import to_string

__all__ = ["FUNCTIONS"]


def _dict(*items: Value) -> dict[str, Value]:
    result: dict[str, Value] = {}
    length = 0
    for index in range(0, len(items), 2):
        key = to_string(items[index])
        length += len(key)
        meter().size(length)
        result[key] = items[index + 1] if index + 1 < len(items) else ""
    return result


def _get(source: dict[str, Value], key: str) -> Value:
    return source.get(key, "")


def _set(target: dict[str, Value], key: str, value: Value) -> dict[str, Value]:
    if is_nil(target):
        raise FunctionError("assignment to entry in nil map")
    target[key] = value
    meter().count(len(target))
    return target


def _unset(target: dict[str, Value], key: str) -> dict[str, Value]:
    target.pop(key, None)
    return target


def _pluck(key: str, *sources: dict[str, Value]) -> list[Value]:
    return [source[key] for source in sources if key in source]


def _keys(*sources: dict[str, Value]) -> list[Value]:
    meter().count(sum(map(len, sources)))
    return strings(key for source in sources for key in source)


def _pick(source: dict[str, Value], *keys: str) -> dict[str, Value]:
    return {key: source[key] for key in keys if key in source}


def _omit(source: dict[str, Value], *keys: str) -> dict[str, Value]:
    unwanted = frozenset(keys)
    return {key: value for key, value in source.items() if key not in unwanted}


def _values(source: dict[str, Value]) -> list[Value]:
    return list(source.values())


def _dig(*arguments: Value) -> Value:
    if len(arguments) < 3:
        raise FunctionError("dig needs at least three arguments")
    *path, fallback, source = arguments
    _asserted(source)
    for key in path:
        if not isinstance(key, str):
            raise FunctionError(_conversion(key, "string"))
    for key in path[:-1]:
        if key not in source:
            return fallback
        source = _asserted(source[key])
    return source.get(path[-1], fallback)


def _asserted(value: Value) -> dict[str, Value]:
    if isinstance(value, dict) and type_of(value) == "map[string]interface {}":
        return value
    raise FunctionError(_conversion(value, "map[string]interface {}"))


def _conversion(value: Value, wanted: str) -> str:
    found = "nil" if value is None else type_of(value)
    return f"interface conversion: interface {{}} is {found}, not {wanted}"


def _merging(*, overwrite: bool) -> Callable[..., dict[str, Value]]:
    """mergo.Merge, or MergeWithOverwrite, of the sources into the target, from left to right."""

    def merge(target: dict[str, Value], *sources: dict[str, Value]) -> dict[str, Value]:
        if is_nil(target):
            target = {}
        for source in sources:
            _merge_into(target, source, overwrite)
        return target

    return merge


def _merge_into(target: dict[str, Value], source: dict[str, Value], overwrite: bool) -> None:
    """A nil of the source counts only when overwriting; maps merge, lists are taken whole."""
    for key, value in list(source.items()):
        meter().work()
        current = target.get(key)
        if value is None:
            if overwrite:
                _store(target, key, value)
            continue
        if isinstance(value, dict) and isinstance(current, dict):
            if not is_nil(current):
                _merge_into(current, value, overwrite)
            if current:
                continue
        if overwrite or not is_true(current):
            _store(target, key, value)
    meter().count(len(target))


def _store(target: dict[str, Value], key: str, value: Value) -> None:
    if isinstance(target, Map) and target.go_type == "map[string]string":
        raise FunctionError(
            "reflect.Value.SetMapIndex: value of type interface {} is not assignable to type string"
        )
    target[key] = value


FUNCTIONS = declare(
    {
        "dict": (_dict, "...any"),
        "dig": (_dig, "...any"),
        "get": (_get, "map string"),
        "hasKey": (lambda source, key: key in source, "map string"),
        "keys": (_keys, "...map"),
        "merge": (_merging(overwrite=False), "map ...map"),
        "mergeOverwrite": (_merging(overwrite=True), "map ...map"),
        "mustMerge": (_merging(overwrite=False), "map ...map"),
        "mustMergeOverwrite": (_merging(overwrite=True), "map ...map"),
        "omit": (_omit, "map ...string"),
        "pick": (_pick, "map ...string"),
        "pluck": (_pluck, "string ...map"),
        "set": (_set, "map string any"),
        "unset": (_unset, "map string"),
        "values": (_values, "map"),
    }
)
