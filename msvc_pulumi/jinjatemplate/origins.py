"""`Origins`: where in the source of a Jinja2 template a piece of its output comes from."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from itertools import chain

__all__ = ["Origins"]

_OPENING = re.compile(r"\{[{%#]")
_CLOSING = {"{{": "}}", "{%": "%}", "{#": "#}"}


class Origins:
    """Finds pieces of output in the source.

    Jinja tells the line of a piece only. Text is looked for from there on, outside of tags; what is
    not found is the result of the next expression.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        tags = list(_tags(source))
        self.texts = source  # with nothing that a text could be taken for where tags are
        if tags:
            ends = [0, *(end for _, end in tags)]
            starts = [*(start for start, _ in tags), len(source)]
            texts = (source[end:start] for end, start in zip(ends, starts, strict=True))
            lengths = (end - start for start, end in tags)
            blanks = ("\0" * length for length in (*lengths, 0))
            self.texts = "".join(chain.from_iterable(zip(texts, blanks, strict=True)))
        self.starts = [start for start, _ in tags if source.startswith("{{", start)]
        self.lines = [0, *(found.end() for found in re.finditer("\n", source))]
        self.behind = 0

    def of(self, piece: str, line: int) -> tuple[int, bool]:
        """The offset of a piece that begins in ``line``, and whether it is text."""
        start = self.lines[min(max(line, 1), len(self.lines)) - 1]
        found = self.texts.find(piece, start) if piece else -1
        if found >= 0:
            self.behind = found + len(piece)
            return found, True
        index = bisect_left(self.starts, max(start, self.behind))
        return (self.starts[index] if index < len(self.starts) else start), False


def _tags(source: str) -> Iterator[tuple[int, int]]:
    """Where tags begin and end, as far as that can be told without Jinja's own parser."""
    unclosed: set[str] = set()
    behind = 0
    for found in _OPENING.finditer(source):
        if found.start() < behind or found[0] in unclosed:
            continue
        end = source.find(_CLOSING[found[0]], found.end())
        if end < 0:
            unclosed.add(found[0])  # nor is any later one
            continue
        behind = end + 2
        yield found.start(), behind
