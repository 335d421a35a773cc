"""Returns the syntax tree of a template; ``str(node)`` is the node as Go prints it in errors.

Node kinds, positions and printing follow text/template/parse (node.go): a field chain stands at
its second field, an action at its first term, as Go reports them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .literals import Number, quote

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


@dataclass(slots=True)
class Node:
    """A node at characters ``start`` to ``end`` of the source."""

    start: int
    end: int


@dataclass(slots=True)
class TextNode(Node):
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(slots=True)
class DotNode(Node):
    def __str__(self) -> str:
        return "."


@dataclass(slots=True)
class NilNode(Node):
    def __str__(self) -> str:
        return "nil"


@dataclass(slots=True)
class BoolNode(Node):
    value: bool

    def __str__(self) -> str:
        return "true" if self.value else "false"


@dataclass(slots=True)
class NumberNode(Node):
    number: Number

    def __str__(self) -> str:
        return self.number.text


@dataclass(slots=True)
class StringNode(Node):
    quoted: str
    value: str

    def __str__(self) -> str:
        return self.quoted


@dataclass(slots=True)
class IdentifierNode(Node):
    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(slots=True)
class FieldNode(Node):
    """``.a.b``: fields of dot."""

    fields: list[str]

    def __str__(self) -> str:
        return "".join(f".{name}" for name in self.fields)


@dataclass(slots=True)
class VariableNode(Node):
    """``$x.a.b``: a variable (``name`` with its dollar) and fields of it."""

    name: str
    fields: list[str]

    def __str__(self) -> str:
        return ".".join((self.name, *self.fields))


@dataclass(slots=True)
class ChainNode(Node):
    """``(pipeline).a.b`` or ``function.a.b``: fields of a term."""

    term: Node
    fields: list[str]

    def __str__(self) -> str:
        term = f"({self.term})" if isinstance(self.term, PipeNode) else str(self.term)
        return ".".join((term, *self.fields))


@dataclass(slots=True)
class CommandNode(Node):
    arguments: list[Node] = field(default_factory=list)

    def __str__(self) -> str:
        return " ".join(
            f"({argument})" if isinstance(argument, PipeNode) else str(argument)
            for argument in self.arguments
        )


@dataclass(slots=True)
class PipeNode(Node):
    """``$a, $b := command | command``."""

    assigns: bool = False
    declarations: list[VariableNode] = field(default_factory=list)
    commands: list[CommandNode] = field(default_factory=list)

    def __str__(self) -> str:
        text = " | ".join(map(str, self.commands))
        if not self.declarations:
            return text
        names = ", ".join(map(str, self.declarations))
        return f"{names} {'=' if self.assigns else ':='} {text}"


@dataclass(slots=True)
class ActionNode(Node):
    """``{{pipeline}}``; ``left`` is where its delimiter begins."""

    pipe: PipeNode
    left: int

    def __str__(self) -> str:
        return f"{{{{{self.pipe}}}}}"


@dataclass(slots=True)
class BreakNode(Node):
    def __str__(self) -> str:
        return "{{break}}"


@dataclass(slots=True)
class ContinueNode(Node):
    def __str__(self) -> str:
        return "{{continue}}"


@dataclass(slots=True)
class TemplateNode(Node):
    """``{{template "name" pipeline}}``; also what a block leaves in its place."""

    name: str
    pipe: PipeNode | None

    def __str__(self) -> str:
        argument = f" {self.pipe}" if self.pipe else ""
        return f"{{{{template {quote(self.name)}{argument}}}}}"


@dataclass(slots=True)
class ListNode(Node):
    nodes: list[Node] = field(default_factory=list)

    def __str__(self) -> str:
        return "".join(map(str, self.nodes))

    @property
    def blank(self) -> bool:
        """Whether this is an empty tree in Go's sense: nothing but blank text."""
        return all(isinstance(node, TextNode) and not node.text.strip() for node in self.nodes)


@dataclass(slots=True)
class BranchNode(Node):
    """if, with or range, named by ``word``."""

    word: str
    pipe: PipeNode
    body: ListNode
    otherwise: ListNode | None

    def __str__(self) -> str:
        otherwise = "" if self.otherwise is None else f"{{{{else}}}}{self.otherwise}"
        return f"{{{{{self.word} {self.pipe}}}}}{self.body}{otherwise}{{{{end}}}}"
