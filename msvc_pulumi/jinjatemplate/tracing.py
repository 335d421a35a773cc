"""Returns what filters, methods and operators give for marked texts, and what may be printed.

The texts are gotemplate's (`gotemplate.marked`), and so is the rule: what only hands values on
takes marked ones as they are; all else gets plain ones, and its result is one stretch as a whole
unless it is known here how to tell better.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from jinja2.runtime import Undefined
from markupsafe import Markup

from msvc_pulumi.gotemplate.errors import UnprintableError
from msvc_pulumi.gotemplate.marked import Marked, changed, joined
from msvc_pulumi.gotemplate.reflect.provenance import plain, variable_in, wholly

__all__ = ["check_data", "combined", "shown_text", "traced_filter", "traced_method"]

_HANDING_ON = (
    "attr batch count d default dictsort first groupby items last length list map max min reject"
    " rejectattr reverse select selectattr slice sort string sum unique wordcount"
)
_CARRYING = frozenset(_HANDING_ON.split())
# Filters whose arguments may be anything that can be gone through, or asked.
_ITERATING = _CARRYING - {"string"} | {"abs", "float", "int", "join", "round"}


def check_data(value: Any) -> None:
    """Raise UnprintableError unless ``value`` is text, a number, a boolean, null, or lists and
    mappings of them: the text of all else names a place in memory or says nothing."""
    if isinstance(value, Undefined):
        str(value)  # raises, but for what an inline if without else gives, which prints nothing
        return
    pending = [value]
    seen: set[int] = set()
    while pending:
        item = pending.pop()
        if item is None or isinstance(item, str | int | float):
            continue
        if isinstance(item, Undefined):
            str(item)  # raises
        if not isinstance(item, list | tuple | dict):
            raise UnprintableError(f"{_noun(item)} cannot be printed, only data can")
        if id(item) not in seen:
            seen.add(id(item))
            pending.extend(item)
            if isinstance(item, dict):
                pending.extend(item.values())


def _noun(value: Any) -> str:
    if callable(value):
        return "a function"
    if hasattr(value, "__next__"):
        return "the items of a filter"
    return f"a {type(value).__name__}"


def shown_text(value: Any) -> str:
    """``str(value)`` with the stretches of the texts in it."""
    if isinstance(value, str):
        return str(value)
    check_data(value)
    text = str(value)
    variable = variable_in([value])
    if variable is None:
        return text
    better = _represented(value)
    return better if better == text else Marked.whole(text, variable)


def _represented(value: Any) -> str:
    if isinstance(value, Marked):
        text = repr(value.plain())
        inner = changed(value, lambda piece: repr(piece)[1:-1], text[1:-1])
        return joined((text[0], inner, text[-1]))
    if isinstance(value, dict):
        pairs = (
            joined((_represented(key), ": ", _represented(item))) for key, item in value.items()
        )
        return joined(("{", joined(pairs, ", "), "}"))
    if isinstance(value, tuple):
        closing = ",)" if len(value) == 1 else ")"
        return joined(("(", joined(map(_represented, value), ", "), closing))
    if isinstance(value, list):
        return joined(("[", joined(map(_represented, value), ", "), "]"))
    return repr(value)


def traced_filter(
    name: str, call: Callable[..., Any], passed: int, values: tuple[Any, ...], options: Any
) -> Any:
    """What the filter ``call`` gives for ``values``, of which the first ``passed`` are Jinja's."""
    given = values[passed:]
    if name not in _ITERATING:
        for value in (*given, *options.values()):
            check_data(value)
    elif name == "join" and given:
        check_data(given[0])
    variable = None if name in _CARRYING else variable_in([*given, *options.values()])
    if variable is None:
        return shown_text(given[0]) if name == "string" and given else call(*values, **options)
    result = call(*values[:passed], *map(plain, given), **plain(options))
    return _believed(_better(_FILTERS.get(name), given, options), result, variable)


def _better(finer: Callable[..., Any] | None, given: Any, options: Any) -> Any:
    """What ``finer`` gives; None where it does not know the arguments."""
    try:
        return finer(*given, **options) if finer else None
    except (AttributeError, TypeError, ValueError):
        return None


def _believed(better: Any, result: Any, variable: str) -> Any:
    """``better`` where it is what ``result`` is, with the mark that it needs no escaping."""
    traced = better if better is not None and better == result else wholly(result, variable)
    if isinstance(result, Markup) and isinstance(traced, Marked):
        return _MarkedMarkup.of(traced, traced.stretches)
    return traced


class _MarkedMarkup(Marked):
    """A marked text that needs no escaping."""

    __slots__ = ()

    def __html__(self) -> str:
        return self.plain()

    def plain(self) -> str:
        return Markup(str.__str__(self))  # noqa: S704 - it was one before


def traced_method(call: Callable[..., Any], method: Any, arguments: Any, options: Any) -> Any:
    """What ``call(*arguments, **options)``, a method of a text or a function, gives."""
    owner = getattr(method, "__self__", None)
    if not isinstance(owner, str):
        return call(*arguments, **options)
    variable = variable_in([owner, *arguments, *options.values()])
    if variable is None:
        return call(*arguments, **options)
    result = call(*map(plain, arguments), **plain(options))
    better = _better(_METHODS.get(method.__name__), (owner, *arguments), options)
    return _believed(better, result, variable)


def combined(call: Callable[[Any, Any], Any], operator: str, left: Any, right: Any) -> Any:
    """What the operator ``call`` gives, with the stretches of its operands."""
    variable = variable_in(value for value in (left, right) if isinstance(value, str))
    if variable is None:
        return call(left, right)
    result = call(plain(left), plain(right))
    better = None
    if operator == "+":
        better = joined((left, right))
    elif operator == "*":
        better = joined([right] * left if isinstance(left, int) else [left] * right)
    return _believed(better, result, variable)


def _pieces(text: str, separator: str) -> list[str]:
    pieces = []
    position = 0
    for piece in str.__str__(text).split(separator):
        pieces.append(text[position : position + len(piece)])
        position += len(piece) + len(separator)
    return pieces


def _replace(text: Any, old: Any, new: Any) -> str | None:
    if not all(isinstance(value, str) for value in (text, old, new)) or not old:
        return None
    return joined(_pieces(text, str.__str__(old)), new)


def _join(items: Any, separator: Any = "", d: Any = None) -> str | None:
    between = separator if d is None else d
    if not isinstance(items, list) or not isinstance(between, str):
        return None
    return joined([item if isinstance(item, str) else shown_text(item) for item in items], between)


def _tojson(value: Any, indent: int | None = None) -> str | None:
    """Jinja's own: keys sorted, and five characters of HTML escaped."""
    return _json(value, "" if indent is None else " " * indent, "")


_HTML = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "'": "\\u0027"})


def _json(value: Any, step: str, lead: str) -> str:
    if isinstance(value, str):
        inner = changed(value, lambda piece: json.dumps(piece)[1:-1].translate(_HTML))
        return joined(('"', inner, '"'))
    inside = f"\n{lead}{step}" if step else ""
    between = f",{inside}" if step else ", "
    after = f"\n{lead}" if step else ""
    if isinstance(value, dict) and value:
        pairs = [
            joined((_json(key, "", ""), ": ", _json(value[key], step, lead + step)))
            for key in sorted(value)
        ]
        return joined(("{", inside, joined(pairs, between), after, "}"))
    if isinstance(value, list | tuple) and value:
        items = [_json(item, step, lead + step) for item in value]
        return joined(("[", inside, joined(items, between), after, "]"))
    return json.dumps(value)


def _indent(text: Any, width: Any = 4, first: bool = False, blank: bool = False) -> str | None:
    if not isinstance(text, str) or blank:
        return None
    padding = width if isinstance(width, str) else " " * width
    lines = changed(text, lambda piece: piece.replace("\n", f"\n{padding}"))
    return joined((padding, lines)) if first else lines


def _trim(text: Any, chars: Any = None) -> str | None:
    if not isinstance(text, str):
        return None
    start = len(text) - len(text.lstrip(chars))
    return text[start : start + len(text.strip(chars))]


def _format(text: Any, *values: Any, **_: Any) -> str | None:
    """Formats of ``%s`` alone."""
    pieces = str.__str__(text).split("%s")
    if len(pieces) != len(values) + 1 or any("%" in piece for piece in pieces):
        return None
    whole = list(_pieces(text, "%s"))
    shown = [value if isinstance(value, str) else shown_text(value) for value in values]
    return joined([part for pair in zip(whole, [*shown, ""], strict=True) for part in pair])


_FILTERS: Mapping[str, Callable[..., Any]] = {
    "format": _format,
    "indent": _indent,
    "join": _join,
    "lower": lambda text: changed(text, str.lower),
    "replace": _replace,
    "tojson": _tojson,
    "trim": _trim,
    "upper": lambda text: changed(text, str.upper),
}
_METHODS: Mapping[str, Callable[..., Any]] = {
    "join": lambda separator, items: joined(items, separator),
    "lower": lambda text: changed(text, str.lower),
    "lstrip": lambda text, *chars: text[len(text) - len(text.lstrip(*map(plain, chars))) :],
    "replace": _replace,
    "rstrip": lambda text, *chars: text[: len(text.rstrip(*map(plain, chars)))],
    "split": lambda text, separator="": _pieces(text, plain(separator)) if separator else None,
    "strip": _trim,
    "upper": lambda text: changed(text, str.upper),
}
