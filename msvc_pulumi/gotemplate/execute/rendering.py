"""Returns rendered templates: parse, compile once, execute with data under a profile."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from threading import Lock
from typing import NamedTuple

from ..errors import LimitExceededError, TemplateError
from ..limits.budget import Budget, Meter, metered
from ..limits.profile import WIDE, Profile
from ..marked import Stretch
from ..parse.parser import parse
from ..reflect.calls import Function
from ..reflect.provenance import variable_in
from ..reflect.values import Struct, Value
from ..strconv.literals import replaced
from .functions import NAMES, undefined
from .state import Body, State
from .statements import compile_list

__all__ = ["Rendered", "render"]

_CACHEABLE = 32 << 10  # characters
_MOST_KEPT = 256  # compiled templates
_MOST_TOKENS = 1_000  # of one that is kept; each takes half a kilobyte


class Rendered(NamedTuple):
    """What a template produced.

    ``chunks`` are (offset in the output, offset in the source), ascending; ``literal`` says of
    each whether it is text of the source, character by character, or an action's result.
    ``stretches`` are those of marked data.
    """

    text: str
    chunks: tuple[tuple[int, int], ...] = ()
    literal: tuple[bool, ...] = ()
    stretches: tuple[Stretch, ...] = ()

    def source_offset(self, output_offset: int) -> int:
        """The character of the source behind a character of the output: the very one inside
        text, the beginning of the action inside its result."""
        index = bisect_right(self.chunks, output_offset, key=lambda chunk: chunk[0]) - 1
        if index < 0:
            return 0
        output, source = self.chunks[index]
        return source + (output_offset - output if self.literal[index] else 0)


class _Compiled(NamedTuple):
    main: Body
    templates: Mapping[str, Body]
    tokens: int


def render(
    text: str,
    data: Value,
    *,
    functions: Mapping[str, Callable[..., Value] | Function] | None = None,
    profile: Profile = WIDE,
    budget: Budget | None = None,
    name: str = "template",
    missing_key: str = "default",
) -> Rendered:
    """The template ``text`` executed with ``data`` as dot.

    ``functions`` are added to (or replace) those of text/template and sprig; a plain callable
    takes any arguments. ``budget`` is what this and other templates may cost together.
    ``missing_key`` is text/template's option: default, zero or error.
    Raises TemplateError, and nothing else, for whatever is wrong with the template.
    """
    added = {
        key: value if isinstance(value, Function) else Function(key, value, (), "any")
        for key, value in (functions or {}).items()
    }
    state: State | None = None
    meter: Meter | None = None
    try:
        meter = Meter(profile, budget)
        compiled = _compiled(text, name, frozenset(added), profile)
        state = State(
            name=name,
            source=text,
            templates=compiled.templates,
            functions=added,
            meter=meter,
            root=data,
            missing_key=missing_key,
            traces=data.is_marked if type(data) is Struct else variable_in([data]) is not None,
        )
        with metered(meter):
            compiled.main(state, data)
        return _rendered(state)
    except LimitExceededError as problem:
        raise _limit(state, str(problem), profile, problem.help) from None
    except RecursionError:
        raise _limit(state, "it nests values or calls too deep", profile) from None
    except MemoryError:
        raise _limit(state, "it needs too much memory", profile) from None
    except TemplateError:
        raise
    except Exception as problem:  # whatever a template provokes is the template's error
        message = f"the template cannot be executed: {type(problem).__name__}: {problem}"
        raise (
            state.error(message) if state else TemplateError("template-exec", message)
        ) from problem
    finally:
        if meter is not None:
            meter.settle()


def _limit(state: State | None, problem: str, profile: Profile, remedy: str = "") -> TemplateError:
    message = f"the template is stopped: {problem}"
    help_text = remedy or f"bound of the {profile.name} profile"
    if state is None:
        return TemplateError("template-limit", message, help=help_text)
    return state.error(message, code="template-limit", help=help_text)


def _rendered(state: State) -> Rendered:
    text = "".join(state.output)
    if not text.isascii():
        text = _valid(text)
    stretches = tuple(state.stretches)
    if len(text) != state.written:
        stretches = tuple(_moved(stretches, "".join(state.output)))
    return Rendered(text, tuple(state.chunks), tuple(state.literal), stretches)


def _moved(stretches: Iterable[Stretch], text: str) -> Iterator[Stretch]:
    """The stretches of ``text`` where they are once it is `_valid`."""
    for start, end, variable in stretches:
        yield Stretch(len(_valid(text[:start])), len(_valid(text[:end])), variable)


def _valid(text: str) -> str:
    """``text`` with every byte that is no UTF-8 as U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return replaced(text)
    return text


_Key = tuple[str, str, frozenset[str], Profile]
_kept: dict[_Key, _Compiled] = {}
_keeping = Lock()


def _compiled(*key: *_Key) -> _Compiled:
    """The template compiled; small ones are kept, the oldest of them forgotten."""
    found = _kept.get(key)
    if found is None:
        found = _compile(*key)
        if len(key[0]) <= _CACHEABLE and found.tokens <= _MOST_TOKENS:
            with _keeping:
                _kept[key] = found
                if len(_kept) > _MOST_KEPT:
                    del _kept[next(iter(_kept))]
    return found


def _compile(text: str, name: str, added: frozenset[str], profile: Profile) -> _Compiled:
    trees = parse(
        text,
        name,
        functions=NAMES | added,
        profile=profile,
        undefined=lambda missing: undefined(missing, added),
    )
    templates = {key: compile_list(tree) for key, tree in trees.defined.items()}
    return _Compiled(templates[name], templates, trees.tokens)
