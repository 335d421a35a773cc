"""Returns sprig's regular expression functions, on gotpl's RE2 engine.

The engine takes time linear in the text for one match, but a simulation in Python cannot be left
alone with a hostile pattern: its expanded size is bounded before it is compiled, and the text it
reads counts every character against the meter of the render.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from functools import cache, lru_cache
from importlib import import_module
from typing import Any, SupportsIndex

from ..errors import FunctionError, LimitExceededError
from ..limits.budget import Meter, meter
from ..reflect.calls import declare
from ..reflect.values import Slice, strings
from ..strconv.literals import decode, encode, quote

__all__ = ["FUNCTIONS"]

_LONGEST_PATTERN = 1_000
_LONGEST_TEXT = 64 << 10
_LARGEST_PROGRAM = 4_000
_MOST_CLASSES = 32  # of Unicode, of which each takes milliseconds to compile
_CLASS_WORK = 1_500
_MOST_REPEATS = 1_000  # regexp/syntax's own bound, which holds for the product of nested ones
_REPEAT = re.compile(r"\{(\d{1,9})(,(\d{0,9}))?\}")
_CLASS = re.compile(r"\[\^?\]?(?:\[:\^?\w*:\]|\\.|[^\]\\])*\]?", re.DOTALL)
_PERL = re.compile(r"\(\?(?:<[=!]|[^:imsUP<-])")
_OPERATORS = re.compile(r"[*+?]+")
_META = frozenset(r"\.+*?()|[]{}^$")
# gotpl's words, Go's words, and whether Go quotes the whole pattern
_EXPLANATIONS = {
    "missing closing bracket": ("missing closing ]", "["),
    "missing closing parenthesis": ("missing closing )", ""),
    "unexpected closing parenthesis": ("unexpected )", ""),
    "missing argument to repetition operator": ("missing argument to repetition operator", None),
}


class _MeteredText(str):
    """A text that counts how often its characters are looked at."""

    __slots__ = ("cost", "meter")
    cost: int
    meter: Meter

    @classmethod
    def of(cls, text: str, cost: int) -> _MeteredText:
        metered = cls(text)
        metered.cost = cost
        metered.meter = meter()
        return metered

    def __getitem__(self, key: SupportsIndex | slice) -> str:
        self.meter.work(self.cost)
        return str.__getitem__(self, key)


@cache
def _engine() -> Any:
    return import_module("gotpl._compat.goregexp.go")


def _program_size(pattern: str) -> int:
    """An upper estimate of the compiled program's size; a repeat multiplies what it repeats."""
    sizes = [[1, 0]]  # per open group: size so far, size of the last item
    repeats = [1]  # per open group: the largest product of repeats inside
    last_repeat = 1
    position = 0
    while position < len(pattern):
        character = pattern[position]
        step, size = 1, 1
        found = _REPEAT.match(pattern, position) if character == "{" else None
        if character == "\\":
            step = 2
        elif character == "[":
            matched = _CLASS.match(pattern, position)
            step = matched.end() - position if matched else 1
        elif character == "(":
            sizes.append([1, 0])
            repeats.append(1)
            size = 0
        elif character == ")" and len(sizes) > 1:
            size = sum(sizes.pop()) + 2
            last_repeat = repeats.pop()
            sizes[-1] = [sum(sizes[-1]), size]
            repeats[-1] = max(repeats[-1], last_repeat)
            position += 1
            continue
        elif found:
            count = max(int(found[1]), int(found[3] or 0), 1)
            last_repeat *= count
            if count > _MOST_REPEATS or last_repeat > _MOST_REPEATS:
                raise FunctionError(f"error parsing regexp: invalid repeat count: `{found[0]}`")
            sizes[-1][1] *= count
            repeats[-1] = max(repeats[-1], last_repeat)
            position = found.end()
            continue
        elif character in "*+?":
            sizes[-1][1] += 2
            position += 1
            continue
        sizes[-1] = [sum(sizes[-1]), size]
        last_repeat = 1
        position += step
    return sum(map(sum, sizes))


@lru_cache(maxsize=32)
def _compiled(pattern: str) -> tuple[Any, int]:
    """The compiled pattern and what looking at one character costs."""
    if len(pattern) > _LONGEST_PATTERN:
        raise LimitExceededError(
            f"a regular expression has more than {_LONGEST_PATTERN} characters"
        )
    if (len(pattern) - len(pattern.rstrip("\\"))) % 2:
        raise FunctionError("error parsing regexp: trailing backslash at end of expression: ``")
    size = _program_size(pattern)
    if size > _LARGEST_PROGRAM:
        raise LimitExceededError("a regular expression is too large")
    try:
        with warnings.catch_warnings():  # the engine hands some classes to Python's re, which warns
            warnings.simplefilter("ignore", FutureWarning)
            compiled = _engine().compile(pattern)
    except (ValueError, re.error) as problem:
        raise FunctionError(f"error parsing regexp: {_explained(str(problem), pattern)}") from None
    except (RecursionError, IndexError, OverflowError):
        raise FunctionError(f"error parsing regexp: invalid pattern: `{pattern}`") from None
    return compiled, 2 + (size + 64 * pattern.lower().count("\\p")) // 8


def _explained(problem: str, pattern: str) -> str:
    """Go's words for gotpl's, as far as they are known."""
    if problem == "invalid or unsupported Perl syntax":
        found = _PERL.search(pattern)
        return f"{problem}: `{found[0] if found else pattern}`"
    words, piece = _EXPLANATIONS.get(problem, (problem, ""))
    if piece is None:
        repeats = _OPERATORS.findall(pattern)
        shown = repeats[0] if repeats and "repetition" in words else ""
        return f"{words}: `{shown}`"
    return f"{words}: `{pattern[pattern.rfind(piece) :] if piece else pattern}`"


def _prepared(pattern: str, text: str) -> tuple[Any, _MeteredText]:
    classes = pattern.lower().count("\\p")
    if classes > _MOST_CLASSES:
        raise LimitExceededError(f"a regular expression has more than {_MOST_CLASSES} classes")
    meter().work(_CLASS_WORK * classes)
    compiled, cost = _compiled(pattern)
    if len(text) > _LONGEST_TEXT:
        raise LimitExceededError(
            f"a regular expression is applied to more than {_LONGEST_TEXT} characters"
        )
    meter().work(len(text))
    clean = text if text.isascii() else decode(encode(text))
    return compiled, _MeteredText.of(clean, cost)


def _must_match(pattern: str, text: str) -> bool:
    compiled, metered = _prepared(pattern, text)
    return bool(compiled.matches(metered))


def _match(pattern: str, text: str) -> bool:
    try:
        return _must_match(pattern, text)
    except FunctionError:
        return False


def _find(pattern: str, text: str) -> str:
    compiled, metered = _prepared(pattern, text)
    return str(compiled.find(metered))


def _find_all(pattern: str, text: str, most: int) -> Slice:
    compiled, metered = _prepared(pattern, text)
    found = compiled.find_all(metered, most)
    meter().count(len(found or ()))
    return strings(map(str, found or ()), nil=not found)


def _bound_replacement(pattern: str, text: str, replacement: str) -> None:
    """Announce the largest result a replacement can have before it is made."""
    references = replacement.count("$") * len(text)
    largest = len(text) + (len(text) + 1) * len(replacement) + references
    if largest > meter().profile.value:
        count = len(_find_all(pattern, text, -1))
        meter().size(len(text) + count * len(replacement) + references)


def _replace(pattern: str, text: str, replacement: str) -> str:
    compiled, metered = _prepared(pattern, text)
    _bound_replacement(pattern, text, replacement)
    return str(compiled.replace_all(metered, replacement))


def _replace_literally(pattern: str, text: str, replacement: str) -> str:
    compiled, metered = _prepared(pattern, text)
    _bound_replacement(pattern, text, replacement)
    return str(compiled.replace_all_literal(metered, replacement))


def _split(pattern: str, text: str, most: int) -> Slice:
    compiled, metered = _prepared(pattern, text)
    if most == 0:
        return strings((), nil=True)
    if pattern and not text:
        return strings([""])
    return strings(map(str, compiled.split(metered, most)))


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
