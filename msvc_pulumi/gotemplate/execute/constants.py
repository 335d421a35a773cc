"""Returns the constants of a template in the types their places give them.

A constant is untyped: as an argument it takes the type of the parameter, elsewhere that of its
notation (exec.go idealConstant, evalArg).
"""

from __future__ import annotations

from ..parse.nodes import BoolNode, NilNode, Node, NumberNode, StringNode
from ..reflect.calls import ANY, VALUE, type_name
from ..reflect.values import MISSING, Int32, Int64, Map, Value
from ..strconv.literals import Number
from .access import Argument
from .state import State

__all__ = ["constant", "ideal"]

_EXPECTED = {
    "string": "string",
    "bool": "bool",
    "int": "integer",
    "int32": "integer",
    "int64": "integer",
    "uint32": "unsigned integer",
    "float64": "float",
}


def constant(node: Node) -> Argument:
    """A constant in argument position takes the type of the parameter."""

    def argument(state: State, _: Value, parameter: str) -> Value:
        state.node = node
        if isinstance(node, NilNode):
            if parameter == "map":
                return Map(nil=True)
            if parameter == VALUE:
                return MISSING
            if parameter in (ANY, "version"):
                return None
            state.fail(f"cannot assign nil to {type_name(parameter)}")
        if parameter in (ANY, VALUE):
            if isinstance(node, NumberNode):
                return ideal(state, node.number)
            return node.value  # type: ignore[attr-defined]
        value = _typed(node, parameter)
        if value is None:
            if parameter in _EXPECTED:
                state.fail(f"expected {_EXPECTED[parameter]}; found {node}")
            state.fail(f"can't handle {node} for arg of type {type_name(parameter)}")
        return value

    return argument


def _typed(node: Node, parameter: str) -> Value:
    """The constant as the basic type ``parameter``; None if it is none."""
    if isinstance(node, StringNode):
        return node.value if parameter == "string" else None
    if isinstance(node, BoolNode):
        return node.value if parameter == "bool" else None
    if not isinstance(node, NumberNode):
        return None
    number = node.number
    if parameter == "float64":
        return number.floating
    if parameter == "uint32":
        return None if number.unsigned is None else number.unsigned & 0xFFFFFFFF
    if number.integer is None or parameter not in ("int", "int32", "int64"):
        return None
    if parameter == "int":
        return number.integer
    return Int32(number.integer) if parameter == "int32" else Int64(number.integer)


def ideal(state: State, number: Number) -> Value:
    if number.imaginary is not None:
        return number.imaginary
    if number.is_float_literal:
        return number.floating
    if number.integer is None:
        state.fail(f"{number.text} overflows int")
    return number.integer
