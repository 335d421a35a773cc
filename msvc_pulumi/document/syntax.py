"""`syntax_problem`: what makes a text no YAML, where, and what to write instead."""

from __future__ import annotations

import re

from msvc_pulumi.document.sourcefile import Source
from msvc_pulumi.document.yaml11 import DialectError
from msvc_pulumi.errors import Diagnostic, Severity

__all__ = ["syntax_problem"]


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
