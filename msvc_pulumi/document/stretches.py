"""Which stretches of a YAML text stay within one scalar.

A text made by a template holds stretches that its author did not write. As long as each is inside
one scalar, or inside a comment, it can be anything without adding, removing or retyping a node.
The places are those of the scanner's tokens, which exist for texts that are no documents, too.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import yaml

from msvc_pulumi.document.events import scan
from msvc_pulumi.document.scalars import resolve
from msvc_pulumi.pattern import pattern

__all__ = ["Stray", "strays", "unsettled"]

# A word of these characters can only be part of a plain scalar, or be read as no text: a number,
# a boolean, null. It cannot where it has a letter that those are never written with, or a few more
# characters than their words have and a letter that no number has.
_PLAIN_CHARACTERS = re.compile(r"[A-Za-z0-9][\w./-]*", re.ASCII)
_IN_NO_SUCH_WORD = re.compile(r"[ghjkmpqvwzGHJKMPQVWZ/]")
_IN_NO_NUMBER = re.compile(r"[g-np-wyzG-NP-WYZ]")
_LONGEST_SUCH_WORD = 5  # false
_PROPERTY = re.compile(r"[&*!%]")  # what begins an anchor, an alias, a tag, a directive
_BREAK = pattern("\r\n|[\n\r\x85\u2028\u2029]")
_ESCAPE = pattern(r"\\(?:x.{2}|u.{4}|U.{8}|\r\n|.)", re.DOTALL)
_QUOTE = pattern("''")
_BYTE_ORDER_MARK = "\ufeff"


class Stray(NamedTuple):
    """A stretch, by its number, that is not within one scalar.

    ``retyped`` says what it is read as where it is within one: "a number", "a boolean", "null";
    ``scalar`` is then that one's offset.
    """

    number: int
    retyped: str = ""
    scalar: int = 0


def strays(
    text: str, stretches: Sequence[tuple[int, int]], among: Iterable[int] | None = None
) -> Iterator[Stray]:
    """The stretches of ``text``, (start, end) in ascending order, that are more than scalars.

    ``among`` are those that are `unsettled`, where that is known already. Behind a mistake that the
    scanner stops at nothing is known but of what it stumbled over.
    """
    risky = list(unsettled(text, stretches) if among is None else among)
    if not risky:
        return
    if text.startswith(_BYTE_ORDER_MARK):  # the reader takes it for none of the text
        if risky[0] == stretches[0][0] == 0:
            yield Stray(risky.pop(0))
        text = " " + text[1:]
    layout = _Layout(text)
    for number in risky:
        start, end = stretches[number]
        if start > layout.end:
            return
        stray = layout.stray(number, start, end)
        if stray is None:
            continue
        if end > layout.known and _PLAIN_CHARACTERS.fullmatch(text, start, end):
            continue  # the mistake is another's
        yield stray


def unsettled(text: str, stretches: Iterable[tuple[int, int]]) -> Iterator[int]:
    """The numbers of the stretches of which only the scanner can tell that they are scalars.

    The others are words: with any other such word in its place the text has the same structure.
    """
    behind = 0
    in_property = False
    for number, (start, end) in enumerate(stretches):
        line = text.rfind("\n", behind, start) + 1
        if line:
            in_property = False
        if not in_property:
            in_property = _PROPERTY.search(text, max(line, behind), start) is not None
        behind = start
        if in_property or not _is_word(text, start, end):
            yield number


def _is_word(text: str, start: int, end: int) -> bool:
    return _PLAIN_CHARACTERS.fullmatch(text, start, end) is not None and (
        _IN_NO_SUCH_WORD.search(text, start, end) is not None
        or (end - start > _LONGEST_SUCH_WORD and _IN_NO_NUMBER.search(text, start, end) is not None)
    )


class _Layout:
    """The tokens of a text, as far as the scanner gets."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[Any] = []
        self.starts: list[int] = []
        self.keys: set[int] = set()  # numbers of scalars that are keys
        self.tagged: set[int] = set()
        self.contents: dict[int, _Block | _Quoted] = {}
        self.comment = (0, 0)  # the one that was looked at last
        is_key = is_tagged = False
        self.end = len(text)
        self.known = len(text)
        try:
            for token in scan(text):
                kind = type(token)
                if kind is yaml.KeyToken:
                    is_key = True
                elif kind is yaml.TagToken:
                    is_tagged = True
                start, end = token.start_mark.index, token.end_mark.index
                if kind is yaml.ScalarToken:
                    number = len(self.tokens)
                    if is_key:
                        self.keys.add(number)
                    if is_tagged:
                        self.tagged.add(number)
                if kind not in (yaml.KeyToken, yaml.TagToken, yaml.AnchorToken):
                    is_key = is_tagged = False
                if end > start:
                    self.tokens.append(token)
                    self.starts.append(start)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
            self.end = mark.index if mark else 0
            self.known = self.tokens[-1].end_mark.index if self.tokens else 0

    def stray(self, number: int, start: int, end: int) -> Stray | None:
        """What is wrong with the stretch ``number`` from ``start`` to ``end``."""
        index = bisect_right(self.starts, start) - 1
        token = self.tokens[index] if index >= 0 else None
        if token is None or token.end_mark.index <= start:
            behind = token.end_mark.index if token else 0
            return None if self._in_comment(behind, start, end) else Stray(number)
        if type(token) is not yaml.ScalarToken or end > token.end_mark.index:
            return Stray(number)
        if token.plain:
            if _BREAK.search(self.text, start, end):
                return Stray(number)  # folded, and where it ends depends on the next line
            return self._in_plain(number, index)
        return None if self._content(index).holds(start, end) else Stray(number)

    def _in_comment(self, behind: int, start: int, end: int) -> bool:
        """Whether a stretch between two tokens stands behind a # of its line, and ends there."""
        first, last = self.comment
        if not first < start < last:
            line = max(self.text.rfind("\n", behind, start) + 1, behind)
            first = self.text.find("#", line, start)
            if first < 0:
                return False
            found = _BREAK.search(self.text, first)
            last = found.start() if found else len(self.text)
            self.comment = first, last
        return start < last and end <= last

    def _in_plain(self, number: int, index: int) -> Stray | None:
        text = self.tokens[index].value
        if index in self.tagged:
            return None
        if index in self.keys and text == "<<":
            return Stray(number)
        value = resolve(text)
        if isinstance(value, str):
            return None
        kinds = {bool: "a boolean", type(None): "null"}
        return Stray(number, kinds.get(type(value), "a number"), self.starts[index])

    def _content(self, index: int) -> _Block | _Quoted:
        known = self.contents.get(index)
        if known is None:
            token = self.tokens[index]
            kind = _Block if token.style in "|>" else _Quoted
            known = kind(self.text, token.start_mark.index, token.end_mark.index, token.style)
            self.contents[index] = known
        return known


class _Quoted:
    """The content of a quoted scalar."""

    def __init__(self, text: str, start: int, end: int, style: str) -> None:
        self.start, self.end = start + 1, end - 1
        pattern = _ESCAPE if style == '"' else _QUOTE
        found = list(pattern.finditer(text, self.start, self.end))
        self.firsts = [match.start() for match in found]
        self.lasts = [match.end() for match in found]

    def holds(self, start: int, end: int) -> bool:
        """Whether a stretch begins and ends in it, between two characters as YAML counts them."""
        inside = self.start <= start and end <= self.end
        return inside and self._between(start) and self._between(end)

    def _between(self, offset: int) -> bool:
        index = bisect_left(self.firsts, offset) - 1
        return index < 0 or self.lasts[index] <= offset


class _Block:
    """The content of a block scalar."""

    def __init__(self, text: str, start: int, end: int, _style: str) -> None:
        self.text = text
        self.mark = start
        self.end = end
        header = _BREAK.search(text, start, end)
        self.start = header.end() if header else end
        self.lines = [
            self.start,
            *(found.end() for found in _BREAK.finditer(text, self.start, end)),
        ]

    @cached_property
    def indentation(self) -> int:
        """The column of the content: what the first line with content has, and not fewer blanks
        than an empty line before it; that column decides also where the header states one."""
        deepest = 0
        for line in self.lines:
            column = self._blanks(line)
            deepest = max(deepest, column)
            if line + column < self.end and not _BREAK.match(self.text, line + column):
                break
        return deepest

    def _blanks(self, line: int) -> int:
        column = 0
        while line + column < self.end and self.text[line + column] == " ":
            column += 1
        return column

    def holds(self, start: int, end: int) -> bool:
        """Whether a stretch is content: every line of it begins behind the indentation, or with
        all of it."""
        if start < self.start:
            return "#" in self.text[self.mark : start] and end < self.start
        if end > self.end:
            return False
        first = bisect_right(self.lines, start) - 1
        if start - self.lines[first] < self.indentation:
            return False
        for index in range(first + 1, len(self.lines)):
            line = self.lines[index]
            if line > end:
                break
            column = self._blanks(line)
            is_empty = line + column < end and _BREAK.match(self.text, line + column)
            if not is_empty and (column < self.indentation or line + self.indentation > end):
                return False
        return True
