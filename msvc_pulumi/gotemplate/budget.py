"""Returns the bounds of the two trust levels and the meter that enforces them during one render.

Go's text/template has no bounds at all; these exist because model owners are less trusted than
platform owners. A meter belongs to one render in one thread; template functions reach the one in
force through `meter()`, so that their signatures stay those of the Go functions.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from .errors import LimitExceededError
from .marked import joined

__all__ = ["NARROW", "WIDE", "Meter", "Profile", "Sink", "meter", "metered"]

_STEPS_BETWEEN_CLOCKS = 16
_WORK_BETWEEN_CLOCKS = 2_000
_BIG = 1 << 14
_ITEM = 32


@dataclass(frozen=True, slots=True)
class Profile:
    """How much one template may cost.

    ``source`` and ``output`` count characters, ``value`` the characters of one string, ``items``
    the items of one list or map, ``memory`` the bytes of all values ever made in one render,
    ``steps`` executed nodes, calls and iterations, ``work`` elements visited inside functions,
    ``nesting`` blocks or parentheses in the source, ``depth`` template calls, ``derivations``
    calls of derivePassword, ``seconds`` the processor time of the rendering thread (so that a busy
    machine fails nobody).
    """

    name: str
    source: int
    tokens: int
    nesting: int
    output: int
    value: int
    items: int
    memory: int
    steps: int
    work: int
    depth: int
    derivations: int
    seconds: float


NARROW = Profile(
    name="narrow",
    source=4 << 10,
    tokens=2_000,
    nesting=20,
    output=16 << 10,
    value=64 << 10,
    items=10_000,
    memory=4 << 20,
    steps=2_000,
    work=50_000,
    depth=20,
    derivations=1,
    seconds=0.5,
)
"""For templates a model owner writes: the args of a ModelService."""

WIDE = Profile(
    name="wide",
    source=256 << 10,
    tokens=50_000,
    nesting=50,
    output=1 << 20,
    value=1 << 20,
    items=100_000,
    memory=32 << 20,
    steps=100_000,
    work=1_000_000,
    depth=40,
    derivations=2,
    seconds=0.6,
)
"""For templates a platform owner writes: the sections of a BaseConfig."""


class Meter:
    """Counts what one render consumes; every method raises LimitExceededError at its bound."""

    __slots__ = (
        "_clock_at",
        "_deadline",
        "_derivations",
        "_memory",
        "_output",
        "_steps",
        "_work",
        "profile",
    )

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self._steps = profile.steps
        self._work = profile.work
        self._clock_at = profile.work - _WORK_BETWEEN_CLOCKS
        self._memory = profile.memory
        self._output = profile.output
        self._derivations = profile.derivations
        self._deadline = time.thread_time() + profile.seconds

    def step(self) -> None:
        """Count one executed node, call or iteration."""
        self._steps -= 1
        if self._steps < 0:
            raise LimitExceededError(f"it takes more than {self.profile.steps} steps")
        if not self._steps % _STEPS_BETWEEN_CLOCKS:
            self.clock()

    def work(self, amount: int = 1) -> None:
        """Count elements a function visits."""
        self._work -= amount
        if self._work < self._clock_at:
            self._clock_at = self._work - _WORK_BETWEEN_CLOCKS
            if self._work < 0:
                raise LimitExceededError("its functions do too much work")
            self.clock()

    def clock(self) -> None:
        """Look at the clock."""
        if time.thread_time() > self._deadline:
            raise LimitExceededError(f"it runs longer than {self.profile.seconds:g} s")

    def write(self, length: int) -> None:
        """Count ``length`` characters of output."""
        self._output -= length
        if self._output < 0:
            raise LimitExceededError(f"it writes more than {self.profile.output} characters")

    def size(self, length: int) -> None:
        """Announce a string of ``length`` characters before it is made."""
        if length > self.profile.value:
            raise LimitExceededError(
                f"it makes a string of more than {self.profile.value} characters"
            )

    def count(self, items: int) -> None:
        """Announce a list or map of ``items`` items before it is made."""
        if items > self.profile.items:
            raise LimitExceededError(
                f"it makes a list or map of more than {self.profile.items} items"
            )

    def keep(self, value: object) -> None:
        """Count the memory of a value that was made; an item counts as much as a number takes."""
        if isinstance(value, str):
            self.size(len(value))
            self._memory -= value.__sizeof__()
            big = len(value) > _BIG
        elif isinstance(value, list | dict):
            self.count(len(value))
            self._memory -= value.__sizeof__() + len(value) * _ITEM
            big = len(value) > _BIG // _ITEM
        else:
            return
        if self._memory < 0:
            raise LimitExceededError(
                f"its values take more than {self.profile.memory >> 20} MiB in all"
            )
        if big:
            self.clock()

    def derive(self) -> None:
        """Count one key derivation, which takes a tenth of a second and 32 MiB."""
        self._derivations -= 1
        if self._derivations < 0:
            raise LimitExceededError(
                f"it calls derivePassword more than {self.profile.derivations} times"
            )


class Sink:
    """Collects the pieces of one long string and stops before it is too long."""

    __slots__ = ("_left", "_meter", "pieces")

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self._meter = meter()
        self._left = self._meter.profile.value

    def add(self, piece: str) -> None:
        self._left -= len(piece)
        if self._left < 0:
            self._meter.size(self._meter.profile.value + 1)
        self._meter.work()
        self.pieces.append(piece)

    def __str__(self) -> str:
        return joined(self.pieces)


_CURRENT: ContextVar[Meter] = ContextVar("template_meter")


def meter() -> Meter:
    """The meter of the render in progress; a fresh wide one outside of any."""
    current = _CURRENT.get(None)
    return Meter(WIDE) if current is None else current


@contextmanager
def metered(current: Meter) -> Iterator[None]:
    """Put ``current`` in force for the enclosed calls of this thread."""
    token = _CURRENT.set(current)
    try:
        yield
    finally:
        _CURRENT.reset(token)
