"""Returns the state of one render: variables, output so far, and where it stands in the source.

Like text/template's own state it notes the node it works on (exec.go ``at``), because an error is
reported at the node that was noted last.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from ..errors import TemplateError
from ..limits.budget import Meter
from ..marked import Marked, Stretch
from ..parse.nodes import Node
from ..reflect.calls import Function
from ..reflect.values import Value
from ..strconv.literals import encode, quote

__all__ = ["PRINTABLE", "Body", "State"]

PRINTABLE = "print its fields, or {{ toJson … }}"
"""The remedy for what cannot be printed."""

Body = Callable[["State", Value], int]
"""Executes a list of nodes with a dot; returns 0, or BREAK or CONTINUE of `statements`."""


class State:
    """One render of one source; a template call shares everything but variables and name.

    ``variables`` are [name, value, boxed] with the innermost last; ``boxed`` tells that dot is an
    element of an interface {} list or map, which errors in Go call by that type. ``traces`` tells
    that data are marked, and ``stretches`` where in the output they are.
    """

    __slots__ = (
        "boxed",
        "chunks",
        "depth",
        "functions",
        "literal",
        "meter",
        "missing_key",
        "name",
        "node",
        "output",
        "parse_name",
        "source",
        "stretches",
        "templates",
        "traces",
        "variables",
        "written",
    )

    def __init__(
        self,
        *,
        name: str,
        source: str,
        templates: Mapping[str, Body],
        functions: Mapping[str, Function],
        meter: Meter,
        root: Value,
        missing_key: str,
        traces: bool,
    ) -> None:
        self.name = self.parse_name = name
        self.source = source
        self.templates = templates
        self.functions = functions
        self.meter = meter
        self.missing_key = missing_key
        self.traces = traces
        self.stretches: list[Stretch] = []
        self.variables: list[list[Any]] = [["$", root, False]]
        self.boxed = False
        self.node: Node | None = None
        self.depth = 0
        self.output: list[str] = []
        self.chunks: list[tuple[int, int]] = []
        self.literal: list[bool] = []
        self.written = 0

    def write(self, text: str, offset: int, *, literal: bool) -> None:
        """Append to the output what the source at ``offset`` produced."""
        if not text:
            return
        self.output.append(text)
        if type(text) is Marked:
            self.stretches += [
                Stretch(self.written + start, self.written + end, variable)
                for start, end, variable in text.stretches
            ]
        self.chunks.append((self.written, offset))
        self.literal.append(literal)
        self.written += len(text)
        self.meter.write(len(text))

    def variable(self, name: str) -> tuple[Value, bool]:
        """A variable's value, and whether Go holds it as an interface {} (see `boxed`)."""
        for entry in reversed(self.variables):
            if entry[0] == name:
                return entry[1], entry[2]
        raise self.error(f"undefined variable: {name}")

    def assign(self, name: str, value: Value) -> None:
        for entry in reversed(self.variables):
            if entry[0] == name:
                entry[1] = value
                return
        self.fail(f"undefined variable: {name}")

    def fail(
        self,
        message: str,
        *,
        code: str = "template-exec",
        help: str = "",  # noqa: A002
    ) -> NoReturn:
        """Raise the error at the node noted last."""
        raise self.error(message, code=code, help=help)

    def error(
        self,
        message: str,
        *,
        code: str = "template-exec",
        help: str = "",  # noqa: A002
    ) -> TemplateError:
        node = self.node
        if node is None:
            return TemplateError(code, message, help=help)
        go = ""
        if code == "template-exec":
            line_start = self.source.rfind("\n", 0, node.start) + 1
            line = self.source.count("\n", 0, node.start) + 1
            column = len(encode(self.source[line_start : node.start]))
            place = f"{self.parse_name}:{line}:{column}"
            go = f"template: {place}: executing {quote(self.name)} at <{node}>: {message}"
        return TemplateError(
            code, message, go=go, offset=node.start, length=node.end - node.start, help=help
        )
