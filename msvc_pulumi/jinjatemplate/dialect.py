"""Returns rendered Jinja2 templates: the other dialect, with gotemplate's interface and bounds.

The variables are those of the Go dialect by name (``{{ ModelName }}``); an unknown one is an error.
The caller's functions can be called and used as filters (``{{ "app" | getPort }}``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import copy_context
from functools import lru_cache
from itertools import islice
from types import CodeType
from typing import Any

from jinja2 import Template

from msvc_pulumi.gotemplate import (
    WIDE,
    Budget,
    Function,
    Profile,
    Rendered,
    Struct,
    TemplateError,
)
from msvc_pulumi.gotemplate.errors import FunctionError, LimitExceededError
from msvc_pulumi.gotemplate.execute.tracedcalls import traced
from msvc_pulumi.gotemplate.limits.budget import Meter, meter, metered
from msvc_pulumi.gotemplate.marked import Marked, Stretch
from msvc_pulumi.gotemplate.reflect.calls import assignable
from msvc_pulumi.jinjatemplate.errors import Place
from msvc_pulumi.jinjatemplate.filters import added_filter, functions_in_force
from msvc_pulumi.jinjatemplate.origins import Origins
from msvc_pulumi.jinjatemplate.sandbox import Environment

__all__ = ["render"]

_CACHEABLE = 8 << 10  # characters; the code of a template takes a hundred times as much
_PIECE = 8  # what finding a piece of output in the source takes, in elements visited


def render(
    text: str,
    data: Struct | Mapping[str, Any],
    *,
    functions: Mapping[str, Callable[..., Any] | Function] | None = None,
    profile: Profile = WIDE,
    budget: Budget | None = None,
    name: str = "template",
) -> Rendered:
    """The template ``text`` executed with the fields of ``data`` as variables.

    ``budget`` is what this and other templates may cost together.

    Raises TemplateError, and nothing else, for whatever is wrong with the template.
    """
    variables = dict(data.values if isinstance(data, Struct) else data)
    added = {key: _callable(key, value) for key, value in (functions or {}).items()}
    current: Meter | None = None
    try:
        current = Meter(profile, budget)
        return copy_context().run(_render, text, variables, added, current, name)
    except LimitExceededError as problem:
        raise Place(text, name).limit(str(problem), profile, problem.help) from None
    finally:
        if current is not None:
            current.settle()


def _render(
    text: str,
    variables: dict[str, Any],
    functions: dict[str, Callable[..., Any]],
    current: Meter,
    name: str,
) -> Rendered:
    profile = current.profile
    functions_in_force.set(functions)
    place = Place(text, name)
    try:
        template = _compiled(text, profile, tuple(functions))
        place.template = template
        with metered(current):
            return _executed(template, {**variables, **functions}, text, profile)
    except TemplateError:
        raise
    except LimitExceededError as problem:
        raise place.limit(str(problem), profile, problem.help) from None
    except RecursionError:
        raise place.limit("it nests values or calls too deep", profile) from None
    except MemoryError:
        raise place.limit("it needs too much memory", profile) from None
    except SyntaxError:
        # the code that Jinja makes has one Python block for every block of the template
        raise place.limit("it nests blocks too deep", profile) from None
    except Exception as problem:  # whatever a template provokes is the template's error
        raise place.error(problem, (*variables, *functions)) from None


def _callable(name: str, function: Callable[..., Any] | Function) -> Callable[..., Any]:
    """A plain function that checks its arguments as the Go dialect does."""
    if not isinstance(function, Function):
        return function

    def call(*arguments: Any) -> Any:
        fixed = len(function.parameters)
        if len(arguments) != fixed and not (function.variadic and len(arguments) > fixed):
            raise FunctionError(
                f"wrong number of args for {name}: want {fixed} got {len(arguments)}"
            )
        types = (*function.parameters, *[function.variadic] * (len(arguments) - fixed))
        try:
            checked = [
                assignable(value, kind) for value, kind in zip(arguments, types, strict=True)
            ]
        except ValueError as problem:
            raise FunctionError(f"error calling {name}: {problem}") from None
        return traced(function, checked)

    return call


_ENVIRONMENT = Environment()


def _compile(text: str, profile: Profile, functions: tuple[str, ...]) -> Template:
    if len(text) > profile.source:
        raise LimitExceededError(f"its source has more than {profile.source} characters")
    # a token of Jinja takes about eight times as long as one of the Go dialect
    most = profile.tokens // 8
    if sum(1 for _ in islice(_ENVIRONMENT.lex(text), most + 1)) > most:
        raise LimitExceededError(f"its source has more than {most} tokens")
    for function in functions:
        _ENVIRONMENT.filters.setdefault(function, added_filter(function))
    code: CodeType = _ENVIRONMENT.compile(text)
    return Template.from_code(_ENVIRONMENT, code, dict(_ENVIRONMENT.globals))


_compile_cached = lru_cache(maxsize=256)(_compile)


def _compiled(text: str, profile: Profile, functions: tuple[str, ...]) -> Template:
    compile_text = _compile_cached if len(text) <= _CACHEABLE else _compile
    return compile_text(text, profile, functions)


def _executed(
    template: Template, variables: dict[str, Any], source: str, profile: Profile
) -> Rendered:
    """Run the template and note for every piece of output where in the source it comes from."""
    origins = Origins(source)
    context = template.new_context(variables)
    pieces: list[str] = []
    chunks: list[tuple[int, int]] = []
    literal: list[bool] = []
    stretches: list[Stretch] = []
    written = 0
    generator = template.root_render_func(context)
    current = meter()
    for piece in generator:
        current.work(_PIECE)
        frame = getattr(generator, "gi_frame", None)
        line = template.get_corresponding_lineno(frame.f_lineno) if frame else 1
        is_data = isinstance(piece, Marked)
        offset, is_text = origins.of("" if is_data else piece, line)
        if isinstance(piece, Marked):
            stretches += [
                Stretch(written + start, written + end, name)
                for start, end, name in piece.stretches
            ]
        chunks.append((written, offset))
        literal.append(is_text)
        pieces.append(piece)
        written += len(piece)
        if written > profile.output:
            raise LimitExceededError(f"it writes more than {profile.output} characters")
    return Rendered("".join(pieces), tuple(chunks), tuple(literal), tuple(stretches))
