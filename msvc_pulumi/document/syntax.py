"""What makes a text no YAML, where, and what to write instead: `DialectError`, `syntax_problem`."""

from __future__ import annotations

import re

import yaml

from msvc_pulumi.document.sourcefile import Source
from msvc_pulumi.errors import Diagnostic, Severity

__all__ = ["DialectError", "dialect_error", "go_words", "syntax_problem"]


class DialectError(Exception):
    """The text is not a document of the dialect, or exceeds a limit.

    ``offset`` counts characters from the start of the text; ``go`` is the original's wording where
    it has one; ``is_limit`` tells an exceeded limit from a mistake.
    """

    def __init__(self, message: str, offset: int, *, go: str = "", is_limit: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.go = go
        self.is_limit = is_limit


def go_words(message: str) -> str:
    """How the original words what its parser says."""
    return f"error converting YAML to JSON: yaml: {message}"


def dialect_error(error: yaml.YAMLError, text: str) -> DialectError:
    """What PyYAML's parser says of ``text``, in its words and the original's."""
    problem = getattr(error, "problem", None) or str(error)
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    context = getattr(error, "context", None)
    line = mark.line if mark else 0
    # go-yaml counts lines from 0 and adds one for the scanner's errors only (decode.go: fail).
    if isinstance(error, yaml.scanner.ScannerError) and line:
        line += 1
    place = f"line {line}: " if line else ""
    return DialectError(
        f"{problem} {context}" if context else problem,
        min(mark.index, len(text)) if mark else 0,
        go=go_words(f"{place}{problem}"),
    )


def syntax_problem(source: Source, error: DialectError, *, behind_first: bool) -> Diagnostic:
    """The error of a reader; ``behind_first``, a document before it, only a warning."""
    offset = error.offset
    return Diagnostic(
        "yaml-limit" if error.is_limit else "yaml-syntax",
        error.message,
        Severity.WARNING if behind_first else Severity.ERROR,
        span=source.error_span(offset),
        notes=("this document and all behind it are ignored",) if behind_first else (),
        go="" if behind_first else error.go,
        help=_help(source, offset),
    )


def _help(source: Source, offset: int) -> str:
    line, _ = source.position(offset)
    if source.text[offset : offset + 1] == "\t":
        return "indent with blanks, YAML does not allow tabs"
    if re.match(r"\s*(?:- )?(?:[\w.-]+:\s+)?\{\{", source.line(line)):
        return "quote a value that begins with {{"
    return ""
