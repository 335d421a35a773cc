"""`WorkQueue`: keys that need work, each once, none in two hands; after client-go ``workqueue``."""

from __future__ import annotations

import heapq
import itertools
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
        self._numbers = itertools.count()
        # Every key that waits is in one of these three. A key that is wanted earlier than it was
        # has an older entry in the heap, which is passed over: its time is not that of the key.
        self._later: dict[K, float] = {}
        self._heap: list[tuple[float, int, K]] = []
        self._ready: dict[K, float] = {}
        self._held_up: dict[K, float] = {}  # due, but worked on
        self._active: set[K] = set()
        self._changed = threading.Condition()
        self._closed = False

    def add(self, key: K, delay: float = 0.0) -> None:
        """Work on ``key`` after ``delay`` seconds, or earlier if that was asked for before."""
        with self._changed:
            due = self._clock() + delay
            if key in self._ready or key in self._held_up or due >= self._later.get(key, due + 1):
                return
            self._later[key] = due
            heapq.heappush(self._heap, (due, next(self._numbers), key))
            if self._heap[0][2] == key:  # else somebody looks before it is due
                self._changed.notify()

    def take(self, limit: int = 1, *, distinct: Callable[[K], Hashable] | None = None) -> list[K]:
        """Keys to work on, at least one unless the queue is closed; `done` must be called for them.

        What is due is shared among the workers that wait, up to ``limit`` keys each; no two keys
        taken together have the same value of ``distinct``.
        """
        with self._changed:
            while not self._closed:
                now = self._clock()
                self._ripen(now)
                looked_at = [self._heap[0][0]] if self._heap else []
                if self._ready:
                    settled = self._settled()
                    if settled <= now:
                        return self._taken(limit, distinct)
                    looked_at.append(settled)
                self._changed.wait(min(looked_at) - now if looked_at else None)
            return []

    def done(self, keys: Iterable[K]) -> None:
        """The work on ``keys``, which were taken together, has ended."""
        with self._changed:
            for key in keys:
                self._active.discard(key)
                if key in self._held_up:
                    self._ready[key] = self._held_up.pop(key)
            self._idle += 1
            self._changed.notify_all()

    def close(self) -> None:
        """Give out nothing any more; whoever waits gets an empty list."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def __len__(self) -> int:
        with self._changed:
            return len(self._later) + len(self._ready) + len(self._held_up)

    @property
    def active(self) -> int:
        """How many keys are being worked on."""
        with self._changed:
            return len(self._active)

    def _ripen(self, now: float) -> None:
        """What is due by now is ready."""
        while self._heap and self._heap[0][0] <= now:
            due, _, key = heapq.heappop(self._heap)
            if self._later.get(key) == due:
                del self._later[key]
                (self._held_up if key in self._active else self._ready)[key] = due

    def _settled(self) -> float:
        """When what is ready may be given out."""
        first, last = min(self._ready.values()), max(self._ready.values())
        return min(last + self._settle, first + 5 * self._settle)

    def _taken(self, limit: int, distinct: Callable[[K], Hashable] | None) -> list[K]:
        share = min(limit, -(-len(self._ready) // max(1, self._idle)))
        taken = _chosen(self._ready, share, distinct)
        for key in taken:
            del self._ready[key]
        self._active.update(taken)
        self._idle -= 1
        if self._ready or self._heap:  # whoever waits longer than this one did may have to look
            self._changed.notify()
        return taken


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
