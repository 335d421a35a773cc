"""Returns how Go calls a template function: counts and checks arguments, converts constants.

Parameters are named by their Go types. Constants in a template are untyped and take the type of
the parameter; everything else has to have exactly that type, which is why ``until (add 1 2)`` is
an error: add returns int64.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from ..marked import Marked
from .values import MISSING, Int32, Int64, Map, Opaque, Value, type_of

__all__ = ["ANY", "VALUE", "Function", "Table", "assignable", "declare", "type_name"]

ANY = "any"
"""An interface {}: takes everything, a missing value as nil."""
VALUE = "value"
"""A reflect.Value: takes everything, a missing value as such."""


class Function(NamedTuple):
    """A function templates can call.

    ``parameters`` are Go types (string, int, int32, int64, float64, bool, map, time, any, value);
    with ``variadic`` set to one, further arguments of that type may follow. ``call`` gets the
    checked arguments and raises FunctionError for what is an ``error`` in Go. ``result`` is the Go
    type of what it returns: int32 and int64 are applied to a plain int.
    """

    name: str
    call: Callable[..., Value]
    parameters: tuple[str, ...] = ("string",)
    variadic: str = ""
    result: str = ""

    def convert(self, value: Value) -> Value:
        """``value`` as the declared result type."""
        if type(value) is int:
            if self.result == "int32":
                return Int32(value)
            if self.result == "int64":
                return Int64(value)
        return value


Table = Mapping[str, Function]


def declare(
    functions: Mapping[str, tuple[Callable[..., Value], str]],
) -> dict[str, Function]:
    """Functions by name from (call, "type type ...type") pairs."""
    table = {}
    for name, (call, signature) in functions.items():
        parameters = signature.split()
        variadic = ""
        if parameters and parameters[-1].startswith("..."):
            variadic = parameters.pop()[3:]
        table[name] = Function(name, call, tuple(parameters), variadic)
    return table


_PYTHON_TYPES: dict[str, type] = {
    "string": str,
    "bool": bool,
    "int": int,
    "int32": Int32,
    "int64": Int64,
    "float64": float,
    "map": dict,
}
_GO_NAMES = {
    "map": "map[string]interface {}",
    "any": "interface {}",
    "value": "reflect.Value",
    "time": "time.Time",
    "version": "*semver.Version",
}


def type_name(parameter: str) -> str:
    """The Go type a parameter's name stands for."""
    return _GO_NAMES.get(parameter, parameter)


def assignable(value: Value, parameter: str) -> Value:
    """``value`` as an argument for ``parameter``; ValueError with Go's words if it is none."""
    if type(value) is _PYTHON_TYPES.get(parameter):
        return value
    if parameter == ANY:
        return None if value is MISSING else value
    if parameter == VALUE or (parameter == "string" and type(value) is Marked):
        return value
    name = type_name(parameter)
    if value is MISSING:
        if parameter == "map":
            return Map(nil=True)
        if parameter == "version":
            return None
        raise ValueError(f"invalid value; expected {name}")
    if isinstance(value, Map | Opaque) and value.go_type == name:
        return value
    found = "interface {}" if value is None else type_of(value)
    raise ValueError(f"wrong type for value; expected {name}; got {found}")
