"""Returns sprig's regular expression functions."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import takewhile
from typing import Any

from ..errors import FunctionError
from ..limits.budget import meter
from ..reflect.calls import declare
from ..reflect.values import Slice, strings
from ..strconv.literals import quote
from .regexp import Search, Spans

__all__ = ["FUNCTIONS"]

_REFERENCE = re.compile(r"\$(?:\$|(\w+)|\{(\w+)\})")
_META = frozenset(r"\.+*?()|[]{}^$")


def _must_match(pattern: str, text: str) -> bool:
    return Search(pattern, text).first() is not None


def _match(pattern: str, text: str) -> bool:
    try:
        return _must_match(pattern, text)
    except FunctionError:
        return False


def _find(pattern: str, text: str) -> str:
    search = Search(pattern, text)
    spans = search.first()
    return search.text.part(spans[0]) if spans else ""


def _found(search: Search, most: int) -> list[tuple[int, int]]:
    """The spans of all matches, at most as many as asked for if that is not negative."""
    found: list[tuple[int, int]] = []
    if most == 0:
        return found
    for spans in search.every():
        found.append(spans[0])
        meter().count(len(found))
        if len(found) == most:
            break
    return found


def _find_all(pattern: str, text: str, most: int) -> Slice:
    search = Search(pattern, text)
    found = _found(search, most)
    return strings(map(search.text.part, found), nil=not found)


def _with_replaced(search: Search, replacement: Callable[[Spans], str]) -> str:
    parts = []
    position = length = 0
    for spans in search.every():
        start, end = spans[0]
        parts += [search.text.part((position, start)), replacement(spans)]
        position = end
        length += len(parts[-2]) + len(parts[-1])
        meter().size(length)
    parts.append(search.text.part((position, len(search.text.data))))
    meter().size(length + len(parts[-1]))
    return "".join(parts)


def _replace(pattern: str, text: str, replacement: str) -> str:
    if "$" not in replacement:
        return _replace_literally(pattern, text, replacement)
    search = Search(pattern, text, groups=True)
    pieces = _template(search.named, replacement)

    def expanded(spans: Spans) -> str:
        parts = []
        length = 0
        for piece in pieces:
            meter().work()
            parts.append(piece if isinstance(piece, str) else _group(search, spans, piece))
            length += len(parts[-1])
            meter().size(length)
        return "".join(parts)

    return _with_replaced(search, expanded)


def _group(search: Search, spans: Spans, numbers: list[int]) -> str:
    """What the first of the groups that took part in a match is."""
    present = (spans[number] for number in numbers if number < len(spans))
    return search.text.part(next((span for span in present if span[0] >= 0), (0, 0)))


def _template(named: dict[str, list[int]], replacement: str) -> list[str | list[int]]:
    """The pieces of a replacement: texts and groups (regexp.Regexp.Expand)."""
    pieces: list[str | list[int]] = []
    position = 0
    for found in _REFERENCE.finditer(replacement):
        meter().work()
        word = found[1] or found[2] or ""
        name = "".join(takewhile(_is_of_name, word))
        pieces.append(replacement[position : found.start()])
        if name and (found[1] or name == word):
            pieces.append(_numbers(named, name))
            position = found.start() + 1 + len(name) if found[1] else found.end()
        else:
            pieces.append("$")
            position = found.start() + 1 if word else found.end()
    pieces.append(replacement[position:])
    return pieces


def _is_of_name(character: str) -> bool:
    """Whether it is a letter or digit to Go; numerals like `²`, words to Python, are not."""
    return character == "_" or character.isalpha() or character.isdecimal()


def _numbers(named: dict[str, list[int]], name: str) -> list[int]:
    """The numbers of the groups that a name or number stands for."""
    if name.isascii() and name.isdecimal() and (name == "0" or name[0] != "0"):
        return [int(name)] if len(name) < 5 else []
    return named.get(name, [])


def _replace_literally(pattern: str, text: str, replacement: str) -> str:
    return _with_replaced(Search(pattern, text), lambda _spans: replacement)


def _split(pattern: str, text: str, most: int) -> Slice:
    search = Search(pattern, text)
    if most == 0:
        return strings((), nil=True)
    if pattern and not text:
        return strings([""])
    parts: list[str] = []
    position = last = 0
    for start, end in _found(search, most):
        if 0 < most <= len(parts) + 1:
            break
        last = start
        if end:
            parts.append(search.text.part((position, start)))
        position = end
    if last != len(search.text.data):
        parts.append(search.text.part((position, len(search.text.data))))
    return strings(parts)


def _quote_meta(text: str) -> str:
    return "".join(f"\\{character}" if character in _META else character for character in text)


def _or_panic(call: Callable[..., Any]) -> Callable[..., Any]:
    """``call`` with the words of regexp.MustCompile for a bad pattern."""

    def compiled(pattern: str, *arguments: Any) -> Any:
        try:
            return call(pattern, *arguments)
        except FunctionError as problem:
            shown = quote(pattern) if "`" in pattern else f"`{pattern}`"
            raise FunctionError(f"regexp: Compile({shown}): {problem}") from None

    return compiled


FUNCTIONS = declare(
    {
        "mustRegexFind": (_find, "string string"),
        "mustRegexFindAll": (_find_all, "string string int"),
        "mustRegexMatch": (_must_match, "string string"),
        "mustRegexReplaceAll": (_replace, "string string string"),
        "mustRegexReplaceAllLiteral": (_replace_literally, "string string string"),
        "mustRegexSplit": (_split, "string string int"),
        "regexFind": (_or_panic(_find), "string string"),
        "regexFindAll": (_or_panic(_find_all), "string string int"),
        "regexMatch": (_match, "string string"),
        "regexQuoteMeta": (_quote_meta, "string"),
        "regexReplaceAll": (_or_panic(_replace), "string string string"),
        "regexReplaceAllLiteral": (_or_panic(_replace_literally), "string string string"),
        "regexSplit": (_or_panic(_split), "string string int"),
    }
)
