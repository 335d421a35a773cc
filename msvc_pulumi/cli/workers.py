"""`Workers`: one piece of work after another, shared by this process and forks of it.

No pool of the standard library does without threads of its own, and none ends quietly on Ctrl-C.
"""

from __future__ import annotations

import os
import pickle
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from signal import SIG_BLOCK, SIG_DFL, SIG_SETMASK, SIGINT, SIGKILL, pthread_sigmask, signal
from types import TracebackType
from typing import Generic, Self, TypeVar

__all__ = ["Workers"]

Result = TypeVar("Result")
WORTH = 32  # pieces that a process must have to do; forking and handing over take as long as some
MOST = 8  # processes: what is not shared takes its time as well
TURNS = 256  # that the pieces are dealt out in; all of them fit into a pipe
TURN = struct.Struct("=I")


class Workers(Generic[Result]):
    """Does ``work(0)`` … ``work(count - 1)`` in several processes while its block lasts.

    There are as many as there are processors, this one among them; where that is one, or there is
    little to do, it does all itself. Results must be what `pickle` takes. A piece whose process
    ended before its time is done here: so exceptions are raised here, too. Forks are made before
    the block begins, when no other thread runs yet.
    """

    def __init__(self, work: Callable[[int], Result], count: int) -> None:
        self._work, self._count = work, count
        self._each = max(1, -(-count // TURNS))
        self._turns = -1  # the pipe that each process takes its next turn from
        self._answers: dict[int, int] = {}  # the pipe of each fork, by process

    def __enter__(self) -> Self:
        wanted = min(_processors(), MOST, self._count // WORTH)
        if wanted > 1 and threading.active_count() == 1:
            self._turns, dealt = os.pipe()
            os.write(dealt, b"".join(map(TURN.pack, range(0, self._count, self._each))))
            os.close(dealt)
            before = pthread_sigmask(SIG_BLOCK, {SIGINT})
            with suppress(OSError):  # no more processes for this user
                for _ in range(wanted - 1):
                    self._fork()
            pthread_sigmask(SIG_SETMASK, before)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process, answer in self._answers.items():
            os.close(answer)
            os.kill(process, SIGKILL)
            os.waitpid(process, 0)
        self._answers.clear()
        if self._turns >= 0:
            os.close(self._turns)
            self._turns = -1

    def results(self, done: Callable[[int], None]) -> Iterator[Result]:
        """The results in order; ``done`` is called with how many there are, more or less."""
        found: dict[int, Result] = {}
        for turn in self._taken():
            found.update((number, self._work(number)) for number in turn)
            done(turn.stop)
        for answer in self._answers.values():
            with open(answer, "rb", closefd=False) as stream, suppress(EOFError):
                found.update(pickle.load(stream))  # noqa: S301  of a fork of this process
        for number in range(self._count):
            yield found.pop(number) if number in found else self._work(number)

    def _taken(self) -> Iterator[range]:
        """The turns that fall to this process."""
        if self._turns < 0:
            yield from (range(number, number + 1) for number in range(self._count))
            return
        while turn := os.read(self._turns, TURN.size):
            (first,) = TURN.unpack(turn)
            yield range(first, min(first + self._each, self._count))

    def _fork(self) -> None:
        answer, end = os.pipe()
        process = os.fork()
        if process:
            os.close(end)
            self._answers[process] = answer
            return
        try:
            signal(SIGINT, SIG_DFL)  # what is to be said of it the first process says
            pthread_sigmask(SIG_SETMASK, ())
            for other in (answer, *self._answers.values()):
                os.close(other)
            found = {number: self._work(number) for turn in self._taken() for number in turn}
            with open(end, "wb") as stream:
                pickle.dump(found, stream, pickle.HIGHEST_PROTOCOL)
        finally:
            os._exit(0)  # nothing that the first process has opened is flushed or closed


def _processors() -> int:
    """How many this process may use; one where it cannot be forked."""
    if not hasattr(os, "fork"):
        return 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
