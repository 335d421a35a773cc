"""Returns what can go wrong in a template: one public error, and those that functions raise.

`TemplateError` is all a caller of either dialect has to know; the others never leave the package.
"""

from __future__ import annotations

__all__ = ["FunctionError", "LimitExceededError", "TemplateError", "UnprintableError"]


class TemplateError(Exception):
    """A template that cannot be parsed or executed.

    ``code`` is one of template-syntax, template-exec, template-limit, template-disabled,
    template-unprintable.
    ``message`` is one sentence without a place; ``go`` is the line Go's text/template prints for
    the same problem, as exactly as it is known ("" when Go has no such problem). ``offset`` and
    ``length`` mark the failing term in the template's source, in characters. ``help`` is a remedy
    or "".
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        go: str = "",
        offset: int = 0,
        length: int = 1,
        help: str = "",  # noqa: A002 - the word users see in front of it
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.go = go
        self.offset = offset
        self.length = length
        self.help = help

    def __str__(self) -> str:
        return self.go or self.message


class FunctionError(Exception):
    """What a template function returns as its Go ``error``; the evaluator adds name and place."""


class UnprintableError(FunctionError):
    """What is no data would be printed: its text is a place in memory, another one in each run."""


class LimitExceededError(Exception):
    """A bound of the profile was reached; the evaluator adds the place.

    ``help`` is a remedy of its own where the bound is not the profile's.
    """

    def __init__(self, message: str, help: str = "") -> None:  # noqa: A002 - as above
        super().__init__(message)
        self.help = help
