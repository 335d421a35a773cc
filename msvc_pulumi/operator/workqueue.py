"""`WorkQueue`: keys that need work, each once, none in two hands; after client-go ``workqueue``."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

__all__ = ["WorkQueue"]

K = TypeVar("K", bound=Hashable)


class WorkQueue(Generic[K]):
    """Keys in the order they became due. Safe to use from several threads.

    A key added while it is worked on comes back once it is done, so edits during a run coalesce
    into one more run. ``settle`` lets keys that come in quick succession be taken together: nothing
    is given out until none has become due for so long, or one has waited five times as long.
    ``clock`` counts seconds.
    """

    def __init__(
        self,
        workers: int = 1,
        clock: Callable[[], float] = time.monotonic,
        *,
        settle: float = 0.0,
    ) -> None:
        self._clock, self._settle = clock, settle
        self._idle = workers
        self._due: dict[K, float] = {}
        self._active: set[K] = set()
        self._changed = threading.Condition()
        self._closed = False

    def add(self, key: K, delay: float = 0.0) -> None:
        """Work on ``key`` after ``delay`` seconds, or earlier if that was asked for before."""
        with self._changed:
            due = self._clock() + delay
            self._due[key] = min(due, self._due.get(key, due))
            self._changed.notify()

    def take(self, limit: int = 1, *, distinct: Callable[[K], Hashable] | None = None) -> list[K]:
        """Keys to work on, at least one unless the queue is closed; `done` must be called for them.

        What is due is shared among the workers that wait, up to ``limit`` keys each; no two keys
        taken together have the same value of ``distinct``.
        """
        with self._changed:
            while not self._closed:
                now = self._clock()
                ready = sorted(
                    (due, number, key)
                    for number, (key, due) in enumerate(self._due.items())
                    if due <= now and key not in self._active
                )
                settled = (
                    min(ready[-1][0] + self._settle, ready[0][0] + 5 * self._settle)
                    if ready
                    else now
                )
                if ready and settled <= now:
                    share = min(limit, -(-len(ready) // max(1, self._idle)))
                    taken = _chosen((key for _, _, key in ready), share, distinct)
                    for key in taken:
                        del self._due[key]
                    self._active.update(taken)
                    self._idle -= 1
                    return taken
                waiting = [
                    due for key, due in self._due.items() if key not in self._active and due > now
                ]
                if ready:
                    waiting.append(settled)
                self._changed.wait(min(waiting) - now if waiting else None)
            return []

    def done(self, keys: Iterable[K]) -> None:
        """The work on ``keys``, which were taken together, has ended."""
        with self._changed:
            self._active.difference_update(keys)
            self._idle += 1
            self._changed.notify_all()

    def close(self) -> None:
        """Give out nothing any more; whoever waits gets an empty list."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def __len__(self) -> int:
        with self._changed:
            return len(self._due)

    @property
    def active(self) -> int:
        """How many keys are being worked on."""
        with self._changed:
            return len(self._active)


def _chosen(keys: Iterable[K], count: int, distinct: Callable[[K], Hashable] | None) -> list[K]:
    chosen: list[K] = []
    seen: set[Hashable] = set()
    for key in keys:
        mark = distinct(key) if distinct else key
        if mark not in seen:
            seen.add(mark)
            chosen.append(key)
        if len(chosen) == count:
            break
    return chosen
