"""Returns how long the result of ``format`` can be: of Python's ``%`` and its arguments."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from msvc_pulumi.gotemplate.errors import LimitExceededError
from msvc_pulumi.jinjatemplate.costs import weigh

__all__ = ["formatted_length"]

_DIRECTIVE = re.compile(r"[-#0 +]*+(\*|[0-9]*+)(?:\.(\*|[0-9]*+))?+[hlL]?+(.?)", re.DOTALL)
_MOST_DIGITS = 3
_LONGEST_FLOAT = 320
_LONGEST_ESCAPE = 10  # of %r and %a, for a character
_ITEM = 8


def formatted_length(template: str, values: tuple[Any, ...], named: dict[str, Any]) -> int:
    """The most characters that ``template % (named or values)`` can have.

    Raises LimitExceededError for a width or precision of its own kind (``*``) or of more than three
    digits, which nothing legible needs.
    """
    length = len(template)
    directives = 0
    position = template.find("%")
    while position >= 0:
        position = _behind_key(template, position + 1)
        found = _DIRECTIVE.match(template, position)
        if found is None or position < 0:
            break
        for digits in (found[1], found[2] or ""):
            if digits == "*" or len(digits) > _MOST_DIGITS:
                raise LimitExceededError("it formats with a width of more than three digits")
            length += int(digits or 0)
        directives += found[3] not in ("%", "")
        position = template.find("%", max(found.end(), position + 1))
    escapes = _LONGEST_ESCAPE if re.search("%[^%]*[ra]", template) else 1
    if named:
        return length + directives * max(_lengths(named.values(), escapes), default=0)
    return length + sum(_lengths(values, escapes))


def _behind_key(template: str, position: int) -> int:
    """The place behind a key in parentheses, which may have pairs of them inside; -1 if open."""
    if template[position : position + 1] != "(":
        return position
    depth = 0
    for found in _PARENTHESIS.finditer(template, position):
        depth += 1 if found[0] == "(" else -1
        if not depth:
            return found.end()
    return -1


_PARENTHESIS = re.compile("[()]")


def _lengths(values: Iterable[Any], escapes: int) -> Iterable[int]:
    for value in values:
        if isinstance(value, str):
            yield len(value) * escapes
            continue
        weight = weigh(value)
        yield weight.characters * _LONGEST_ESCAPE + weight.items * _ITEM + _LONGEST_FLOAT
