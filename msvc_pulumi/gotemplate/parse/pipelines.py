"""Returns the syntax tree of pipelines: declarations, commands, operands, terms.

Order of checks and messages are those of text/template/parse (parse.go).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from ..limits.profile import Profile
from ..strconv.literals import LiteralError, parse_number, quote
from .nodes import (
    BoolNode,
    ChainNode,
    CommandNode,
    DotNode,
    FieldNode,
    IdentifierNode,
    NilNode,
    Node,
    NumberNode,
    PipeNode,
    StringNode,
    VariableNode,
)
from .tokens import Kind, Token
from .tokenstream import TokenStream, Undefined

__all__ = ["PipelineParser", "Scope"]

_OPERANDS = frozenset(
    (
        Kind.BOOL,
        Kind.CHAR_CONSTANT,
        Kind.COMPLEX,
        Kind.DOT,
        Kind.FIELD,
        Kind.IDENTIFIER,
        Kind.NUMBER,
        Kind.NIL,
        Kind.RAW_STRING,
        Kind.STRING,
        Kind.VARIABLE,
        Kind.LEFT_PAREN,
    )
)
_NOT_EXECUTABLE = (BoolNode, DotNode, NilNode, NumberNode, StringNode)


@dataclass(slots=True)
class Scope:
    """What parsing one tree (main, definition or block) keeps: variables and open ranges."""

    variables: list[str] = field(default_factory=lambda: ["$"])
    ranges: int = 0
    _known: Counter[str] = field(default_factory=lambda: Counter("$"))

    def declare(self, name: str) -> None:
        self.variables.append(name)
        self._known[name] += 1

    def knows(self, name: str) -> bool:
        """Whether a variable of that name is in force."""
        return self._known[name] > 0

    def leave(self, mark: int) -> None:
        """Forget the variables declared since there were ``mark``."""
        for name in self.variables[mark:]:
            self._known[name] -= 1
        del self.variables[mark:]


class PipelineParser(TokenStream):
    """Parses pipelines within the scope of one tree."""

    def __init__(
        self,
        source: str,
        name: str,
        *,
        functions: frozenset[str],
        profile: Profile,
        undefined: Undefined,
    ) -> None:
        super().__init__(source, name, functions=functions, profile=profile)
        self.functions = functions
        self.undefined = undefined
        self.scope = Scope()

    def pipeline(self, context: str, end: Kind) -> PipeNode:
        first = self.peek_word()
        pipe = PipeNode(first.start, first.end)
        self.declarations(pipe, context)
        while True:
            token = self.peek_word()
            if token.kind is end:
                self.next()
                self.check(pipe, context, token)
                return pipe
            if token.kind not in _OPERANDS:
                self.next()
                raise self.unexpected(token, context)
            command = self.command()
            pipe.commands.append(command)
            pipe.end = command.end

    def declarations(self, pipe: PipeNode, context: str) -> None:
        while self.peek_word().kind is Kind.VARIABLE:
            checkpoint = self.index
            variable = self.next()
            after = self.peek_word()
            is_comma = after.kind is Kind.CHAR and after.text == ","
            if after.kind not in (Kind.ASSIGN, Kind.DECLARE) and not is_comma:
                self.index = checkpoint
                return
            self.next()
            pipe.declarations.append(VariableNode(variable.start, variable.end, variable.text, []))
            self.scope.declare(variable.text)
            if not is_comma:
                pipe.assigns = after.kind is Kind.ASSIGN
                return
            if context != "range" or len(pipe.declarations) > 1:
                raise self.error(f"too many declarations in {context}", variable)
            following = self.peek_word()
            if following.kind not in (Kind.VARIABLE, Kind.RIGHT_DELIM, Kind.RIGHT_PAREN):
                raise self.error("range can only initialize variables", following)

    def check(self, pipe: PipeNode, context: str, token: Token) -> None:
        if not pipe.commands:
            raise self.error(f"missing value for {context}", token)
        for stage, command in enumerate(pipe.commands[1:], start=2):
            if isinstance(command.arguments[0], _NOT_EXECUTABLE):
                raise self.error(f"non executable command in pipeline stage {stage}", token)

    def command(self) -> CommandNode:
        first = self.peek_word()
        command = CommandNode(first.start, first.end)
        while True:
            self.peek_word()
            operand = self.operand()
            if operand is not None:
                command.arguments.append(operand)
                command.end = max(command.end, operand.end)
            token = self.peek()
            if token.kind is Kind.SPACE:
                self.next()
                continue
            if token.kind is Kind.PIPE:
                self.next()
            elif token.kind not in (Kind.RIGHT_DELIM, Kind.RIGHT_PAREN):
                self.next()
                raise self.unexpected(token, "operand")
            break
        if not command.arguments:
            raise self.error("empty command", token)
        return command

    def operand(self) -> Node | None:
        term = self.term()
        if term is None or self.peek().kind is not Kind.FIELD:
            return term
        start = self.peek().start
        fields = []
        while self.peek().kind is Kind.FIELD:
            token = self.next()
            fields.append(token.text[1:])
        if isinstance(term, FieldNode):
            return FieldNode(start, token.end, [*term.fields, *fields])
        if isinstance(term, VariableNode):
            return VariableNode(start, token.end, term.name, fields)
        if isinstance(term, _NOT_EXECUTABLE):
            raise self.error(f"unexpected . after term {quote(str(term))}", token)
        return ChainNode(start, token.end, term, fields)

    def term(self) -> Node | None:
        token = self.peek_word()
        if token.kind not in _OPERANDS:
            return None
        self.next()
        start, end = token.start, token.end
        match token.kind:
            case Kind.IDENTIFIER:
                return self.function(token)
            case Kind.DOT:
                return DotNode(start, end)
            case Kind.NIL:
                return NilNode(start, end)
            case Kind.VARIABLE:
                if not self.scope.knows(token.text):
                    raise self.error(f"undefined variable {quote(token.text)}", token)
                return VariableNode(start, end, token.text, [])
            case Kind.FIELD:
                return FieldNode(start, end, [token.text[1:]])
            case Kind.BOOL:
                return BoolNode(start, end, token.text == "true")
            case Kind.LEFT_PAREN:
                self.nested(token)
                pipe = self.pipeline("parenthesized pipeline", Kind.RIGHT_PAREN)
                self.depth -= 1
                return pipe
            case Kind.STRING | Kind.RAW_STRING:
                return StringNode(start, end, token.text, self.unquoted(token))
        try:
            return NumberNode(start, end, parse_number(token.text))
        except LiteralError as problem:
            raise self.error(str(problem), token) from None

    def function(self, token: Token) -> IdentifierNode:
        if token.text not in self.functions:
            code, remedy = self.undefined(token.text)
            problem = "is off" if code == "template-disabled" else "not defined"
            message = f"function {quote(token.text)} {problem}"
            raise self.error(message, token, code=code, help=remedy)
        return IdentifierNode(token.start, token.end, token.text)
