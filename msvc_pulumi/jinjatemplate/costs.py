"""Returns values, and what Jinja2's operators and methods are given, after their cost was counted.

What can make a value much larger than what it is made of announces the size first; everything that
was made is weighed, shared parts as often as they would be shown. So no list, mapping or namespace
exists whose text, comparison or sorting takes long. The meter is gotemplate's, and what its bounds
mean there they mean here.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any, NamedTuple

from jinja2.exceptions import SecurityError
from jinja2.runtime import Undefined
from jinja2.utils import Namespace

from msvc_pulumi.gotemplate.errors import LimitExceededError
from msvc_pulumi.gotemplate.limits.budget import meter
from msvc_pulumi.jinjatemplate.tracing import shown_text

__all__ = [
    "Weight",
    "check_operation",
    "check_replacement",
    "checked_method",
    "joinable",
    "keep",
    "shown",
    "weigh",
]

_MOST_BITS = 4_096
_TEXTS = 4  # how often a list may have the characters of the longest string
_ATTRIBUTES = "_Namespace__attrs"
_FROM_THE_RIGHT = frozenset(("rfind", "rindex", "rsplit", "rpartition"))


class Weight(NamedTuple):
    """What a value has in all when it is shown: items, characters, levels of nesting."""

    items: int
    characters: int
    depth: int


_NOTHING = Weight(0, 0, 0)


def weigh(value: Any) -> Weight:
    """The weight of ``value``; LimitExceededError if it is more than a list may have."""
    return _weigh(value, {})


def _weigh(value: Any, known: dict[int, Weight]) -> Weight:
    if isinstance(value, str):
        return Weight(0, len(value), 0)
    if isinstance(value, int):
        return Weight(0, value.bit_length() // 3, 0)
    if isinstance(value, Undefined):
        str(value)  # raises: what is unknown cannot hide in a list
        return _NOTHING
    parts: Iterable[Any]
    if isinstance(value, list | tuple | set | frozenset):
        parts, items = value, len(value)
    elif isinstance(value, dict):
        parts, items = (*value, *value.values()), len(value)
    elif isinstance(value, Namespace):
        attributes = object.__getattribute__(value, _ATTRIBUTES)
        parts, items = attributes.values(), len(attributes)
    else:
        return _NOTHING
    found = known.get(id(value))
    if found is not None:
        return found
    current = meter()
    current.count(items)
    current.work(items)
    characters = depth = 0
    known[id(value)] = _NOTHING  # a namespace may hold itself
    for part in parts:
        weight = _weigh(part, known)
        items += weight.items
        characters += weight.characters
        depth = max(depth, weight.depth)
    current.count(items)
    if characters > _TEXTS * current.profile.value:
        raise LimitExceededError("it makes a list or map of too many characters in all")
    known[id(value)] = found = Weight(items, characters, depth + 1)
    return found


def keep(value: Any) -> Any:
    """``value``, its size and memory counted."""
    current = meter()
    if isinstance(value, str):
        current.keep(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        if value.bit_length() > _MOST_BITS:
            raise LimitExceededError("it calculates with too many digits")
    elif isinstance(value, dict | list | tuple | set | frozenset | Namespace):
        weigh(value)
        if not isinstance(value, Namespace):
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


def checked_method(
    method: Any, arguments: tuple[Any, ...], options: dict[str, Any]
) -> tuple[Any, ...]:
    """The arguments of a call, after the size of what it is about to make was announced."""
    text = getattr(method, "__self__", None)
    current = meter()
    current.arguments((text, *arguments, *options.values()))
    if not isinstance(text, str):
        return arguments
    name = getattr(method, "__name__", "")
    first = arguments[0] if arguments else options.get("sep", options.get("old"))
    if name == "replace":
        new = arguments[1] if len(arguments) > 1 else options.get("new", "")
        check_replacement(text, first, new)
    elif name == "join" and arguments:
        return (joinable(text, arguments[0]), *arguments[1:])
    elif name in ("split", "rsplit", "splitlines"):
        current.count(text.count(first) if isinstance(first, str) and first else len(text) >> 1)
    if isinstance(first, str) and (name in _FROM_THE_RIGHT or name.endswith("strip")):
        current.pairs(len(text), len(first))  # Python looks for each in each
    return arguments


def check_replacement(text: Any, old: Any, new: Any) -> None:
    """Announce the size of ``text`` with ``new`` for ``old``."""
    if isinstance(text, str) and isinstance(old, str):
        meter().size(len(text) + text.count(old) * len(str(new)))


def joinable(separator: str, items: Any) -> list[Any]:
    """The items to join as a list, after the size of the result was announced."""
    current = meter()
    listed = list(islice(items, current.profile.items + 1))
    keep(listed)
    length = sum(len(item) for item in listed if isinstance(item, str))
    current.size(length + len(separator) * len(listed))
    return listed
