"""Returns what Jinja2 operators, methods and filters give, after their cost was counted.

What can make a value much larger than what it is made of announces the size first; everything that
was made is weighed. The meter is gotemplate's, and what its bounds mean there they mean here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import wraps
from itertools import islice
from typing import Any

from jinja2.exceptions import SecurityError
from jinja2.filters import FILTERS
from jinja2.runtime import Undefined

from msvc_pulumi.gotemplate.budget import meter
from msvc_pulumi.gotemplate.errors import FunctionError, LimitExceededError
from msvc_pulumi.jinjatemplate.tracing import shown_text, traced_filter

__all__ = [
    "added_filter",
    "allowed_filters",
    "check_operation",
    "checked_method",
    "functions_in_force",
    "keep",
    "shown",
]

functions_in_force: ContextVar[Mapping[str, Callable[..., Any]]] = ContextVar("jinja_functions")
"""The caller's functions of the render in progress, for the filters of their names."""

_FILTERS = (
    "abs attr batch capitalize center count d default dictsort escape e first float forceescape"
    " format groupby indent int items join last length list lower map max min reject rejectattr"
    " replace reverse round safe select selectattr slice sort string sum title tojson trim"
    " truncate unique upper urlencode wordcount xmlattr"
)
_MOST_BITS = 4_096
_DEEPEST_INDENT = 16
_LARGE_WIDTH = re.compile(r"%(?:\([^)]{0,99}\))?[-#0 +]*[0-9]*\.?(?:\*|[0-9]{4})")


def _weigh(value: Any) -> int:
    """How many items a value has in all, counted as often as they are shown."""
    if isinstance(value, dict):
        total = len(value) + sum(map(_weigh, value.values())) + sum(map(_weigh, value))
    elif isinstance(value, list | tuple | set | frozenset):
        total = len(value) + sum(map(_weigh, value))
    else:
        if isinstance(value, Undefined):
            str(value)  # raises: what is unknown cannot hide in a list
        return 0
    meter().count(total)
    return total


def keep(value: Any) -> Any:
    """``value``, its size and memory counted."""
    current = meter()
    if isinstance(value, str):
        current.keep(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        if value.bit_length() > _MOST_BITS:
            raise LimitExceededError("it calculates with too many digits")
    elif isinstance(value, dict | list | tuple | set | frozenset):
        weight = _weigh(value)
        current.work(weight)
        current.keep(value if isinstance(value, list | dict) else list(value))
    return value


def shown(value: Any) -> str:
    """``value`` as text, its cost counted."""
    keep(value)
    return shown_text(value)


def check_operation(operator: str, left: Any, right: Any) -> None:
    """Announce the size of what an operator is about to make."""
    current = meter()
    current.step()
    if operator == "*":
        for items, count in ((left, right), (right, left)):
            if isinstance(items, str | list | tuple) and isinstance(count, int):
                size = len(items) * max(count, 0)
                (current.size if isinstance(items, str) else current.count)(size)
    elif operator == "**" and isinstance(left, int) and isinstance(right, int):
        if left.bit_length() * max(right, 0) > _MOST_BITS:
            raise LimitExceededError("it calculates with too many digits")
    elif operator == "%" and isinstance(left, str):
        raise SecurityError("'%' does not format here; use the format filter")
    elif operator == "+" and isinstance(left, str | list | tuple):
        size = len(left) + (len(right) if isinstance(right, str | list | tuple) else 0)
        (current.size if isinstance(left, str) else current.count)(size)


def checked_method(method: Any, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments, after the size of what a string's method is about to make was announced."""
    text = getattr(method, "__self__", None)
    if not isinstance(text, str):
        return arguments
    name = getattr(method, "__name__", "")
    if name == "replace" and len(arguments) > 1:
        _check_replacement(text, arguments[0], arguments[1])
    elif name == "join" and arguments:
        return (_joinable(text, arguments[0]), *arguments[1:])
    elif name in ("split", "rsplit", "splitlines"):
        separator = arguments[0] if arguments and isinstance(arguments[0], str) else None
        meter().count(text.count(separator) if separator else len(text) >> 1)
    return arguments


def _check_replacement(text: Any, old: Any, new: Any) -> None:
    if isinstance(text, str) and isinstance(old, str):
        meter().size(len(text) + text.count(old) * len(str(new)))


def _joinable(separator: str, items: Any) -> list[Any]:
    """The items to join as a list, after the size of the result was announced."""
    current = meter()
    listed = list(islice(items, current.profile.items + 1))
    keep(listed)
    length = sum(len(item) for item in listed if isinstance(item, str))
    current.size(length + len(separator) * len(listed))
    return listed


# --- filters ---


def _checked_filter(
    name: str, arguments: tuple[Any, ...], options: dict[str, Any]
) -> tuple[Any, ...]:
    """The arguments, after the size of what a filter is about to make was announced."""
    current = meter()
    current.step()
    for argument in arguments:
        keep(argument)
        if isinstance(argument, str | list | dict) and len(argument) > 1_000:
            current.clock()
    numbers = [value for value in (*arguments[1:], *options.values()) if type(value) is int]
    if name == "center":
        current.size(max(numbers, default=0))
    elif name == "indent":
        texts = [len(value) for value in (*arguments[1:], *options.values()) if type(value) is str]
        lines = str(arguments[0]).count("\n") + 1
        current.size(max(*numbers, *texts, 0, 0) * lines)
    elif name == "tojson" and max(numbers, default=0) > _DEEPEST_INDENT:
        raise LimitExceededError(f"it indents by more than {_DEEPEST_INDENT}")
    elif name == "replace" and len(arguments) > 2:
        _check_replacement(arguments[0], arguments[1], arguments[2])
    elif name == "join":
        separator = str(arguments[1] if len(arguments) > 1 else options.get("d", ""))
        return (_joinable(separator, arguments[0]), *arguments[1:])
    elif name in ("batch", "slice"):
        current.count(max(numbers, default=0))
    elif name == "format" and _LARGE_WIDTH.search(str(arguments[0])):
        raise LimitExceededError("it formats with a width of more than three digits")
    return arguments


def _filter(name: str) -> Callable[..., Any]:
    """Jinja's filter with its cost counted."""
    original = FILTERS[name]
    passed = 1 if hasattr(original, "jinja_pass_arg") else 0

    @wraps(original)
    def guarded(*arguments: Any, **options: Any) -> Any:
        checked = _checked_filter(name, arguments[passed:], options)
        given = (*arguments[:passed], *checked)
        return keep(traced_filter(name, original, passed, given, options))

    return guarded


def added_filter(name: str) -> Callable[..., Any]:
    """A filter that calls the function of that name of the render in progress."""

    def called(*arguments: Any) -> Any:
        function = functions_in_force.get({}).get(name)
        if function is None:
            raise FunctionError(f"no filter named {name!r}")
        meter().step()
        return keep(function(*arguments))

    return called


def allowed_filters() -> dict[str, Callable[..., Any]]:
    """Jinja's filters that templates may use, by name."""
    return {name: _filter(name) for name in _FILTERS.split()}
