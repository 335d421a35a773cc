"""Returns executable templates: closures over the statements of a syntax tree.

Scopes, break and continue unwind as in text/template (exec.go), oddities included: in the else of
a range the loop variable holds the empty list, and a break there ends only that range.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..errors import UnprintableError
from ..fmt.printing import display, printed
from ..marked import Marked
from ..parse.nodes import (
    ActionNode,
    BranchNode,
    BreakNode,
    ListNode,
    Node,
    TemplateNode,
    TextNode,
)
from ..reflect.values import MISSING, Opaque, Struct, Value, is_true
from .expressions import Pipe, compile_pipe
from .state import PRINTABLE, Body, State

__all__ = ["BREAK", "CONTINUE", "compile_list"]

BREAK = 1
CONTINUE = 2


def compile_list(nodes: ListNode) -> Body:
    """The nodes in order, until one breaks or continues a range."""
    bodies = [_statement(node) for node in nodes.nodes]
    if len(bodies) == 1:
        return bodies[0]

    def execute(state: State, dot: Value) -> int:
        for body in bodies:
            signal = body(state, dot)
            if signal:
                return signal
        return 0

    return execute


def _statement(node: Node) -> Body:
    if isinstance(node, TextNode):
        return _text(node)
    if isinstance(node, ActionNode):
        return _action(node)
    if isinstance(node, BranchNode):
        return _range(node) if node.word == "range" else _branch(node)
    if isinstance(node, TemplateNode):
        return _template(node)
    signal = BREAK if isinstance(node, BreakNode) else CONTINUE
    return lambda _state, _dot: signal


def _text(node: TextNode) -> Body:
    text, start = node.text, node.start

    def execute(state: State, _: Value) -> int:
        state.node = node
        state.write(text, start, literal=True)
        return 0

    return execute


def _action(node: ActionNode) -> Body:
    pipe = compile_pipe(node.pipe)
    declares = bool(node.pipe.declarations)
    left = node.left

    def execute(state: State, dot: Value) -> int:
        state.meter.step()
        value = pipe(state, dot)
        if not declares:
            state.node = node
            kind = type(value)
            text = value if kind is str or kind is Marked else _printed(state, value)
            state.write(text, left, literal=False)
        return 0

    return execute


def _printed(state: State, value: Value) -> str:
    try:
        return printed(value)
    except UnprintableError as problem:
        state.fail(str(problem), code="template-unprintable", help=PRINTABLE)


def _branch(node: BranchNode) -> Body:
    pipe = compile_pipe(node.pipe)
    body = compile_list(node.body)
    otherwise = None if node.otherwise is None else compile_list(node.otherwise)
    is_with = node.word == "with"

    def execute(state: State, dot: Value) -> int:
        state.meter.step()
        mark = len(state.variables)
        value = pipe(state, dot)
        signal = 0
        if not is_true(value):
            if otherwise is not None:
                signal = otherwise(state, dot)
        elif is_with:
            boxed, state.boxed = state.boxed, False
            signal = body(state, value)
            state.boxed = boxed
        else:
            signal = body(state, dot)
        del state.variables[mark:]
        return signal

    return execute


def _range(node: BranchNode) -> Body:
    pipe = compile_pipe(node.pipe)
    body = compile_list(node.body)
    otherwise = None if node.otherwise is None else compile_list(node.otherwise)
    bind = _binder(node)
    count = len(node.pipe.declarations)

    def execute(state: State, dot: Value) -> int:
        state.node = node
        state.meter.step()
        outer = len(state.variables)
        value = pipe(state, dot)
        mark = len(state.variables)
        ran = False
        boxed, state.boxed = state.boxed, type(value) in (list, dict)
        for key, item in _entries(state, value, count):
            ran = True
            state.meter.step()
            bind(state, key, item)
            signal = body(state, item)
            del state.variables[mark:]
            if signal == BREAK:
                break
        state.boxed = boxed
        signal = 0
        if not ran and otherwise is not None:
            signal = otherwise(state, dot)
        del state.variables[outer:]
        return signal if signal == CONTINUE else 0

    return execute


def _binder(node: BranchNode) -> Callable[[State, Value, Value], None]:
    """Sets the loop variables: those the pipe pushed last, or with ``=`` existing ones."""
    names = [variable.name for variable in node.pipe.declarations]
    if not names:
        return lambda _state, _key, _item: None
    if node.pipe.assigns:

        def assign(state: State, key: Value, item: Value) -> None:
            if len(names) > 1:
                state.assign(names[0], key)
            state.assign(names[-1], item)

        return assign

    def declare(state: State, key: Value, item: Value) -> None:
        state.variables[-1][1:] = item, state.boxed
        if len(names) > 1:
            state.variables[-2][1] = key

    return declare


def _entries(state: State, value: Value, count: int) -> Iterable[tuple[Value, Value]]:
    if isinstance(value, list):
        return enumerate(list(value))
    if isinstance(value, dict):
        return [(key, value[key]) for key in sorted(value)]
    if isinstance(value, int) and not isinstance(value, bool):
        if count > 1:
            state.fail(f"can't use {int(value)} to iterate over more than one variable")
        kind = type(value)
        return ((MISSING, kind(number)) for number in range(value))
    if value is MISSING:
        return ()
    shown = printed(value) if isinstance(value, Struct | Opaque) else display(value)
    raise state.error(f"range can't iterate over {shown}")


def _template(node: TemplateNode) -> Body:
    pipe: Pipe | None = None if node.pipe is None else compile_pipe(node.pipe)
    name = node.name

    def execute(state: State, dot: Value) -> int:
        state.node = node
        state.meter.step()
        body = state.templates.get(name)
        if body is None:
            state.fail(f'template "{name}" not defined')
        limit = state.meter.profile.depth
        if state.depth >= limit:
            state.fail(f"its templates call each other {limit} levels deep", code="template-limit")
        value = MISSING if pipe is None else pipe(state, dot)
        outer = (state.variables, state.name, state.boxed)
        state.variables, state.name, state.boxed = [["$", value, False]], name, False
        state.depth += 1
        body(state, value)
        state.depth -= 1
        state.variables, state.name, state.boxed = outer
        return 0

    return execute
