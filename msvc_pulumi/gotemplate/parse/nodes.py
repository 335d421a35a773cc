"""Returns the syntax tree of a template; ``str(node)`` is the node as Go prints it in errors.

Node kinds, positions and printing follow text/template/parse (node.go): a field chain stands at
its second field, an action at its first term, as Go reports them.
"""

from __future__ import annotations

from ..strconv.literals import Number, quote

__all__ = [
    "ActionNode",
    "BoolNode",
    "BranchNode",
    "BreakNode",
    "ChainNode",
    "CommandNode",
    "ContinueNode",
    "DotNode",
    "FieldNode",
    "IdentifierNode",
    "ListNode",
    "NilNode",
    "Node",
    "NumberNode",
    "PipeNode",
    "StringNode",
    "TemplateNode",
    "TextNode",
    "VariableNode",
]


class Node:
    """A node at characters ``start`` to ``end`` of the source.

    These are written out because two dozen dataclasses take longer to import than to parse with.
    """

    __slots__ = ("end", "start")

    def __init__(self, start: int, end: int) -> None:
        self.start = start
        self.end = end


class TextNode(Node):
    __slots__ = ("text",)

    def __init__(self, start: int, end: int, text: str) -> None:
        super().__init__(start, end)
        self.text = text

    def __str__(self) -> str:
        return self.text


class DotNode(Node):
    __slots__ = ()

    def __str__(self) -> str:
        return "."


class NilNode(Node):
    __slots__ = ()

    def __str__(self) -> str:
        return "nil"


class BoolNode(Node):
    __slots__ = ("value",)

    def __init__(self, start: int, end: int, value: bool) -> None:
        super().__init__(start, end)
        self.value = value

    def __str__(self) -> str:
        return "true" if self.value else "false"


class NumberNode(Node):
    __slots__ = ("number",)

    def __init__(self, start: int, end: int, number: Number) -> None:
        super().__init__(start, end)
        self.number = number

    def __str__(self) -> str:
        return self.number.text


class StringNode(Node):
    __slots__ = ("quoted", "value")

    def __init__(self, start: int, end: int, quoted: str, value: str) -> None:
        super().__init__(start, end)
        self.quoted = quoted
        self.value = value

    def __str__(self) -> str:
        return self.quoted


class IdentifierNode(Node):
    __slots__ = ("name",)

    def __init__(self, start: int, end: int, name: str) -> None:
        super().__init__(start, end)
        self.name = name

    def __str__(self) -> str:
        return self.name


class FieldNode(Node):
    """``.a.b``: fields of dot."""

    __slots__ = ("fields",)

    def __init__(self, start: int, end: int, fields: list[str]) -> None:
        super().__init__(start, end)
        self.fields = fields

    def __str__(self) -> str:
        return "".join(f".{name}" for name in self.fields)


class VariableNode(Node):
    """``$x.a.b``: a variable (``name`` with its dollar) and fields of it."""

    __slots__ = ("fields", "name")

    def __init__(self, start: int, end: int, name: str, fields: list[str]) -> None:
        super().__init__(start, end)
        self.name = name
        self.fields = fields

    def __str__(self) -> str:
        return ".".join((self.name, *self.fields))


class ChainNode(Node):
    """``(pipeline).a.b`` or ``function.a.b``: fields of a term."""

    __slots__ = ("fields", "term")

    def __init__(self, start: int, end: int, term: Node, fields: list[str]) -> None:
        super().__init__(start, end)
        self.term = term
        self.fields = fields

    def __str__(self) -> str:
        term = f"({self.term})" if isinstance(self.term, PipeNode) else str(self.term)
        return ".".join((term, *self.fields))


class CommandNode(Node):
    """A function or value with its arguments."""

    __slots__ = ("arguments",)

    def __init__(self, start: int, end: int) -> None:
        super().__init__(start, end)
        self.arguments: list[Node] = []

    def __str__(self) -> str:
        return " ".join(
            f"({argument})" if isinstance(argument, PipeNode) else str(argument)
            for argument in self.arguments
        )


class PipeNode(Node):
    """``$a, $b := command | command``."""

    __slots__ = ("assigns", "commands", "declarations")

    def __init__(self, start: int, end: int) -> None:
        super().__init__(start, end)
        self.assigns = False
        self.declarations: list[VariableNode] = []
        self.commands: list[CommandNode] = []

    def __str__(self) -> str:
        text = " | ".join(map(str, self.commands))
        if not self.declarations:
            return text
        names = ", ".join(map(str, self.declarations))
        return f"{names} {'=' if self.assigns else ':='} {text}"


class ActionNode(Node):
    """``{{pipeline}}``; ``left`` is where its delimiter begins."""

    __slots__ = ("left", "pipe")

    def __init__(self, start: int, end: int, pipe: PipeNode, left: int) -> None:
        super().__init__(start, end)
        self.pipe = pipe
        self.left = left

    def __str__(self) -> str:
        return f"{{{{{self.pipe}}}}}"


class BreakNode(Node):
    __slots__ = ()

    def __str__(self) -> str:
        return "{{break}}"


class ContinueNode(Node):
    __slots__ = ()

    def __str__(self) -> str:
        return "{{continue}}"


class TemplateNode(Node):
    """``{{template "name" pipeline}}``; also what a block leaves in its place."""

    __slots__ = ("name", "pipe")

    def __init__(self, start: int, end: int, name: str, pipe: PipeNode | None) -> None:
        super().__init__(start, end)
        self.name = name
        self.pipe = pipe

    def __str__(self) -> str:
        argument = f" {self.pipe}" if self.pipe else ""
        return f"{{{{template {quote(self.name)}{argument}}}}}"


class ListNode(Node):
    __slots__ = ("nodes",)

    def __init__(self, start: int, end: int, nodes: list[Node] | None = None) -> None:
        super().__init__(start, end)
        self.nodes = [] if nodes is None else nodes

    def __str__(self) -> str:
        return "".join(map(str, self.nodes))

    @property
    def blank(self) -> bool:
        """Whether this is an empty tree in Go's sense: nothing but blank text."""
        return all(isinstance(node, TextNode) and not node.text.strip() for node in self.nodes)


class BranchNode(Node):
    """if, with or range, named by ``word``."""

    __slots__ = ("body", "otherwise", "pipe", "word")

    def __init__(
        self, word: str, pipe: PipeNode, body: ListNode, otherwise: ListNode | None
    ) -> None:
        super().__init__(pipe.start, pipe.end)
        self.word = word
        self.pipe = pipe
        self.body = body
        self.otherwise = otherwise

    def __str__(self) -> str:
        otherwise = "" if self.otherwise is None else f"{{{{else}}}}{self.otherwise}"
        return f"{{{{{self.word} {self.pipe}}}}}{self.body}{otherwise}{{{{end}}}}"
