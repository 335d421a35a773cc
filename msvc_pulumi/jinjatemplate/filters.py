"""Returns Jinja2's filters and tests that templates may use, each counting its cost first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import wraps
from inspect import Signature, signature
from itertools import islice
from typing import Any, cast

from jinja2.filters import FILTERS
from jinja2.tests import TESTS

from msvc_pulumi.gotemplate.errors import FunctionError, LimitExceededError
from msvc_pulumi.gotemplate.limits.budget import meter
from msvc_pulumi.jinjatemplate.costs import check_replacement, joinable, keep, weigh
from msvc_pulumi.jinjatemplate.formats import formatted_length
from msvc_pulumi.jinjatemplate.tracing import traced_filter

__all__ = ["added_filter", "allowed_filters", "allowed_tests", "functions_in_force"]

functions_in_force: ContextVar[Mapping[str, Callable[..., Any]]] = ContextVar("jinja_functions")
"""The caller's functions of the render in progress, for the filters of their names."""

_FILTERS = (
    "abs attr batch capitalize center count d default dictsort escape e first float forceescape"
    " format groupby indent int items join last length list lower map max min reject rejectattr"
    " replace reverse round safe select selectattr slice sort string sum title tojson trim"
    " truncate unique upper urlencode wordcount xmlattr"
)
_DEEPEST_INDENT = 16
_MOST_PLACES = 400  # more than a float has
_LONGEST_ATTRIBUTE = 200  # characters; it is looked for in every item
_MOST_ATTRIBUTES = 16  # of one item, in each other or beside
_ITERATING_NAMES = (
    "batch first groupby join last list map max min reject rejectattr reverse select selectattr"
    " slice sort sum unique"
)
_ITERATING = frozenset(_ITERATING_NAMES.split())
_PASSED_BY_JINJA = frozenset(("context", "environment", "eval_ctx"))
_MOST_LISTS = 1_000  # that `sum` may add to each other, each time copying what it has

Given = dict[str, Any]
"""A filter's arguments by the names of its parameters."""


def _center(given: Given) -> None:
    if isinstance(given["width"], int):
        meter().size(given["width"])


def _indent(given: Given) -> None:
    width = given["width"]
    size = width if isinstance(width, int) else len(str(width))
    text = str(given["s"])
    meter().size(len(text) + size * (text.count("\n") + 1))


def _tojson(given: Given) -> None:
    indent = given["indent"] or 0
    if not isinstance(indent, int) or indent > _DEEPEST_INDENT:
        raise LimitExceededError(f"it indents by more than {_DEEPEST_INDENT}")
    weight = weigh(given["value"])
    meter().size(weight.characters + weight.items * (2 + indent * weight.depth))


def _replace(given: Given) -> None:
    check_replacement(given["s"], given["old"], given["new"])


def _join(given: Given) -> None:
    given["value"] = joinable(str(given["d"]), given["value"])


def _trim(given: Given) -> None:
    if isinstance(given["chars"], str):
        meter().pairs(len(str(given["value"])), len(given["chars"]))


def _round(given: Given) -> None:
    if isinstance(given["precision"], int) and abs(given["precision"]) > _MOST_PLACES:
        raise LimitExceededError(f"it rounds to more than {_MOST_PLACES} places")


def _sum(given: Given) -> None:
    listed = list(islice(given["iterable"], meter().profile.items + 1))
    keep(listed)
    if len(listed) > _MOST_LISTS and not isinstance(given["start"], int | float):
        raise LimitExceededError(f"it adds more than {_MOST_LISTS} lists")
    given["iterable"] = listed


def _format(given: Given) -> None:
    meter().size(formatted_length(str(given["value"]), given["args"], given["kwargs"]))


def _check_items(name: str, own: tuple[Any, ...], options: Given) -> None:
    """Announce what a filter does with each item of its first argument."""
    if isinstance(own[0] if own else None, str):
        meter().count(len(own[0]))
    given = own[1] if name.endswith("attr") and len(own) > 1 else options.get("attribute")
    for value in (given, options.get("default")):
        if isinstance(value, str) and len(value) > _LONGEST_ATTRIBUTE:
            raise LimitExceededError(
                f"it looks for an attribute of more than {_LONGEST_ATTRIBUTE} characters"
            )
    if isinstance(given, str) and given.count(".") + given.count(",") >= _MOST_ATTRIBUTES:
        raise LimitExceededError(f"it looks for more than {_MOST_ATTRIBUTES} attributes of an item")


def _parts(name: str) -> Callable[[Given], None]:
    def check(given: Given) -> None:
        if isinstance(given[name], int):
            meter().count(given[name])

    return check


def _unchecked(_: Given) -> None:
    """Nothing is known of what it makes but that its items are counted."""


_CHECKS: Mapping[str, Callable[[Given], None]] = {
    "batch": _parts("linecount"),
    "center": _center,
    "format": _format,
    "indent": _indent,
    "join": _join,
    "replace": _replace,
    "round": _round,
    "slice": _parts("slices"),
    "sum": _sum,
    "tojson": _tojson,
    "trim": _trim,
}
"""By filter: announces what it is about to make, and may put lists in the place of iterators."""


def _filter(name: str) -> Callable[..., Any]:
    """Jinja's filter with its cost counted."""
    original = FILTERS[name]
    passed = 1 if hasattr(original, "jinja_pass_arg") else 0
    check = _CHECKS.get(name, _unchecked if name in _ITERATING else None)
    parameters = _signature(original, passed) if check else None

    @wraps(original)
    def guarded(*arguments: Any, **options: Any) -> Any:
        current = meter()
        current.step()
        own = arguments[passed:]
        for value in (*own, *options.values()):
            keep(value)
        current.arguments((*own, *options.values()))
        if check and parameters:
            bound = parameters.bind(*own, **options)
            bound.apply_defaults()
            if name in _ITERATING:
                _check_items(name, own, bound.arguments | bound.arguments.get("kwargs", {}))
            check(bound.arguments)
            own, options = bound.args, bound.kwargs
        given = (*arguments[:passed], *own)
        return keep(traced_filter(name, original, passed, given, options))

    return guarded


def _signature(original: Callable[..., Any], passed: int) -> Signature:
    """The parameters of a filter that a template gives, by name."""
    found = signature(original)
    own = list(found.parameters.values())
    if passed and own[0].name in _PASSED_BY_JINJA:  # not there where only the async variant asks
        own = own[1:]
    return found.replace(parameters=own)


def added_filter(name: str) -> Callable[..., Any]:
    """A filter that calls the function of that name of the render in progress."""

    def called(*arguments: Any) -> Any:
        function = functions_in_force.get({}).get(name)
        if function is None:
            raise FunctionError(f"no filter named {name!r}")
        meter().step()
        return keep(function(*arguments))

    return called


def _test(name: str) -> Callable[..., Any]:
    """Jinja's test with its cost counted."""
    original = cast("Callable[..., Any]", TESTS[name])

    @wraps(original)
    def guarded(*arguments: Any, **options: Any) -> Any:
        current = meter()
        current.step()
        current.arguments((*arguments, *options.values()))
        return original(*arguments, **options)

    return guarded


def allowed_filters() -> dict[str, Callable[..., Any]]:
    """Jinja's filters that templates may use, by name."""
    return {name: _filter(name) for name in _FILTERS.split()}


def allowed_tests() -> dict[str, Callable[..., Any]]:
    """Jinja's tests by name."""
    return {name: _test(name) for name in TESTS}
