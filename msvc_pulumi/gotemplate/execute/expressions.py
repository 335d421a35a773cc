"""Returns executable pipelines: closures made once from the syntax tree, run many times.

Order of evaluation, conversions and messages are those of text/template (exec.go). Two things of
Go's need words. A function's declared types decide how constants are read and what else it takes
(`calls`). And a nil that went through a pipeline is an absent value: `MISSING` afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NoReturn

from ..parse.nodes import (
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
from ..reflect.calls import VALUE
from ..reflect.values import (
    MISSING,
    Value,
    is_true,
    type_of,
)
from .access import NOTHING, Argument, Receiver, Site, call, checked, field
from .constants import constant, ideal
from .functions import NAMES, SPECIAL, function
from .state import State

__all__ = ["Pipe", "compile_pipe"]

Pipe = Callable[[State, Value], Value]
"""Evaluates with a dot."""
_Command = Callable[[State, Value, Value], Value]
"""Evaluates with a dot and the previous command's result, or NOTHING in a pipe's first."""


def compile_pipe(pipe: PipeNode) -> Pipe:
    """The pipeline as a closure; it declares or assigns the pipe's variables, too."""
    commands = [_command(command) for command in pipe.commands]
    names = [variable.name for variable in pipe.declarations]
    first, rest = commands[0], commands[1:]
    if not names and not rest:

        def single(state: State, dot: Value) -> Value:
            state.node = pipe
            value = first(state, dot, NOTHING)
            return MISSING if value is None else value

        return single

    def evaluate(state: State, dot: Value) -> Value:
        state.node = pipe
        value = first(state, dot, NOTHING)
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
                state.variables.append([name, value, False])
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
    fixed = None if pipe or isinstance(word, DotNode) else _untyped(word)

    def evaluate(state: State, dot: Value, final: Value) -> Value:
        if pipe is None:
            state.node = word
        if arguments or final is not NOTHING:
            state.fail(f"can't give argument to non-function {word}")
        if pipe is not None:
            return pipe(state, dot)
        return dot if fixed is None else fixed(state)

    return evaluate


def _untyped(node: Node) -> Callable[[State], Value]:
    """A constant where no parameter gives it a type."""
    if isinstance(node, BoolNode | StringNode):
        value = node.value
        return lambda _: value
    if isinstance(node, NumberNode):
        return lambda state: ideal(state, node.number)

    def no_command(state: State) -> Value:
        state.fail("nil is not a command")

    return no_command


# --- arguments ---


def _argument(node: Node) -> Argument:
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
                return fields(state, dot, NOTHING)

        case IdentifierNode():
            called = _call(node, node, ())

            def evaluate(state: State, dot: Value) -> Value:
                return called(state, dot, NOTHING)

        case _:
            return constant(node)

    def argument(state: State, dot: Value, parameter: str) -> Value:
        state.node = node
        return checked(state, evaluate(state, dot), parameter)

    return argument


# --- calls ---


def _call(word: IdentifierNode, node: Node, arguments: Sequence[Node]) -> _Command:
    name = word.name
    if name in SPECIAL and name in NAMES:
        return _special(word, node, arguments)
    site = Site(node, [_argument(argument) for argument in arguments])
    known = function(name) if name in NAMES else None

    def evaluate(state: State, dot: Value, final: Value) -> Value:
        state.node = word
        called = state.functions.get(name) or known
        if called is None:
            state.fail(f'"{name}" is not a defined function')
        return call(state, dot, called, site, final)

    return evaluate


def _special(word: IdentifierNode, node: Node, arguments: Sequence[Node]) -> _Command:
    """and, or, call: the builtins that see their arguments before these are evaluated."""
    name = word.name
    compiled = [_argument(argument) for argument in arguments]

    def evaluate(state: State, dot: Value, final: Value) -> Value:
        state.node = word
        state.meter.step()
        if not compiled and final is NOTHING:
            state.fail(f"wrong number of args for {name}: want at least 1 got 0")
        value: Value = MISSING
        for argument in compiled:
            value = argument(state, dot, VALUE)
            if name != "call" and is_true(value) == (name == "or"):
                return value
        if name != "call":
            return value if final is NOTHING else final
        callee = str(arguments[0]) if arguments else "<reflect.Value Value>"
        first = compiled[0](state, dot, VALUE) if compiled else final
        state.node = node
        if first is None or first is MISSING:
            state.fail("error calling call: call of nil")
        shown = f"non-function {callee} of type {type_of(first)}"
        raise state.error(f"error calling call: {shown}")

    return evaluate


# --- fields ---


def _fields(node: FieldNode | ChainNode | VariableNode, arguments: Sequence[Node]) -> _Command:
    names = node.fields
    inner = Site(node, ())
    site = Site(node, [_argument(argument) for argument in arguments])
    receiver = _receiver(node)
    if not names:

        def variable(state: State, dot: Value, final: Value) -> Value:
            state.node = node
            if arguments or final is not NOTHING:
                state.fail(f"can't give argument to non-function {node}")
            return receiver(state, dot)[0]

        return variable

    def evaluate(state: State, dot: Value, final: Value) -> Value:
        state.node = node
        value, boxed = receiver(state, dot)
        for name in names[:-1]:
            in_interface = type(value) is dict
            value = field(state, dot, Receiver(value, boxed), name, inner)
            boxed = in_interface
        return field(state, dot, Receiver(value, boxed), names[-1], site, final=final)

    return evaluate


def _receiver(
    node: FieldNode | ChainNode | VariableNode,
) -> Callable[[State, Value], tuple[Value, bool]]:
    """What the first field is taken of, and whether Go holds it as an interface."""
    if isinstance(node, FieldNode):
        return lambda state, dot: (dot, state.boxed)
    if isinstance(node, VariableNode):
        name = node.name
        return lambda state, _dot: state.variable(name)
    if isinstance(node.term, NilNode):

        def nil(state: State, _: Value) -> NoReturn:
            state.fail(f"indirection through explicit nil in {node}")

        return nil
    term = _argument(node.term)
    return lambda state, dot: (term(state, dot, VALUE), False)
