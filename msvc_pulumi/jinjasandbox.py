"""Returns the Jinja2 environment templates run in: no access to Python, every cost counted.

Jinja's own sandbox keeps templates from Python's internals but bounds nothing. Here the syntax tree
is changed before it becomes code: loops count their iterations, lists and concatenations their
sizes. Operators, calls and filters go through guards, and filters and methods are those of a list.
The meter is the one of gotemplate; what it means there it means here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from functools import wraps
from itertools import islice
from typing import Any, cast

from jinja2 import StrictUndefined, TemplateAssertionError, nodes, pass_context
from jinja2.exceptions import SecurityError
from jinja2.filters import FILTERS
from jinja2.runtime import Context, LoopContext, Macro, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Cycler, Joiner, Namespace
from jinja2.visitor import NodeTransformer

from msvc_pulumi.errors import nearest
from msvc_pulumi.gotemplate.budget import meter
from msvc_pulumi.gotemplate.errors import FunctionError, LimitExceededError

__all__ = [
    "Environment",
    "LoadingError",
    "UndefinedVariable",
    "added_filter",
    "functions_in_force",
    "variables_in_force",
]

functions_in_force: ContextVar[Mapping[str, Callable[..., Any]]] = ContextVar("jinja_functions")
"""The caller's functions of the render in progress, for the filters of their names."""
variables_in_force: ContextVar[tuple[str, ...]] = ContextVar("jinja_variables", default=())
"""The names a template of the render in progress can use, for the near miss of a wrong one."""

_FILTERS = (
    "abs attr batch capitalize center count d default dictsort escape e first float forceescape"
    " format groupby indent int items join last length list lower map max min reject rejectattr"
    " replace reverse round safe select selectattr slice sort string sum title tojson trim"
    " truncate unique upper urlencode wordcount xmlattr"
)
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
_MOST_BITS = 4_096
_DEEPEST_INDENT = 16
_LARGE_WIDTH = re.compile(r"%(?:\([^)]{0,99}\))?[-#0 +]*[0-9]*\.?(?:\*|[0-9]{4})")


class LoadingError(TemplateAssertionError):
    """A template wants to include, import or extend another one."""


class UndefinedVariable(StrictUndefined):
    """An unknown name: an error as soon as it is used, which names the near miss."""

    __slots__ = ()

    @property
    def near_miss(self) -> str | None:
        """The known variable that was probably meant."""
        name = self._undefined_name
        return nearest(name, variables_in_force.get()) if name else None


def _weigh(value: Any) -> int:
    """How many items a value has in all, counted as often as they are shown."""
    if isinstance(value, dict):
        total = len(value) + sum(map(_weigh, value.values())) + sum(map(_weigh, value))
    elif isinstance(value, list | tuple | set | frozenset):
        total = len(value) + sum(map(_weigh, value))
    else:
        if isinstance(value, Undefined):
            str(value)  # raises: what is unknown cannot hide in a list
        return 0
    meter().count(total)
    return total


def keep(value: Any) -> Any:
    """``value``, its size and memory counted."""
    current = meter()
    if isinstance(value, str):
        current.keep(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        if value.bit_length() > _MOST_BITS:
            raise LimitExceededError("it calculates with too many digits")
    elif isinstance(value, dict | list | tuple | set | frozenset):
        weight = _weigh(value)
        current.work(weight)
        current.keep(value if isinstance(value, list | dict) else list(value))
    return value


def _shown(value: Any) -> str:
    keep(value)
    return str(value)


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

    def visit_List(self, node: nodes.List) -> nodes.Expr:  # noqa: N802
        self.generic_visit(node)
        return _guard("guard_value", node)

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Expr:  # noqa: N802
        self.generic_visit(node)
        return node if node.ctx != "load" else _guard("guard_value", node)

    def visit_Dict(self, node: nodes.Dict) -> nodes.Expr:  # noqa: N802
        self.generic_visit(node)
        return _guard("guard_value", node)

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

    def __init__(self) -> None:
        super().__init__(
            undefined=UndefinedVariable,
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
        self.filters = {name: _filter(name) for name in _FILTERS.split()}

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
        texts = [_shown(part) for part in parts]
        meter().size(sum(map(len, texts)))
        return str(keep("".join(texts)))

    def guard_value(self, value: Any) -> Any:
        """``value``, counted."""
        return keep(value)

    @staticmethod
    @pass_context  # without a context Jinja would work constants out when it compiles
    def _finalized(_: Context, value: Any) -> str:
        text = value if isinstance(value, str) else _shown(value)
        meter().write(len(text))
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
        _check_operation(operator, left, right)
        return keep(super().call_binop(context, operator, left, right))

    def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805
        meter().step()
        return keep(super().call(__context, __obj, *_checked_method(__obj, args), **kwargs))


def _counted(items: Iterator[Any]) -> Iterator[Any]:
    current = meter()
    for item in items:
        current.step()
        yield item


def _check_operation(operator: str, left: Any, right: Any) -> None:
    """Announce the size of what an operator is about to make."""
    current = meter()
    current.step()
    if operator == "*":
        for items, count in ((left, right), (right, left)):
            if isinstance(items, str | list | tuple) and isinstance(count, int):
                size = len(items) * max(count, 0)
                (current.size if isinstance(items, str) else current.count)(size)
    elif operator == "**" and isinstance(left, int) and isinstance(right, int):
        if left.bit_length() * max(right, 0) > _MOST_BITS:
            raise LimitExceededError("it calculates with too many digits")
    elif operator == "%" and isinstance(left, str):
        raise SecurityError("'%' does not format here; use the format filter")
    elif operator == "+" and isinstance(left, str | list | tuple):
        size = len(left) + (len(right) if isinstance(right, str | list | tuple) else 0)
        (current.size if isinstance(left, str) else current.count)(size)


def _checked_method(method: Any, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments, after the size of what a string's method is about to make was announced."""
    text = getattr(method, "__self__", None)
    if not isinstance(text, str):
        return arguments
    name = getattr(method, "__name__", "")
    if name == "replace" and len(arguments) > 1:
        _check_replacement(text, arguments[0], arguments[1])
    elif name == "join" and arguments:
        return (_joinable(text, arguments[0]), *arguments[1:])
    elif name in ("split", "rsplit", "splitlines"):
        separator = arguments[0] if arguments and isinstance(arguments[0], str) else None
        meter().count(text.count(separator) if separator else len(text) >> 1)
    return arguments


def _check_replacement(text: Any, old: Any, new: Any) -> None:
    if isinstance(text, str) and isinstance(old, str):
        meter().size(len(text) + text.count(old) * len(str(new)))


def _joinable(separator: str, items: Any) -> list[Any]:
    """The items to join as a list, after the size of the result was announced."""
    current = meter()
    listed = list(islice(items, current.profile.items + 1))
    keep(listed)
    length = sum(len(item) for item in listed if isinstance(item, str))
    current.size(length + len(separator) * len(listed))
    return listed


# --- filters ---


def _checked_filter(
    name: str, arguments: tuple[Any, ...], options: dict[str, Any]
) -> tuple[Any, ...]:
    """The arguments, after the size of what a filter is about to make was announced."""
    current = meter()
    current.step()
    for argument in arguments:
        keep(argument)
        if isinstance(argument, str | list | dict) and len(argument) > 1_000:
            current.clock()
    numbers = [value for value in (*arguments[1:], *options.values()) if type(value) is int]
    if name == "center":
        current.size(max(numbers, default=0))
    elif name == "indent":
        texts = [len(value) for value in (*arguments[1:], *options.values()) if type(value) is str]
        lines = str(arguments[0]).count("\n") + 1
        current.size(max(*numbers, *texts, 0, 0) * lines)
    elif name == "tojson" and max(numbers, default=0) > _DEEPEST_INDENT:
        raise LimitExceededError(f"it indents by more than {_DEEPEST_INDENT}")
    elif name == "replace" and len(arguments) > 2:
        _check_replacement(arguments[0], arguments[1], arguments[2])
    elif name == "join":
        separator = str(arguments[1] if len(arguments) > 1 else options.get("d", ""))
        return (_joinable(separator, arguments[0]), *arguments[1:])
    elif name in ("batch", "slice"):
        current.count(max(numbers, default=0))
    elif name == "format" and _LARGE_WIDTH.search(str(arguments[0])):
        raise LimitExceededError("it formats with a width of more than three digits")
    return arguments


def _filter(name: str) -> Callable[..., Any]:
    """Jinja's filter with its cost counted."""
    original = FILTERS[name]
    passed = 1 if hasattr(original, "jinja_pass_arg") else 0

    @wraps(original)
    def guarded(*arguments: Any, **options: Any) -> Any:
        checked = _checked_filter(name, arguments[passed:], options)
        return keep(original(*arguments[:passed], *checked, **options))

    return guarded


def added_filter(name: str) -> Callable[..., Any]:
    """A filter that calls the function of that name of the render in progress."""

    def called(*arguments: Any) -> Any:
        function = functions_in_force.get({}).get(name)
        if function is None:
            raise FunctionError(f"no filter named {name!r}")
        meter().step()
        return keep(function(*arguments))

    return called
