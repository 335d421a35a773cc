"""Returns the meter that holds one render to its profile.

A meter belongs to one render in one thread; template functions reach the one in force through
`meter()`, so that their signatures stay those of the Go functions. A `Budget` is what several
renders share: many small templates cost as much as a large one.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from ..errors import LimitExceededError
from ..marked import joined
from .profile import WIDE, Profile

__all__ = ["Budget", "Meter", "Sink", "meter", "metered"]

_STEPS_BETWEEN_CLOCKS = 16
_WORK_BETWEEN_CLOCKS = 2_000
_BIG = 1 << 14
_ITEM = 32
# Of all templates that share a budget.
_TEMPLATES = 5_000
_SECONDS = 0.7
_MEMORY = 64 << 20
_DERIVATIONS = 2
_TEXT_OF_WORK = 8  # bits: 256 characters that are only passed over cost as much as one element


class Budget:
    """What several templates may cost together; each is still bound by its profile.

    ``sharers`` says in errors whose templates they are. ``seconds`` are of processor time,
    compiling included. Not safe for several threads at once.
    """

    __slots__ = ("_sharers", "derivations", "memory", "output", "seconds", "templates")

    def __init__(self, sharers: str = "all templates") -> None:
        self._sharers = sharers
        self.seconds = _SECONDS
        self.memory = _MEMORY
        self.output = 4 << 20
        self.derivations = _DERIVATIONS
        self.templates = _TEMPLATES

    @property
    def is_half_used(self) -> bool:
        """Whether it is time to leave the rest to what must be rendered."""
        is_slow = self.seconds < _SECONDS / 2
        return is_slow or self.memory < _MEMORY >> 1 or self.derivations < _DERIVATIONS

    def take(self) -> None:
        """Count one template; LimitExceededError when nothing is left for it."""
        self.templates -= 1
        if self.templates < 0:
            raise self.exceeded(f"it is one of more than {_TEMPLATES} templates")
        if min(self.seconds, self.memory, self.output) <= 0:
            raise self.exceeded("the templates before it left it nothing")

    def exceeded(self, message: str) -> LimitExceededError:
        """The error for a bound that the templates have together."""
        return LimitExceededError(message, f"bound of {self._sharers} together")


class Meter:
    """Counts what one render consumes; every method raises LimitExceededError at its bound.

    What is left of ``budget`` lowers the bounds of the profile. `settle` gives back what was not
    used; without it nothing is taken from the budget.
    """

    __slots__ = (
        "_budget",
        "_clock_at",
        "_deadline",
        "_derivations",
        "_given",
        "_memory",
        "_output",
        "_started",
        "_steps",
        "_work",
        "profile",
    )

    def __init__(self, profile: Profile, budget: Budget | None = None) -> None:
        self.profile = profile
        self._budget = budget
        self._steps = profile.steps
        self._work = profile.work
        self._clock_at = profile.work - _WORK_BETWEEN_CLOCKS
        self._memory = profile.memory
        self._output = profile.output
        self._derivations = profile.derivations
        seconds = profile.seconds
        if budget is not None:
            budget.take()
            self._memory = min(self._memory, budget.memory)
            self._output = min(self._output, budget.output)
            self._derivations = min(self._derivations, budget.derivations)
            seconds = min(seconds, budget.seconds)
        self._given = (self._memory, self._output, self._derivations, seconds)
        self._started = time.thread_time()
        self._deadline = self._started + seconds

    def settle(self) -> None:
        """Take from the budget what was used."""
        budget = self._budget
        if budget is None:
            return
        memory, output, derivations, _ = self._given
        budget.memory -= memory - self._memory
        budget.output -= output - self._output
        budget.derivations -= derivations - self._derivations
        budget.seconds -= time.thread_time() - self._started

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

    def pairs(self, first: int, second: int) -> None:
        """Announce that each of ``first`` characters or items may be held against each of
        ``second``, in one call that nothing can stop."""
        self.work(first * second >> 9)

    def arguments(self, values: Iterable[object]) -> None:
        """Count the arguments of a call, whose functions pass over each at least once; one value
        given several times counts as often."""
        for value in values:
            if isinstance(value, str):
                if len(value) > 255:
                    self.size(len(value))
                    self.work(len(value) >> _TEXT_OF_WORK)
            elif isinstance(value, list | dict) and len(value) > 15:
                self.work(len(value) >> 4)

    def clock(self) -> None:
        """Look at the clock."""
        if time.thread_time() > self._deadline:
            raise self._exceeded(3, "seconds", f"it runs longer than {self.profile.seconds:g} s")

    def _exceeded(self, given: int, bound: str, message: str) -> LimitExceededError:
        """The error for a bound of the profile, or for that of all templates together."""
        if self._budget and self._given[given] < getattr(self.profile, bound):
            return self._budget.exceeded(f"the templates before it left it too little ({bound})")
        return LimitExceededError(message)

    def write(self, length: int) -> None:
        """Count ``length`` characters of output."""
        self._output -= length
        if self._output < 0:
            message = f"it writes more than {self.profile.output} characters"
            raise self._exceeded(1, "output", message)

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

    def reserve(self, size: int) -> None:
        """Announce ``size`` bytes of memory."""
        self._memory -= size
        if self._memory < 0:
            raise LimitExceededError(f"its values take more than {self._given[0] >> 20} MiB in all")

    def keep(self, value: object) -> None:
        """Count the memory of a value that was made; an item counts as much as a number takes."""
        if isinstance(value, str):
            self.size(len(value))
            self.reserve(value.__sizeof__())
            big = len(value) > _BIG
        elif isinstance(value, list | dict):
            self.count(len(value))
            self.reserve(value.__sizeof__() + len(value) * _ITEM)
            big = len(value) > _BIG // _ITEM
        else:
            return
        if big:
            self.clock()

    def derive(self) -> None:
        """Count one key derivation, which takes a tenth of a second and 32 MiB."""
        self._derivations -= 1
        if self._derivations < 0:
            message = f"it calls derivePassword more than {self.profile.derivations} times"
            raise self._exceeded(2, "derivations", message)


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
        text = joined(self.pieces)
        if len(text) > 255:
            self._meter.reserve(text.__sizeof__())
        return text


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
