"""Returns the Jinja2 environment templates run in: no access to Python, every cost counted.

Jinja's own sandbox keeps templates from Python's internals but bounds nothing. Here the syntax tree
is changed before it becomes code: loops count their iterations, lists and concatenations their
sizes. Operators, calls and filters go through guards, and filters and methods are those of a list.
The meter is the one of gotemplate; what it means there it means here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any, cast

from jinja2 import StrictUndefined, TemplateAssertionError, nodes, pass_context
from jinja2.runtime import Context, LoopContext, Macro, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Cycler, Joiner, Namespace
from jinja2.visitor import NodeTransformer

from msvc_pulumi.gotemplate.limits.budget import meter
from msvc_pulumi.gotemplate.marked import joined
from msvc_pulumi.jinjatemplate.costs import check_operation, checked_method, keep, shown
from msvc_pulumi.jinjatemplate.filters import allowed_filters, allowed_tests
from msvc_pulumi.jinjatemplate.tracing import combined, traced_method

__all__ = ["Environment", "EscapingError", "LoadingError"]

_STRING_METHODS = (
    "capitalize count endswith find index isalnum isalpha isdecimal isdigit islower isnumeric"
    " isspace istitle isupper join lower lstrip partition removeprefix removesuffix replace rfind"
    " rindex rpartition rsplit rstrip split splitlines startswith strip swapcase title upper"
)
_METHODS: dict[type, frozenset[str]] = {
    str: frozenset(_STRING_METHODS.split()),
    dict: frozenset(("get", "items", "keys", "values")),
    list: frozenset(("count", "index")),
    tuple: frozenset(("count", "index")),
}
_OPEN = (LoopContext, Macro, Namespace, Cycler, Joiner, Undefined)


class LoadingError(TemplateAssertionError):
    """A template wants to include, import or extend another one."""


class EscapingError(TemplateAssertionError):
    """A template wants what it prints escaped for HTML."""


class _Guarded(NodeTransformer):
    """Puts guards into a syntax tree."""

    def visit_For(self, node: nodes.For) -> nodes.For:  # noqa: N802 - named after the node
        text = _text_in(node.body)
        self.generic_visit(node)
        node.iter = _guard("guard_items", cast("nodes.Expr", node.iter))
        if node.test is not None:
            node.test = nodes.And(
                _guard("guard_step", nodes.Const(0)), cast("nodes.Expr", node.test)
            )
        node.body.insert(0, _step(text))
        return node

    def visit_Macro(self, node: nodes.Macro) -> nodes.Node:  # noqa: N802
        return self._counted(node)

    def visit_CallBlock(self, node: nodes.CallBlock) -> nodes.Node:  # noqa: N802
        return self._counted(node)

    def visit_Block(self, node: nodes.Block) -> nodes.Node:  # noqa: N802
        return self._counted(node)

    def _counted(self, node: nodes.Macro | nodes.CallBlock | nodes.Block) -> nodes.Node:
        text = _text_in(node.body)
        self.generic_visit(node)
        node.body.insert(0, _step(text))
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Expr:  # noqa: N802
        self.generic_visit(node)
        return _guard("guard_concat", *node.nodes)

    def visit_Compare(self, node: nodes.Compare) -> nodes.Expr:  # noqa: N802
        self.generic_visit(node)
        return nodes.And(_guard("guard_step", nodes.Const(0)), node, lineno=node.lineno)

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Expr:  # noqa: N802
        self.generic_visit(node)
        is_copy = isinstance(node.arg, nodes.Slice) and node.ctx == "load"
        return _guard("guard_value", node) if is_copy else node

    def visit_List(self, node: nodes.List) -> nodes.Expr:  # noqa: N802
        self.generic_visit(node)
        return _guard("guard_value", node)

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Expr:  # noqa: N802
        self.generic_visit(node)
        return node if node.ctx != "load" else _guard("guard_value", node)

    def visit_Dict(self, node: nodes.Dict) -> nodes.Expr:  # noqa: N802
        self.generic_visit(node)
        return _guard("guard_value", node)

    def visit_ScopedEvalContextModifier(  # noqa: N802
        self, node: nodes.ScopedEvalContextModifier
    ) -> nodes.Node:
        """Escaping is HTML's, and what Jinja escapes no longer knows where it comes from."""
        for option in node.options:
            if not isinstance(option.value, nodes.Const) or option.value.value:
                raise EscapingError("there is no escaping here: sections are not HTML", node.lineno)
        return self.generic_visit(node)

    def _refused(self, node: nodes.Node) -> nodes.Node:
        raise LoadingError("a template cannot load another one", node.lineno)

    visit_Include = visit_Import = visit_FromImport = visit_Extends = _refused  # noqa: N815


def _guard(name: str, *arguments: nodes.Expr) -> nodes.Call:
    line = arguments[0].lineno if arguments else 0
    function = nodes.EnvironmentAttribute(name, lineno=line)
    return nodes.Call(function, list(arguments), [], None, None, lineno=line)


def _step(text: int) -> nodes.ExprStmt:
    return nodes.ExprStmt(_guard("guard_step", nodes.Const(text)))


def _text_in(body: list[nodes.Node]) -> int:
    """How many characters of text one run of ``body`` writes at most, loops in it aside."""
    return sum(len(data.data) for node in body for data in _data_of(node))


def _data_of(node: nodes.Node) -> Iterator[nodes.TemplateData]:
    if isinstance(node, nodes.TemplateData):
        yield node
    elif not isinstance(node, nodes.For | nodes.Macro):
        for child in node.iter_child_nodes():
            yield from _data_of(child)


class Environment(ImmutableSandboxedEnvironment):
    """The one environment; what differs between renders is in context variables."""

    intercepted_binops = frozenset(("+", "-", "*", "/", "//", "%", "**"))

    concat = staticmethod(joined)

    def __init__(self) -> None:
        super().__init__(
            undefined=StrictUndefined,
            autoescape=False,
            keep_trailing_newline=True,
            optimized=False,
            cache_size=0,
            finalize=self._finalized,
        )
        self.globals = {
            "cycler": Cycler,
            "dict": dict,
            "joiner": Joiner,
            "namespace": Namespace,
            "range": self.guard_range,
        }
        self.filters = allowed_filters()
        self.tests.update(allowed_tests())

    def _generate(
        self,
        source: nodes.Template,
        name: str | None,
        filename: str | None,
        defer_init: bool = False,
    ) -> str:
        return super()._generate(_Guarded().visit(source), name, filename, defer_init)

    # --- guards that the code calls ---

    def guard_step(self, text: int) -> bool:
        """Count a step that writes ``text`` characters; true."""
        current = meter()
        current.step()
        current.write(text)
        return True

    def guard_items(self, items: Any) -> Iterable[Any]:
        """The items, each counted when it is taken."""
        if isinstance(items, Undefined):
            return items
        return _counted(iter(items))

    def guard_range(self, *bounds: int) -> range:
        """``range`` of as many numbers as a list may have."""
        numbers = range(*bounds)
        size = max(0, (numbers.stop - numbers.start + numbers.step) // numbers.step)
        meter().count(size)
        return numbers

    def guard_concat(self, *parts: Any) -> str:
        """``~``: the parts as one string."""
        current = meter()
        length = 0
        texts: list[str] = []
        for part in parts:
            text = shown(part)
            length += len(text)
            current.size(length)
            texts.append(text)
        return str(keep(joined(texts)))

    def guard_value(self, value: Any) -> Any:
        """``value``, counted."""
        return keep(value)

    @staticmethod
    @pass_context  # without a context Jinja would work constants out when it compiles
    def _finalized(_: Context, value: Any) -> str:
        current = meter()
        current.step()
        text = value if isinstance(value, str) else shown(value)
        current.write(len(text))
        return text

    # --- what the sandbox asks ---

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if isinstance(obj, _OPEN):
            return super().is_safe_attribute(obj, attr, value)
        allowed = next((names for kind, names in _METHODS.items() if isinstance(obj, kind)), ())
        return attr in allowed

    def wrap_str_format(self, value: Any) -> None:
        """No formatting by method: its widths know no bounds."""
        del value

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        check_operation(operator, left, right)
        call = partial(super().call_binop, context, operator)
        return keep(combined(call, operator, left, right))

    def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805
        meter().step()
        call = partial(super().call, __context, __obj)
        return keep(traced_method(call, __obj, checked_method(__obj, args, kwargs), kwargs))


def _counted(items: Iterator[Any]) -> Iterator[Any]:
    current = meter()
    for item in items:
        current.step()
        yield item
