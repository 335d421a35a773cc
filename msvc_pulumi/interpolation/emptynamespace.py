"""Whether a template prints a namespace that nobody stated, and where.

The original printed "" there: an endpoint picker that is told to look for its pool in namespace ""
never finds it (field report kgateway-dev/kgateway#12218).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from msvc_pulumi.pattern import pattern

__all__ = ["VARIABLE", "printed_at"]

VARIABLE = "ModelServiceNamespace"
SENTINEL = "a-namespace-that-nobody-has"
_OPENING = pattern(r"\{\{|\{%")
_CLOSING = {"{{": "}}", "{%": "%}"}
_ACTION = pattern(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_MENTION = pattern(rf"\b{VARIABLE}\b")
_PRINTED = pattern(rf"\{{\{{-?\s*(?:\$?\.)?{VARIABLE}\s*(?:\|\s*s?quote\s*)?-?\}}\}}")
_CONTROL = pattern(r"\{\{-?\s*(?:if|with|range|define|block)\b|\{%")
TRIES = 4  # renderings of one template to find out


def printed_at(text: str, rendered: str, render: Callable[[str, str], str | None]) -> int | None:
    """The offset in ``text`` of the variable, if ``rendered`` shows it empty; None if it does not.

    ``render`` gives a template's output for a namespace, None where it fails. It is asked only
    where the template does more than print the variable: a condition or a default may be there for
    just this case.
    """
    if VARIABLE not in text:
        return None
    mentions = [found for found in _actions(text) if _MENTION.search(found[0])]
    prints = [found for found in mentions if _PRINTED.fullmatch(found[0])]
    for action in prints[:TRIES]:
        marked = text[: action.start()] + SENTINEL + text[action.end() :]
        if not _CONTROL.search(text) or SENTINEL in (render(marked, "") or ""):
            return _offset(action)
    if len(mentions) == len(prints):
        return None
    elsewhere = render(text, SENTINEL) or ""
    if SENTINEL in elsewhere and elsewhere.replace(SENTINEL, "") == rendered:
        return _offset(next(found for found in mentions if found not in prints))
    return None


def _actions(text: str) -> Iterator[re.Match[str]]:
    """The actions of ``text`` from left to right; what is not closed is looked for only once."""
    unclosed: set[str] = set()
    behind = 0
    for opening in _OPENING.finditer(text):
        mark, start = opening[0], opening.start()
        if start < behind or mark in unclosed:
            continue
        if text.find(_CLOSING[mark], start + 2) < 0:
            unclosed.add(mark)
        elif found := _ACTION.match(text, start):
            behind = found.end()
            yield found


def _offset(action: re.Match[str]) -> int:
    return action.start() + action[0].index(VARIABLE)
