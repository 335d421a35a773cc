"""Returns what calling a function or taking a field gives while a template executes.

The rules and messages are those of text/template (exec.go evalCall, evalField).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, NoReturn

from msvc_pulumi.nearest import nearest

from ..errors import FunctionError, LimitExceededError, TemplateError, UnprintableError
from ..parse.nodes import Node
from ..reflect.calls import Function, assignable
from ..reflect.values import MISSING, Map, Opaque, Struct, Value, type_of
from .state import PRINTABLE, State
from .tracedcalls import traced

__all__ = ["NOTHING", "Argument", "Receiver", "Site", "call", "checked", "field"]

NOTHING = object()
"""Stands for the result of a previous command where there is none."""

Argument = Callable[[State, Value, str], Value]
"""Evaluates a term with a dot, as a parameter of the named type."""


class Site(NamedTuple):
    """Where a function is called or a field taken: for errors, and with which arguments."""

    node: Node
    arguments: Sequence[Argument]


class Receiver(NamedTuple):
    """What a field is taken of; ``boxed`` when Go holds it as an interface {}."""

    value: Value
    boxed: bool


def checked(state: State, value: Value, parameter: str) -> Value:
    """``value`` as an argument for ``parameter``."""
    try:
        return assignable(value, parameter)
    except ValueError as problem:
        raise state.error(str(problem)) from None


def call(state: State, dot: Value, called: Function, site: Site, final: Value = NOTHING) -> Value:
    """The result of ``called``; ``final`` is the last argument, from the previous command."""
    state.meter.step()
    parameters, variadic = called.parameters, called.variadic
    fixed = len(parameters)
    given = len(site.arguments) + (final is not NOTHING)
    if given != fixed and (not variadic or given < fixed):
        least = "at least " if variadic else ""
        got = len(site.arguments) if variadic else given
        state.fail(f"wrong number of args for {called.name}: want {least}{fixed} got {got}")
    values = [
        argument(state, dot, parameters[index] if index < fixed else variadic)
        for index, argument in enumerate(site.arguments)
    ]
    if final is not NOTHING:
        last = parameters[given - 1] if given <= fixed else variadic
        values.append(checked(state, final, last))
    return _applied(state, called, values, site)


def _applied(state: State, called: Function, values: list[Value], site: Site) -> Value:
    try:
        state.meter.arguments(values)
        result = traced(called, values) if state.traces else called.call(*values)
    except UnprintableError as problem:
        state.node = site.node
        raise state.error(str(problem), code="template-unprintable", help=PRINTABLE) from None
    except FunctionError as problem:
        message = str(problem)
    except (TemplateError, LimitExceededError, RecursionError, MemoryError):
        state.node = site.node
        raise
    except Exception as problem:  # a function's bug is its caller's error, never a traceback
        message = f"{type(problem).__name__}: {problem}"
    else:
        if called.result:
            result = called.convert(result)
        state.meter.keep(result)
        return result
    state.node = site.node
    raise state.error(f"error calling {called.name}: {message}")


def field(
    state: State,
    dot: Value,
    receiver: Receiver,
    name: str,
    site: Site,
    *,
    final: Value = NOTHING,
) -> Value:
    """The field, map entry or method result ``name`` of ``receiver``."""
    value = receiver.value
    has_arguments = bool(site.arguments) or final is not NOTHING
    if isinstance(value, Struct):
        if name not in value.values:
            _no_field(state, receiver, name)
        if has_arguments:
            state.fail(f"{name} has arguments but cannot be invoked as function")
        return value.values[name]
    if isinstance(value, dict):
        if has_arguments:
            state.fail(f"{name} is not a method but has arguments")
        return _entry(state, value, name)
    if value is MISSING:
        if state.missing_key == "error":
            state.fail(f'nil data; no entry for key "{name}"')
        return MISSING
    if value is None:
        state.fail(f"nil pointer evaluating interface {{}}.{name}")
    if isinstance(value, Opaque) and name in value.methods:
        parameters, method = value.methods[name]
        return call(state, dot, Function(name, method, parameters), site, final)
    shown = "interface {}" if receiver.boxed else type_of(value)
    raise state.error(f"can't evaluate field {name} in type {shown}")


def _entry(state: State, value: dict[str, Value], name: str) -> Value:
    found = value.get(name, MISSING)
    if found is MISSING and state.missing_key != "default":
        if state.missing_key == "error":
            state.fail(f'map has no entry for key "{name}"')
        return "" if isinstance(value, Map) and value.go_type == "map[string]string" else None
    return found


def _no_field(state: State, receiver: Receiver, name: str) -> NoReturn:
    struct = receiver.value
    shown = "interface {}" if receiver.boxed else f"*{struct.go_type}"
    near = nearest(name, struct.values)
    state.fail(
        f"can't evaluate field {name} in type {shown}",
        help=f"did you mean .{near}?" if near else f"there is: {', '.join(struct.values)}",
    )
