"""The texts that inputs are read from, with their lines, and what keeps one from being read."""

from __future__ import annotations

import errno
import re
import sys
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from msvc_pulumi.errors import Diagnostic, LoadError, Span
from msvc_pulumi.pattern import pattern

__all__ = ["MAX_SIZE", "Locate", "Source", "read_source"]

MAX_SIZE = 8 * 1024 * 1024  # bytes of one input; etcd takes objects up to 1.5 MiB

Locate = Callable[[int, int, int], Span]
"""From a line, a column (both from 0) and a length to the place that the user wrote."""

_LINE_END = re.compile(r"\r\n|\r|\n")
_SECRET = pattern(r"""^[ \t]*["']?kind["']?\s*:\s*["']?Secret\b""", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)  # not slotted: the line starts are cached in the instance
class Source:
    """A text and the name that messages give it.

    ``locate`` is set for a text that was derived from another one, such as a rendered BaseConfig
    section: its spans are those that ``locate`` finds in the text the user wrote.
    """

    name: str
    text: str
    locate: Locate | None = None

    @classmethod
    def derived(cls, name: str, text: str, locate: Locate) -> Source:
        return cls(name, text, locate)

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(match.end() for match in _LINE_END.finditer(self.text))]

    @cached_property
    def _last_line(self) -> list[tuple[int, str]]:
        return [(-1, "")]  # problems of one line share its text, which may be all there is

    @cached_property
    def _hides_lines(self) -> bool:
        return _SECRET.search(self.text) is not None

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column, from 0, of a character offset."""
        offset = max(0, min(offset, len(self.text)))
        line = bisect_right(self._starts, offset) - 1
        return line, offset - self._starts[line]

    def offset(self, line0: int, column0: int) -> int:
        """The character offset of a line and column, both from 0; places outside are clamped."""
        line = max(0, min(line0, len(self._starts) - 1))
        return min(self._starts[line] + max(0, column0), len(self.text))

    def line(self, line0: int) -> str:
        """The text of a line, counted from 0, without its end; "" behind the last one."""
        if not 0 <= line0 < len(self._starts):
            return ""
        if self._last_line[0][0] == line0:
            return self._last_line[0][1]
        start = self._starts[line0]
        end = self._starts[line0 + 1] if line0 + 1 < len(self._starts) else len(self.text)
        text = self.text[start:end].rstrip("\r\n")
        self._last_line[0] = (line0, text)
        return text

    def span(self, start: int, end: int, *, hidden: bool = False) -> Span:
        """The place of the characters from ``start`` to ``end``, cut at the end of the line.

        The line's text is left out when ``hidden`` is true: Secrets are never shown.
        """
        line, column = self.position(start)
        length = max(1, min(end, start + len(self.line(line)) - column) - start)
        return self._place(line, column, length, hidden)

    def _place(self, line: int, column: int, length: int, hidden: bool) -> Span:
        if self.locate is not None:
            return self.locate(line, column, length)
        return Span(self.name, line + 1, column + 1, length, "" if hidden else self.line(line))

    def error_span(self, offset: int) -> Span:
        """The place of a syntax error: nothing is known of the document, so a text that seems to
        hold a Secret is not shown at all."""
        return self.span(offset, offset + 1, hidden=self._hides_lines)


def read_source(path: str | Path) -> Source:
    """The text of a file, or of standard input when ``path`` is "-".

    Raises: LoadError when it is missing, unreadable, too large or not UTF-8.
    """
    name = str(path)
    try:
        if name == "-":
            name = "<stdin>"
            content = sys.stdin.buffer.read(MAX_SIZE + 1)
        else:
            with Path(path).open("rb") as file:
                content = file.read(MAX_SIZE + 1)
    except OSError as error:
        raise LoadError([_unreadable(name, error)]) from error
    except ValueError as error:  # a NUL in the name
        raise LoadError([_problem(name, "file-unreadable", str(error), "name a file")]) from error
    if len(content) > MAX_SIZE:
        help_text = "split it into several files"
        raise LoadError([_problem(name, "too-large", f"larger than {MAX_SIZE} bytes", help_text)])
    return Source(name, _decoded(name, content))


def _decoded(name: str, content: bytes) -> str:
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        problem = Diagnostic(
            "not-utf8",
            f"not {encoding.upper()} text: {error.reason}",
            span=Span(name, line, column),
            help="save the file as UTF-8",
        )
        raise LoadError([problem]) from error


def _unreadable(name: str, error: OSError) -> Diagnostic:
    go = f"open {name}: {(error.strerror or str(error)).lower()}"
    if error.errno == errno.ENOENT:
        return _problem(name, "file-not-found", "no such file", "check the name", go)
    if error.errno == errno.EISDIR:
        go = f"read {name}: is a directory"
        return _problem(name, "file-unreadable", "is a directory", "name a file in it", go)
    reason = error.strerror or str(error)
    return _problem(name, "file-unreadable", reason.lower(), "check the file's permissions", go)


def _problem(name: str, code: str, reason: str, remedy: str, go: str = "") -> Diagnostic:
    return Diagnostic(code, f'cannot read "{name}": {reason}', go=go, help=remedy)
