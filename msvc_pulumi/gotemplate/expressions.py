"""Returns executable pipelines: closures made once from the syntax tree, run many times.

Order of evaluation, conversions and messages are those of text/template (exec.go). Two things of
Go's need words. A function's declared types decide how constants are read and what else it takes
(`calls`). And a nil that went through a pipeline is an absent value: `MISSING` afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..errors import nearest
from .calls import ANY, VALUE, Function, assignable, type_name
from .errors import FunctionError, LimitExceededError, TemplateError
from .functions import NAMES, SPECIAL, function
from .literals import Number
from .nodes import (
    BoolNode,
    ChainNode,
    CommandNode,
    DotNode,
    FieldNode,
    IdentifierNode,
    NilNode,
    Node,
    NumberNode,
    PipeNode,
    StringNode,
    VariableNode,
)
from .state import State
from .values import (
    MISSING,
    Int32,
    Int64,
    Map,
    Opaque,
    Struct,
    Value,
    is_true,
    type_of,
)

__all__ = ["Pipe", "compile_pipe"]

Pipe = Callable[[State, Value], Value]
"""Evaluates with a dot."""
_Command = Callable[[State, Value, Value], Value]
"""Evaluates with a dot and the previous command's result, or _NOTHING in a pipe's first."""
_Argument = Callable[[State, Value, str], Value]
"""Evaluates with a dot, as a parameter of the named type."""

_NOTHING = object()


def compile_pipe(pipe: PipeNode) -> Pipe:
    """The pipeline as a closure; it declares or assigns the pipe's variables, too."""
    commands = [_command(command) for command in pipe.commands]
    names = [variable.name for variable in pipe.declarations]
    first, rest = commands[0], commands[1:]
    if not names and not rest:

        def single(state: State, dot: Value) -> Value:
            state.node = pipe
            value = first(state, dot, _NOTHING)
            return MISSING if value is None else value

        return single

    def evaluate(state: State, dot: Value) -> Value:
        state.node = pipe
        value = first(state, dot, _NOTHING)
        if value is None:
            value = MISSING
        for command in rest:
            value = command(state, dot, value)
            if value is None:
                value = MISSING
        for name in names:
            if pipe.assigns:
                state.assign(name, value)
            else:
                state.variables.append([name, value])
        return value

    return evaluate


def _command(command: CommandNode) -> _Command:
    word = command.arguments[0]
    arguments = command.arguments[1:]
    if isinstance(word, IdentifierNode):
        return _call(word, command, arguments)
    if isinstance(word, FieldNode | ChainNode | VariableNode):
        return _fields(word, arguments)
    pipe = compile_pipe(word) if isinstance(word, PipeNode) else None
    constant = None if pipe or isinstance(word, DotNode) else _untyped(word)

    def evaluate(state: State, dot: Value, final: Value) -> Value:
        if pipe is None:
            state.node = word
        if arguments or final is not _NOTHING:
            shown = f"({word})" if isinstance(word, PipeNode) else str(word)
            state.fail(f"can't give argument to non-function {shown.strip('()')}")
        if pipe is not None:
            return pipe(state, dot)
        return dot if constant is None else constant(state)

    return evaluate


def _untyped(node: Node) -> Callable[[State], Value]:
    """A constant where no parameter gives it a type."""
    if isinstance(node, BoolNode | StringNode):
        value = node.value
        return lambda _: value
    if isinstance(node, NumberNode):
        return lambda state: _ideal(state, node.number)

    def no_command(state: State) -> Value:
        state.fail("nil is not a command")

    return no_command


def _ideal(state: State, number: Number) -> Value:
    if number.imaginary is not None:
        return number.imaginary
    if number.is_float_literal:
        return number.floating
    if number.integer is None:
        state.fail(f"{number.text} overflows int")
    return number.integer


# --- arguments ---


def _argument(node: Node) -> _Argument:
    """A term in argument position, converted to the parameter it is given for."""
    evaluate: Pipe
    match node:
        case DotNode():

            def evaluate(_: State, dot: Value) -> Value:
                return dot

        case PipeNode():
            evaluate = compile_pipe(node)
        case FieldNode() | VariableNode() | ChainNode():
            fields = _fields(node, ())

            def evaluate(state: State, dot: Value) -> Value:
                return fields(state, dot, _NOTHING)

        case IdentifierNode():
            call = _call(node, node, ())

            def evaluate(state: State, dot: Value) -> Value:
                return call(state, dot, _NOTHING)

        case _:
            return _constant(node)

    def argument(state: State, dot: Value, parameter: str) -> Value:
        state.node = node
        return _checked(state, evaluate(state, dot), parameter)

    return argument


def _checked(state: State, value: Value, parameter: str) -> Value:
    try:
        return assignable(value, parameter)
    except ValueError as problem:
        state.fail(str(problem))


_EXPECTED = {
    "string": "string",
    "bool": "bool",
    "int": "integer",
    "int32": "integer",
    "int64": "integer",
    "uint32": "unsigned integer",
    "float64": "float",
}


def _constant(node: Node) -> _Argument:
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
                return _ideal(state, node.number)
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


# --- calls ---


def _call(word: IdentifierNode, node: Node, arguments: Sequence[Node]) -> _Command:
    name = word.name
    if name in SPECIAL and name in NAMES:
        return _special(word, node, arguments)
    compiled = [_argument(argument) for argument in arguments]
    known = function(name) if name in NAMES else None

    def evaluate(state: State, dot: Value, final: Value) -> Value:
        state.node = word
        called = state.functions.get(name) or known
        if called is None:
            state.fail(f'"{name}" is not a defined function')
        return _evaluate_call(state, dot, called, node, compiled, final)

    return evaluate


def _evaluate_call(
    state: State,
    dot: Value,
    called: Function,
    node: Node,
    arguments: Sequence[_Argument],
    final: Value,
) -> Value:
    state.meter.step()
    parameters, variadic = called.parameters, called.variadic
    fixed = len(parameters)
    given = len(arguments) + (final is not _NOTHING)
    if given != fixed and (not variadic or given < fixed):
        least = "at least " if variadic else ""
        got = len(arguments) if variadic else given
        state.fail(f"wrong number of args for {called.name}: want {least}{fixed} got {got}")
    values = [
        argument(state, dot, parameters[index] if index < fixed else variadic)
        for index, argument in enumerate(arguments)
    ]
    if final is not _NOTHING:
        last = parameters[given - 1] if given <= fixed else variadic
        values.append(_checked(state, final, last))
    try:
        result = called.call(*values)
    except FunctionError as problem:
        message = str(problem)
    except (TemplateError, LimitExceededError, RecursionError, MemoryError):
        state.node = node
        raise
    except Exception as problem:  # a function's bug is its caller's error, never a traceback
        message = f"{type(problem).__name__}: {problem}"
    else:
        if called.result:
            result = called.convert(result)
        state.meter.keep(result)
        return result
    state.node = node
    state.fail(f"error calling {called.name}: {message}")


def _special(word: IdentifierNode, node: Node, arguments: Sequence[Node]) -> _Command:
    """and, or, call: the builtins that see their arguments before these are evaluated."""
    name = word.name
    compiled = [_argument(argument) for argument in arguments]

    def evaluate(state: State, dot: Value, final: Value) -> Value:
        state.node = word
        state.meter.step()
        if not compiled and final is _NOTHING:
            state.fail(f"wrong number of args for {name}: want at least 1 got 0")
        value: Value = MISSING
        for argument in compiled:
            value = argument(state, dot, VALUE)
            if name != "call" and is_true(value) == (name == "or"):
                return value
        if name != "call":
            return value if final is _NOTHING else final
        callee = str(arguments[0]) if arguments else "<reflect.Value Value>"
        first = compiled[0](state, dot, VALUE) if compiled else final
        state.node = node
        if first is None or first is MISSING:
            state.fail("error calling call: call of nil")
        state.fail(f"error calling call: non-function {callee} of type {type_of(first)}")

    return evaluate


# --- fields ---


def _fields(node: FieldNode | ChainNode | VariableNode, arguments: Sequence[Node]) -> _Command:
    names = node.fields
    compiled = [_argument(argument) for argument in arguments]
    if isinstance(node, ChainNode):
        term = _argument(node.term) if not isinstance(node.term, NilNode) else None

    def evaluate(state: State, dot: Value, final: Value) -> Value:
        state.node = node
        if isinstance(node, FieldNode):
            value = dot
        elif isinstance(node, VariableNode):
            value = state.variable(node.name)
            if not names and (compiled or final is not _NOTHING):
                state.fail(f"can't give argument to non-function {node}")
        elif term is None:
            state.fail(f"indirection through explicit nil in {node}")
        else:
            value = term(state, dot, VALUE)
        shown = ""
        last = len(names) - 1
        for index, name in enumerate(names):
            plain = type(value) is dict
            if index == last:
                return _field(state, dot, value, name, shown, node, compiled, final)
            value = _field(state, dot, value, name, shown, node, (), _NOTHING)
            shown = "interface {}" if plain else ""
        return value

    return evaluate


def _field(
    state: State,
    dot: Value,
    receiver: Value,
    name: str,
    shown: str,
    node: Node,
    arguments: Sequence[_Argument],
    final: Value,
) -> Value:
    """One field of ``receiver``; ``shown`` is its static Go type where that is not its own."""
    has_arguments = bool(arguments) or final is not _NOTHING
    if isinstance(receiver, Struct):
        if name not in receiver.values:
            _no_field(state, receiver, name)
        if has_arguments:
            state.fail(f"{name} has arguments but cannot be invoked as function")
        return receiver.values[name]
    if isinstance(receiver, dict):
        if has_arguments:
            state.fail(f"{name} is not a method but has arguments")
        value = receiver.get(name, MISSING)
        if value is MISSING and state.missing_key != "default":
            if state.missing_key == "error":
                state.fail(f'map has no entry for key "{name}"')
            text = isinstance(receiver, Map) and receiver.go_type == "map[string]string"
            return "" if text else None
        return value
    if receiver is MISSING:
        if state.missing_key == "error":
            state.fail(f'nil data; no entry for key "{name}"')
        return MISSING
    if receiver is None:
        state.fail(f"nil pointer evaluating interface {{}}.{name}")
    if isinstance(receiver, Opaque) and name in receiver.methods:
        parameters, call = receiver.methods[name]
        method = Function(name, call, parameters)
        return _evaluate_call(state, dot, method, node, arguments, final)
    state.fail(f"can't evaluate field {name} in type {shown or type_of(receiver)}")


def _no_field(state: State, receiver: Struct, name: str) -> None:
    near = nearest(name, receiver.values)
    state.fail(
        f"can't evaluate field {name} in type *{receiver.go_type}",
        help=f"did you mean .{near}?" if near else f"there is: {', '.join(receiver.values)}",
    )
