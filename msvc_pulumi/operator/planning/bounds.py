"""What a planner may take, and how the system is told so: `Bounds`, `confine`, `timed`.

The meters of the template engines end an honest mistake earlier, and say where it is. What is here
holds for what no meter sees, and asks nothing of the code that it bounds.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Bounds", "confine", "give_way", "most_resident", "timed"]

FILES = 16  # that a planner may have open: its channel, and one with a time zone now and then
HANGING = 120.0  # seconds; nothing that a planner does takes as long, on whatever machine


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bounds of one plan. Seconds are of processor time, or asleep: a busy machine fails nobody."""

    first: float = 0.05
    """Seconds after which a plan gives way to others and is begun again among slow ones; most take
    less than a tenth of it."""
    seconds: float = 2.0
    memory: int = 128 << 20
    """Bytes of address space above that of a planner which has done nothing yet."""
    answer: int = 8 << 20
    """Bytes of the plan as text."""
    niceness: int = 10
    """Of slow plans: they get a tenth of what another process gets, while there are others."""


def confine(memory: int) -> None:
    """This process can write no file, start no other, and take no more than ``memory`` bytes."""
    with suppress(OSError):  # if memory runs out, a planner goes and not the operator
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    for what, most in (
        (resource.RLIMIT_AS, _address_space() + memory),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, FILES),
        (resource.RLIMIT_NPROC, 0),
    ):
        with suppress(ValueError, OSError):  # less is allowed already, or there is no such bound
            resource.setrlimit(what, (most, most))


def give_way(niceness: int) -> None:
    """This process is nice to all others of the machine, and not only to those of its session.

    Linux may schedule each session as a whole (sched(7), autogroup), so it gets one of its own.
    """
    os.setsid()
    if niceness:
        os.nice(niceness)
        with suppress(OSError):
            Path("/proc/self/autogroup").write_text(str(niceness), encoding="ascii")


def most_resident() -> int:
    """The most bytes of memory that this process has had at a time."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most << 10


@contextmanager
def timed(seconds: float) -> Iterator[None]:
    """In ``with``: the system ends this process after ``seconds`` of processor time."""
    signal.setitimer(signal.ITIMER_REAL, HANGING)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)


def _address_space() -> int:
    """Bytes of it that this process has; 0 where the system does not say."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[0]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
