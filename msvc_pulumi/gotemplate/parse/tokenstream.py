"""Returns tokens one by one to the parser, and the errors it finds in them.

Go's parser reads ahead lazily and reports the line of the token it read last; the farthest token
looked at stands for that here.
"""

from __future__ import annotations

from collections.abc import Callable

from ..errors import TemplateError
from ..limits.profile import Profile
from ..strconv.literals import LiteralError, quote, unquote
from .lexer import tokenize
from .tokens import KEYWORDS, Kind, Token

__all__ = ["TokenStream", "Undefined"]

Undefined = Callable[[str], tuple[str, str]]
"""Gives the diagnostic code and the help for a function that is not there."""


class TokenStream:
    """The tokens of a source with a place in them."""

    def __init__(
        self, source: str, name: str, *, functions: frozenset[str], profile: Profile
    ) -> None:
        words = functions & {"break", "continue"}
        self.tokens = tokenize(source, profile.tokens, functions=words)
        self.name = name
        self.profile = profile
        self.index = 0
        self.farthest = 0
        self.depth = 0
        self.action_line = 0

    def peek(self) -> Token:
        self.farthest = max(self.farthest, self.index)
        return self.tokens[self.index]

    def next(self) -> Token:
        token = self.peek()
        if self.index + 1 < len(self.tokens):
            self.index += 1
        return token

    def peek_word(self) -> Token:
        while self.peek().kind is Kind.SPACE:
            self.index += 1
        return self.peek()

    def next_word(self) -> Token:
        self.peek_word()
        return self.next()

    def expect(self, kind: Kind, context: str) -> Token:
        token = self.next_word()
        if token.kind is not kind:
            raise self.unexpected(token, context)
        return token

    def error(
        self,
        message: str,
        token: Token,
        *,
        code: str = "template-syntax",
        help: str = "",  # noqa: A002
    ) -> TemplateError:
        line = self.tokens[self.farthest].line
        go = f"template: {self.name}:{line}: {message}" if code == "template-syntax" else ""
        return TemplateError(
            code, message, go=go, offset=token.start, length=token.end - token.start, help=help
        )

    def unexpected(self, token: Token, context: str) -> TemplateError:
        if token.kind is Kind.ERROR:
            if token.text == "too many tokens":
                return self.error(
                    f"the template has more than {self.profile.tokens} tokens",
                    token,
                    code="template-limit",
                )
            place = ""
            if self.action_line and self.action_line != token.line:
                place = f" in action started at {self.name}:{self.action_line}"
                if token.text.endswith(" action"):
                    place = place.removeprefix(" in action")
            return self.error(f"{token.text}{place}", token)
        return self.error(f"unexpected {_shown(token)} in {context}", token)

    def nested(self, token: Token) -> None:
        self.depth += 1
        if self.depth > self.profile.nesting:
            raise self.error(
                f"the template nests more than {self.profile.nesting} levels deep",
                token,
                code="template-limit",
            )

    def unquoted(self, token: Token) -> str:
        try:
            return unquote(token.text)
        except LiteralError as problem:
            raise self.error(str(problem), token) from None


def _shown(token: Token) -> str:
    """The token as Go's lexer prints it in errors."""
    if token.kind is Kind.EOF:
        return "EOF"
    if token.kind in KEYWORDS.values():
        return f"<{token.text}>"
    if len(token.text) > 10:
        return f"{quote(token.text[:10])}..."
    return quote(token.text)
