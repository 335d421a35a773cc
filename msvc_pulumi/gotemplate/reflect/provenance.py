"""Returns which variable a value has text of, and values with and without their stretches.

Numbers and booleans have none: they cannot carry what YAML takes for structure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..limits.budget import meter
from ..marked import Marked
from .values import Map, Opaque, Slice, Struct, Value

__all__ = ["marked_fields", "plain", "variable_in", "wholly"]

_ATOMS = frozenset((str, int, bool, float, type(None)))


def variable_in(values: Iterable[Value]) -> str | None:
    """A variable that one of ``values`` has text of, at any depth; None if there is none."""
    pending = [value for value in values if type(value) not in _ATOMS]
    seen: set[int] = set()
    while pending:
        item = pending.pop()
        if isinstance(item, Marked):
            return item.stretches[0].variable
        if isinstance(item, _MarkedOpaque):
            return item.variable
        if isinstance(item, dict | list | tuple | Struct) and id(item) not in seen:
            seen.add(id(item))
            members: Any = item
            if isinstance(item, dict):
                members = (*item, *item.values())
            elif isinstance(item, Struct):
                members = item.values.values()
            meter().work(len(members) >> 3)
            pending += [member for member in members if type(member) not in _ATOMS]
    return None


def plain(value: Value) -> Value:
    """``value`` without stretches; what has none is the same object."""
    return _rebuilt(value, _plain_text, {})


def _plain_text(text: str) -> str:
    return text.plain() if isinstance(text, Marked) else text


def wholly(value: Value, variable: str) -> Value:
    """``value`` with every text in it one stretch of ``variable``; numbers cannot carry text."""
    return _rebuilt(value, lambda text: Marked.whole(text, variable), {}, variable)


def _rebuilt(
    value: Value, change: Callable[[str], str], known: dict[int, Value], variable: str | None = None
) -> Value:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Opaque):
        if variable is not None:
            return _MarkedOpaque(value, variable)
        return value.opaque if isinstance(value, _MarkedOpaque) else value
    if not isinstance(value, dict | list | tuple | Struct):
        return value
    if id(value) in known:
        return known[id(value)]

    def again(item: Value) -> Value:
        return _rebuilt(item, change, known, variable)

    result: Value
    if isinstance(value, Struct):
        result = value.replaced({name: again(item) for name, item in value.values.items()})
        result.is_marked = variable is not None
    elif isinstance(value, dict):
        pairs = ((again(key), again(item)) for key, item in value.items())
        result = Map(pairs, value.go_type, nil=value.nil) if isinstance(value, Map) else dict(pairs)
    elif isinstance(value, Slice):
        result = Slice(map(again, value), value.go_type, nil=value.nil)
    else:
        result = tuple(map(again, value)) if isinstance(value, tuple) else list(map(again, value))
    known[id(value)] = result
    return result


class _MarkedOpaque(Opaque):
    """A Go value made of a variable's text: what it prints and what its methods give is marked."""

    __slots__ = ("opaque", "variable")

    def __init__(self, opaque: Opaque, variable: str) -> None:
        def marking(call: Callable[..., Any]) -> Callable[..., Any]:
            return lambda *arguments: wholly(call(*map(plain, arguments)), variable)

        super().__init__(
            opaque.go_type,
            opaque.kind,
            opaque.payload,
            lambda: Marked.whole(opaque.text(), variable),
            {name: (types, marking(call)) for name, (types, call) in opaque.methods.items()},
        )
        self.opaque = opaque
        self.variable = variable


def marked_fields(struct: Struct) -> Struct:
    """The struct with every field that holds text one stretch of the variable of its name."""
    texts = {name: text for name, text in struct.values.items() if isinstance(text, str)}
    marked = struct.replaced({name: Marked.whole(text, name) for name, text in texts.items()})
    marked.is_marked = True
    return marked
