"""Returns the trees of a template source: the main one and those it defines.

Grammar, order of checks and messages are those of text/template/parse (parse.go), so that the
``go`` text of a syntax error is Go's. The bounds on tokens and nesting are ours.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from .budget import Profile
from .errors import TemplateError
from .lexer import KEYWORDS, Kind, Token, tokenize
from .literals import LiteralError, parse_number, quote, unquote
from .nodes import (
    ActionNode,
    BoolNode,
    BranchNode,
    BreakNode,
    ChainNode,
    CommandNode,
    ContinueNode,
    DotNode,
    FieldNode,
    IdentifierNode,
    ListNode,
    NilNode,
    Node,
    NumberNode,
    PipeNode,
    StringNode,
    TemplateNode,
    TextNode,
    VariableNode,
)

__all__ = ["Trees", "parse"]

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
_ACTIONS = frozenset(
    (
        Kind.BLOCK,
        Kind.BREAK,
        Kind.CONTINUE,
        Kind.ELSE,
        Kind.END,
        Kind.IF,
        Kind.RANGE,
        Kind.TEMPLATE,
        Kind.WITH,
    )
)
_NOT_EXECUTABLE = (BoolNode, DotNode, NilNode, NumberNode, StringNode)
_STOPS = {Kind.END: "{{end}}", Kind.ELSE: "{{else}}"}


@dataclass(slots=True)
class Trees:
    """The main tree of a source and the named ones it defines (define, block)."""

    main: ListNode
    defined: dict[str, ListNode] = field(default_factory=dict)


def parse(
    source: str,
    name: str,
    functions: Collection[str],
    profile: Profile,
    undefined: Callable[[str], tuple[str, str]],
) -> Trees:
    """The trees of ``source``; ``undefined`` gives code and help for a function not in
    ``functions``. Raises TemplateError (template-syntax, template-limit or what it gives)."""
    if len(source) > profile.source:
        raise TemplateError(
            "template-limit",
            f"the template has {len(source)} characters, {profile.source} are allowed here",
        )
    known = frozenset(functions)
    tokens = tokenize(source, profile.tokens, functions=known & {"break", "continue"})
    return _Parser(tokens, name, known, profile, undefined).run()


@dataclass(slots=True)
class _Scope:
    """What parsing one tree (main, definition or block) keeps: variables and open ranges."""

    variables: list[str] = field(default_factory=lambda: ["$"])
    ranges: int = 0


class _Parser:
    def __init__(
        self,
        tokens: list[Token],
        name: str,
        functions: frozenset[str],
        profile: Profile,
        undefined: Callable[[str], tuple[str, str]],
    ) -> None:
        self.tokens = tokens
        self.name = name
        self.functions = functions
        self.profile = profile
        self.undefined = undefined
        self.index = 0
        self.farthest = 0
        self.depth = 0
        self.action_line = 0
        self.scope = _Scope()
        self.trees = Trees(ListNode(0, 0))

    # --- tokens ---

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

    # --- errors ---

    def error(
        self,
        message: str,
        token: Token,
        *,
        code: str = "template-syntax",
        help: str = "",  # noqa: A002
    ) -> TemplateError:
        line = self.tokens[self.farthest].line
        go = f"template: {self.name}:{line}: {message}" if code != "template-limit" else ""
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

    # --- trees ---

    def run(self) -> Trees:
        nodes = self.trees.main.nodes
        while self.peek().kind is not Kind.EOF:
            if self.peek().kind is Kind.LEFT_DELIM:
                left = self.index
                self.next()
                if self.next_word().kind is Kind.DEFINE:
                    self.definition()
                    continue
                self.index = left
            token = self.peek_word()
            node = self.text_or_action()
            if isinstance(node, Kind):
                raise self.error(f"unexpected {_STOPS[node]}", token)
            nodes.append(node)
        self.add(self.name, self.trees.main, self.peek())
        self.trees.main = self.trees.defined[self.name]
        return self.trees

    def add(self, name: str, tree: ListNode, token: Token) -> None:
        existing = self.trees.defined.get(name)
        if existing is None or existing.blank:
            self.trees.defined[name] = tree
        elif not tree.blank:
            raise self.error(f"template: multiple definition of template {quote(name)}", token)

    def definition(self) -> None:
        context = "define clause"
        token = self.next_word()
        if token.kind not in (Kind.STRING, Kind.RAW_STRING):
            raise self.unexpected(token, context)
        name = self.unquoted(token)
        self.expect(Kind.RIGHT_DELIM, context)
        self.separate_tree(name, token, context)

    def separate_tree(self, name: str, token: Token, context: str) -> None:
        """The body of a define or block: variables and ranges of its own."""
        outer, self.scope = self.scope, _Scope()
        tree, stop = self.item_list()
        self.scope = outer
        if stop is not Kind.END:
            raise self.error(f"unexpected {_STOPS[stop]} in {context}", token)
        self.add(name, tree, token)

    def item_list(self) -> tuple[ListNode, Kind]:
        """The nodes up to an end or else, and which of the two it was."""
        token = self.peek_word()
        self.nested(token)
        nodes = ListNode(token.start, token.end)
        while self.peek_word().kind is not Kind.EOF:
            node = self.text_or_action()
            if isinstance(node, Kind):
                self.depth -= 1
                return nodes, node
            nodes.nodes.append(node)
        raise self.error("unexpected EOF", self.peek())

    def text_or_action(self) -> Node | Kind:
        token = self.next_word()
        if token.kind is Kind.TEXT:
            return TextNode(token.start, token.end, token.text)
        if token.kind is not Kind.LEFT_DELIM:
            raise self.unexpected(token, "input")
        self.action_line = token.line
        try:
            return self.action(token)
        finally:
            self.action_line = 0

    def action(self, left: Token) -> Node | Kind:
        token = self.peek_word()
        if token.kind not in _ACTIONS:
            pipe = self.pipeline("command", Kind.RIGHT_DELIM)
            return ActionNode(token.start, pipe.end, pipe, left.start)
        self.next()
        match token.kind:
            case Kind.BLOCK:
                return self.block()
            case Kind.BREAK | Kind.CONTINUE:
                return self.loop_control(token)
            case Kind.ELSE:
                if self.peek_word().kind not in (Kind.IF, Kind.WITH):
                    self.expect(Kind.RIGHT_DELIM, "else")
                return Kind.ELSE
            case Kind.END:
                self.expect(Kind.RIGHT_DELIM, "end")
                return Kind.END
            case Kind.TEMPLATE:
                return self.template()
        return self.branch(token.text)

    def loop_control(self, token: Token) -> Node:
        shown = f"{{{{{token.text}}}}}"
        self.expect(Kind.RIGHT_DELIM, shown)
        if not self.scope.ranges:
            raise self.error(f"{shown} outside {{{{range}}}}", token)
        kind = BreakNode if token.kind is Kind.BREAK else ContinueNode
        return kind(token.start, token.end)

    def branch(self, word: str) -> BranchNode:
        mark = len(self.scope.variables)
        pipe = self.pipeline(word, Kind.RIGHT_DELIM)
        self.scope.ranges += word == "range"
        body, stop = self.item_list()
        self.scope.ranges -= word == "range"
        otherwise = None
        if stop is Kind.ELSE:
            token = self.peek()
            if word in ("if", "with") and token.text == word and token.kind in KEYWORDS.values():
                self.next()
                self.nested(token)
                chained = self.branch(word)
                self.depth -= 1
                otherwise = ListNode(token.start, token.end, [chained])
            else:
                otherwise, stop = self.item_list()
                if stop is not Kind.END:
                    raise self.error(f"expected end; found {_STOPS[stop]}", token)
        del self.scope.variables[mark:]
        return BranchNode(word, pipe, body, otherwise)

    def block(self) -> TemplateNode:
        context = "block clause"
        token = self.next_word()
        name = self.template_name(token, context)
        pipe = self.pipeline(context, Kind.RIGHT_DELIM)
        self.separate_tree(name, token, context)
        return TemplateNode(token.start, token.end, name, pipe)

    def template(self) -> TemplateNode:
        context = "template clause"
        token = self.next_word()
        name = self.template_name(token, context)
        pipe = None
        if self.peek_word().kind is Kind.RIGHT_DELIM:
            self.next()
        else:
            pipe = self.pipeline(context, Kind.RIGHT_DELIM)
        return TemplateNode(token.start, token.end, name, pipe)

    def template_name(self, token: Token, context: str) -> str:
        if token.kind not in (Kind.STRING, Kind.RAW_STRING):
            raise self.unexpected(token, context)
        return self.unquoted(token)

    def unquoted(self, token: Token) -> str:
        try:
            return unquote(token.text)
        except LiteralError as problem:
            raise self.error(str(problem), token) from None

    # --- pipelines ---

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
            self.scope.variables.append(variable.text)
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
                if token.text not in self.scope.variables:
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
            message = f"function {quote(token.text)} not defined"
            raise self.error(message, token, code=code, help=remedy)
        return IdentifierNode(token.start, token.end, token.text)


def _shown(token: Token) -> str:
    """The token as Go's lexer prints it in errors."""
    if token.kind is Kind.EOF:
        return "EOF"
    if token.kind in KEYWORDS.values():
        return f"<{token.text}>"
    if len(token.text) > 10:
        return f"{quote(token.text[:10])}..."
    return quote(token.text)
