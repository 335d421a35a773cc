"""Which character of a scalar's value is written where in the text."""

from __future__ import annotations

import re
from bisect import bisect_left

from msvc_pulumi.document.nodes import Node
from msvc_pulumi.document.sourcefile import Source
from msvc_pulumi.pattern import pattern

__all__ = ["ScalarColumns", "literal_offset"]

_ESCAPED = re.compile(r"\\.", re.DOTALL)
_DOUBLED = re.compile("''")
_ESCAPE_LENGTHS = {"x": 4, "u": 6, "U": 10}  # characters of \xNN, \uNNNN, \UNNNNNNNN
_HEADER = pattern(r"(?:[&!]\S*\s+|#.*)*")  # what may stand in front of a block scalar's mark


class ScalarColumns:
    """Where in ``written`` the characters of ``value`` stand.

    ``written`` is a plain or quoted scalar on one line, with its anchor and tag if it has any.
    Made once for many questions, as a whole section may stand on one line.
    """

    def __init__(self, written: str, value: str) -> None:
        self._start = _content_start(written)
        self._most = -1  # the last column that can be aligned
        self._columns: list[int] = []  # of the characters that are written with more than one
        self._longer = [0]  # by how much all of them so far are longer
        if "\n" in written or "\r" in written:
            return
        quote = written[self._start : self._start + 1]
        if quote not in {"'", '"'}:
            if written.startswith(value, self._start):
                self._most = len(value)
            return
        self._start += 1
        for found in (_ESCAPED if quote == '"' else _DOUBLED).finditer(written, self._start):
            length = 2 if quote == "'" else _ESCAPE_LENGTHS.get(found[0][1], 2)
            self._columns.append(found.start() - self._start - self._longer[-1])
            self._longer.append(self._longer[-1] + length - 1)
        self._most = len(written) - 1 - self._start - self._longer[-1]

    def offset(self, column: int) -> int | None:
        """The offset of character ``column``, which may be one behind the last.

        None when the two cannot be aligned, as with a scalar folded over several lines.
        """
        if not 0 <= column <= self._most:
            return None
        return self._start + column + self._longer[bisect_left(self._columns, column)]


def literal_offset(source: Source, node: Node, line0: int, column0: int) -> int:
    """The offset in ``source`` of a character of a literal block scalar, by line and column."""
    # An anchor or a tag may stand in front of the mark, even on an earlier line.
    header = _HEADER.match(source.text, node.start)
    mark_line, _ = source.position(header.end() if header else node.start)
    number, sample = _first_line(node.value)
    indentation = max(0, len(source.line(mark_line + 1 + number)) - len(sample))
    return source.offset(mark_line + 1 + line0, indentation + column0)


def _content_start(written: str) -> int:
    """The offset behind an anchor and a tag, in any order."""
    start = 0
    while written[start : start + 1] in {"&", "!"}:
        while start < len(written) and not written[start].isspace():
            start += 1
        while start < len(written) and written[start].isspace():
            start += 1
    return start


def _first_line(text: str) -> tuple[int, str]:
    """The number and text of the first line that is not blank; of the first one if all are."""
    start = 0
    for number in range(text.count("\n") + 1):
        end = text.find("\n", start)
        line = text[start : end if end >= 0 else len(text)]
        if line.strip():
            return number, line
        start = end + 1
    return 0, ""
