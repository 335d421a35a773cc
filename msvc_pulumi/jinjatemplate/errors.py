"""`Place`: what stopped a Jinja2 template, as a `TemplateError` with its place and a remedy."""

from __future__ import annotations

import re
import sys
from types import TracebackType

from jinja2 import Template, TemplateSyntaxError, UndefinedError
from jinja2.exceptions import SecurityError
from jinja2.exceptions import TemplateError as JinjaError

from msvc_pulumi.gotemplate import Profile, TemplateError
from msvc_pulumi.gotemplate.errors import FunctionError, UnprintableError
from msvc_pulumi.jinjatemplate.sandbox import EscapingError, LoadingError
from msvc_pulumi.nearest import nearest

__all__ = ["Place"]

_LONGEST_WORD = 200  # characters of a name that a message is about
_QUOTED = re.compile(r"'([^']*)'")


class Place:
    """Where in the source an exception comes from, as far as Jinja can tell: the line."""

    def __init__(self, source: str, name: str) -> None:
        self.source = source
        self.name = name
        self.template: Template | None = None

    def limit(self, problem: str, profile: Profile, remedy: str = "") -> TemplateError:
        offset, length = self.span(self.line(), "")
        return TemplateError(
            "template-limit",
            f"the template is stopped: {problem}",
            offset=offset,
            length=length,
            help=remedy or f"bound of the {profile.name} profile",
        )

    def error(self, problem: Exception, known: tuple[str, ...]) -> TemplateError:
        code, line, remedy = "template-exec", self.line(), ""
        message = str(problem) or type(problem).__name__
        if isinstance(problem, TemplateSyntaxError):
            code, line = "template-syntax", problem.lineno
            message = problem.message or message
        if isinstance(problem, LoadingError):
            code, remedy = "template-disabled", "there are no other templates here; use a macro"
        elif isinstance(problem, EscapingError):
            code, remedy = "template-disabled", "quote with … | tojson"
        elif isinstance(problem, SecurityError):
            code = "template-disabled"
        elif isinstance(problem, UnprintableError):
            code = "template-unprintable"
            remedy = "call it, or make it data first: … | list"
        elif not isinstance(problem, JinjaError | FunctionError):
            message = f"{type(problem).__name__}: {message}"
        words = _QUOTED.findall(message)
        known_words = (word for word in reversed(words) if len(word) <= _LONGEST_WORD)
        word = next((word for word in known_words if word in self.source), "")
        if isinstance(problem, UndefinedError) and message.endswith("is undefined"):
            near = nearest(words[0] if words else "", known)
            remedy = f"did you mean {near}?" if near else f"there is: {', '.join(known)}"
        offset, length = self.span(line, word)
        return TemplateError(code, message, offset=offset, length=length, help=remedy)

    def line(self) -> int:
        """The template's line of the exception being handled, counted from 1."""
        trace: TracebackType | None = sys.exc_info()[2]
        line = 1
        while trace is not None:
            if self.template and trace.tb_frame.f_globals.get("blocks") is self.template.blocks:
                line = self.template.get_corresponding_lineno(trace.tb_lineno)
            trace = trace.tb_next
        return line

    def span(self, line: int, word: str) -> tuple[int, int]:
        """Offset and length of ``word`` in ``line``, of the whole line when it is not there."""
        lines = self.source.splitlines(keepends=True) or [""]
        number = min(max(line, 1), len(lines)) - 1
        start = sum(map(len, lines[:number]))
        text = lines[number].rstrip("\r\n")
        found = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) if word else None
        if found:
            return start + found.start(), len(word)
        return start, max(len(text), 1)
