"""Returns the trees of a template source: the main one and those it defines.

Grammar, order of checks and messages are those of text/template/parse (parse.go), so that the
``go`` text of a syntax error is Go's. The bounds on tokens and nesting are ours.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from ..errors import TemplateError
from ..limits.profile import Profile
from ..strconv.literals import quote
from .nodes import (
    ActionNode,
    BranchNode,
    BreakNode,
    ContinueNode,
    ListNode,
    Node,
    TemplateNode,
    TextNode,
)
from .pipelines import PipelineParser, Scope
from .tokens import KEYWORDS, Kind, Token
from .tokenstream import Undefined

__all__ = ["Trees", "parse"]

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
_STOPS = {Kind.END: "{{end}}", Kind.ELSE: "{{else}}"}


@dataclass(slots=True)
class Trees:
    """The main tree of a source and the named ones it defines (define, block); ``tokens`` is how
    many there are in it."""

    main: ListNode
    defined: dict[str, ListNode] = field(default_factory=dict)
    tokens: int = 0


def parse(
    source: str,
    name: str,
    *,
    functions: Collection[str],
    profile: Profile,
    undefined: Undefined,
) -> Trees:
    """The trees of ``source``; ``undefined`` gives code and help for a function not in
    ``functions``. Raises TemplateError (template-syntax, template-limit or what it gives)."""
    if len(source) > profile.source:
        raise TemplateError(
            "template-limit",
            f"the template has {len(source)} characters, {profile.source} are allowed here",
        )
    known = frozenset(functions)
    return _Parser(source, name, functions=known, profile=profile, undefined=undefined).run()


class _Parser(PipelineParser):
    def run(self) -> Trees:
        self.trees = Trees(ListNode(0, 0), tokens=len(self.tokens))
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
        outer, self.scope = self.scope, Scope()
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
        self.scope.leave(mark)
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
