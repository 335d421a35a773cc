"""Matches regular expressions as Go's regexp does, on RE2, by whose rules that is made.

RE2 takes time linear in the text for one match, but a match cannot be stopped: what the worst one
costs, the size of the compiled program times the length of the text, is counted before it begins.
What Go's package does otherwise than RE2 is here: it works on characters also where the text is no
UTF-8, knows no `\\C`, names groups in ASCII only, and has rules of its own for all matches.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate
from typing import Any

import re2

from ..errors import FunctionError, LimitExceededError
from ..limits.budget import meter
from ..strconv.literals import decode, encode, replaced

__all__ = ["Search", "Spans"]

_LONGEST_PATTERN = 1_000
_LONGEST_TEXT = 64 << 10
_MEMORY = 2 << 20  # of one compiled pattern and of the automaton it grows
_CLASS_WORK = 500  # of a class of Unicode, which takes up to a millisecond to compile
_READ = 5  # bits: characters that are encoded at the cost of one element
_STEPS = 7  # bits: so many steps of the automaton cost as much as one element
_LOOK = 12  # bits: so many bytes that a search for the next match may only pass over
_CLASS = r"\[\^?\]?(?:\[:\^?\w*:\]|\\.|[^\]\\])*"
_PIECES = re.compile(
    rf"\\Q.*?(?:\\E|\Z)|(?P<byte>\\C)|\\.|{_CLASS}|(?P<group>\((?!\?)|\(\?P?<(?P<name>[^>]*)>)",
    re.DOTALL,
)
_NAME = re.compile(r"[A-Za-z0-9_]+")
# RE2's words and Go's, where they differ
_EXPLANATIONS = {
    "bad repetition operator": "invalid nested repetition operator",
    "invalid named capture group": "invalid named capture",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "invalid repetition size": "invalid repeat count",
    "missing )": "missing closing )",
    "missing ]": "missing closing ]",
    "no argument for repetition operator": "missing argument to repetition operator",
    "trailing \\": "trailing backslash at end of expression",
}
_OF_NAMES = ("invalid named capture", "invalid or unsupported Perl syntax")
Spans = list[tuple[int, int]]
"""Where a match and its groups are in the bytes; (-1, -1) is a group that took no part."""


class _Text:
    """A text as the engine reads it: U+FFFD for each byte that is no UTF-8."""

    __slots__ = ("_broken", "_ends", "data")

    def __init__(self, text: str) -> None:
        clean = text if text.isascii() else decode(encode(text))
        shown = replaced(clean)
        self.data = encode(shown)
        self._broken = clean if shown != clean else ""
        self._ends = [*accumulate(len(encode(c)) for c in shown)] if self._broken else []

    def part(self, span: tuple[int, int]) -> str:
        """What a span of `data` is in the text itself; nothing for a group without a match."""
        start, end = span
        if not self._broken or end <= start:
            return self.data[start:end].decode()
        first = bisect_left(self._ends, start + 1)
        return self._broken[first : bisect_left(self._ends, end) + 1]

    def following(self, position: int) -> int:
        """Where the character after the one at ``position`` begins."""
        position += 1
        while position < len(self.data) and self.data[position] & 0xC0 == 0x80:
            position += 1
        return position

    def is_within(self, position: int) -> bool:
        """Whether ``position`` is inside a character."""
        return position < len(self.data) and self.data[position] & 0xC0 == 0x80


def _groups(pattern: str) -> dict[str, list[int]]:
    """The numbers of the groups of each name. FunctionError for what RE2 takes and Go does not."""
    named: dict[str, list[int]] = {}
    number = 0
    for piece in _PIECES.finditer(pattern):
        if piece["byte"]:
            raise _unparsable("invalid escape sequence", piece["byte"])
        number += bool(piece["group"])
        if piece["name"] is not None:
            if not _NAME.fullmatch(piece["name"]):
                raise _unparsable("invalid named capture", piece["group"])
            named.setdefault(piece["name"], []).append(number)
    return named


def _unparsable(problem: str, piece: str) -> FunctionError:
    return FunctionError(f"error parsing regexp: {problem}: `{piece}`")


@lru_cache(maxsize=16)
def _compiled(pattern: str, groups: bool) -> tuple[Any, dict[str, list[int]]]:
    """The compiled pattern, with its ``groups`` where they matter: they cost a second look."""
    if len(pattern) > _LONGEST_PATTERN:
        raise LimitExceededError(
            f"a regular expression has more than {_LONGEST_PATTERN} characters"
        )
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    options.never_capture = not groups
    try:
        return re2.compile(encode(pattern), options), _groups(pattern)
    except re2.error as error:
        problem, _, piece = decode(error.args[0]).partition(": ")
    finally:
        re2.purge()  # what it keeps may be 128 times as much
    if "too large" in problem:
        raise LimitExceededError("a regular expression is too large")
    words = _EXPLANATIONS.get(problem, problem)
    if words in _OF_NAMES and piece.startswith(("(?<", "(?P<")):
        words, rest = _OF_NAMES[0], pattern[pattern.find(piece) :]
        piece = rest[: rest.find(">") + 1] or rest
    raise _unparsable(words, piece)


class Search:
    """A pattern and a text whose matches are looked for; what that may cost is counted first."""

    def __init__(self, pattern: str, text: str, *, groups: bool = False) -> None:
        meter().work(len(pattern) + _CLASS_WORK * pattern.lower().count("\\p"))
        self._pattern, self.named = _compiled(pattern, groups)
        if len(text) > _LONGEST_TEXT:
            raise LimitExceededError(
                f"a regular expression is applied to more than {_LONGEST_TEXT} characters"
            )
        self.text = _Text(text)
        size = self._pattern.programsize * (2 if groups else 1)
        meter().work((len(text) >> _READ) + (size * len(self.text.data) >> _STEPS))
        self._groups = range(self._pattern.groups + 1 if groups else 1)

    def first(self, position: int = 0) -> Spans | None:
        """The leftmost match from ``position`` on: its span and those of its groups."""
        data = self.text.data
        while position <= len(data):
            meter().work(1 + (len(data) - position >> _LOOK))
            found = self._pattern.search(data, position)
            if found is None:
                return None
            if not self.text.is_within(found.start()):
                return [found.span(group) for group in self._groups]
            position = self.text.following(found.start())  # `\B` holds between bytes, too
        return None

    def every(self) -> Iterator[Spans]:
        """All matches, without the empty ones right after another (regexp.Regexp.allMatches)."""
        position, last = 0, -1
        while (spans := self.first(position)) is not None:
            start, end = spans[0]
            if start != end or start != last:
                yield spans
            position = self.text.following(position) if end == position else end
            last = end
