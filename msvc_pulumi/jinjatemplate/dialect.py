"""Returns rendered Jinja2 templates: the other dialect, with gotemplate's interface and bounds.

The variables are those of the Go dialect by name (``{{ ModelName }}``); an unknown one is an error.
The caller's functions can be called and used as filters (``{{ "app" | getPort }}``).
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from contextvars import copy_context
from functools import lru_cache
from itertools import chain, islice
from types import CodeType, TracebackType
from typing import Any

from jinja2 import Template, TemplateSyntaxError, UndefinedError
from jinja2.exceptions import SecurityError
from jinja2.exceptions import TemplateError as JinjaError

from msvc_pulumi.errors import nearest
from msvc_pulumi.gotemplate import (
    WIDE,
    Budget,
    Function,
    Profile,
    Rendered,
    Struct,
    TemplateError,
)
from msvc_pulumi.gotemplate.errors import FunctionError, LimitExceededError, UnprintableError
from msvc_pulumi.gotemplate.execute.tracedcalls import traced
from msvc_pulumi.gotemplate.limits.budget import Meter, meter, metered
from msvc_pulumi.gotemplate.marked import Marked, Stretch
from msvc_pulumi.gotemplate.reflect.calls import assignable
from msvc_pulumi.jinjatemplate.filters import added_filter, functions_in_force
from msvc_pulumi.jinjatemplate.sandbox import Environment, EscapingError, LoadingError

__all__ = ["render"]

_CACHEABLE = 8 << 10  # characters; the code of a template takes a hundred times as much
_OPENING = re.compile(r"\{[{%#]")
_CLOSING = {"{{": "}}", "{%": "%}", "{#": "#}"}
_PIECE = 8  # what finding a piece of output in the source takes, in elements visited
_LONGEST_WORD = 200  # characters of a name that a message is about
_QUOTED = re.compile(r"'([^']*)'")


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
        raise _Place(text, name).limit(str(problem), profile, problem.help) from None
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
    place = _Place(text, name)
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
    origins = _Origins(source)
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


def _tags(source: str) -> Iterator[tuple[int, int]]:
    """Where tags begin and end, as far as that can be told without Jinja's own parser."""
    unclosed: set[str] = set()
    behind = 0
    for found in _OPENING.finditer(source):
        if found.start() < behind or found[0] in unclosed:
            continue
        end = source.find(_CLOSING[found[0]], found.end())
        if end < 0:
            unclosed.add(found[0])  # nor is any later one
            continue
        behind = end + 2
        yield found.start(), behind


class _Origins:
    """Finds pieces of output in the source.

    Jinja tells the line of a piece only. Text is looked for from there on, outside of tags; what is
    not found is the result of the next expression.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        tags = list(_tags(source))
        self.texts = source  # with nothing that a text could be taken for where tags are
        if tags:
            ends = [0, *(end for _, end in tags)]
            starts = [*(start for start, _ in tags), len(source)]
            texts = (source[end:start] for end, start in zip(ends, starts, strict=True))
            lengths = (end - start for start, end in tags)
            blanks = ("\0" * length for length in (*lengths, 0))
            self.texts = "".join(chain.from_iterable(zip(texts, blanks, strict=True)))
        self.starts = [start for start, _ in tags if source.startswith("{{", start)]
        self.lines = [0, *(found.end() for found in re.finditer("\n", source))]
        self.behind = 0

    def of(self, piece: str, line: int) -> tuple[int, bool]:
        """The offset of a piece that begins in ``line``, and whether it is text."""
        start = self.lines[min(max(line, 1), len(self.lines)) - 1]
        found = self.texts.find(piece, start) if piece else -1
        if found >= 0:
            self.behind = found + len(piece)
            return found, True
        index = bisect_left(self.starts, max(start, self.behind))
        return (self.starts[index] if index < len(self.starts) else start), False


class _Place:
    """Where in the source an exception comes from, as far as Jinja can tell: the line."""

    def __init__(self, source: str, name: str) -> None:
        self.source = source
        self.name = name
        self.template: Template | None = None

    def limit(self, problem: str, profile: Profile, remedy: str = "") -> TemplateError:
        offset, length = self.span(self.line(), "")
        return TemplateError(
            "template-limit",
            f"the template is stopped: {problem}",
            offset=offset,
            length=length,
            help=remedy or f"bound of the {profile.name} profile",
        )

    def error(self, problem: Exception, known: tuple[str, ...]) -> TemplateError:
        code, line, remedy = "template-exec", self.line(), ""
        message = str(problem) or type(problem).__name__
        if isinstance(problem, TemplateSyntaxError):
            code, line = "template-syntax", problem.lineno
            message = problem.message or message
        if isinstance(problem, LoadingError):
            code, remedy = "template-disabled", "there are no other templates here; use a macro"
        elif isinstance(problem, EscapingError):
            code, remedy = "template-disabled", "quote with … | tojson"
        elif isinstance(problem, SecurityError):
            code = "template-disabled"
        elif isinstance(problem, UnprintableError):
            code = "template-unprintable"
            remedy = "call it, or make it data first: … | list"
        elif not isinstance(problem, JinjaError | FunctionError):
            message = f"{type(problem).__name__}: {message}"
        words = _QUOTED.findall(message)
        known_words = (word for word in reversed(words) if len(word) <= _LONGEST_WORD)
        word = next((word for word in known_words if word in self.source), "")
        if isinstance(problem, UndefinedError) and message.endswith("is undefined"):
            near = nearest(words[0] if words else "", known)
            remedy = f"did you mean {near}?" if near else f"there is: {', '.join(known)}"
        offset, length = self.span(line, word)
        return TemplateError(code, message, offset=offset, length=length, help=remedy)

    def line(self) -> int:
        """The template's line of the exception being handled, counted from 1."""
        trace: TracebackType | None = sys.exc_info()[2]
        line = 1
        while trace is not None:
            if self.template and trace.tb_frame.f_globals.get("blocks") is self.template.blocks:
                line = self.template.get_corresponding_lineno(trace.tb_lineno)
            trace = trace.tb_next
        return line

    def span(self, line: int, word: str) -> tuple[int, int]:
        """Offset and length of ``word`` in ``line``, of the whole line when it is not there."""
        lines = self.source.splitlines(keepends=True) or [""]
        number = min(max(line, 1), len(lines)) - 1
        start = sum(map(len, lines[:number]))
        text = lines[number].rstrip("\r\n")
        found = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) if word else None
        if found:
            return start + found.start(), len(word)
        return start, max(len(text), 1)
