"""`Turns`: whose turn it is, so that nobody's work keeps everybody else's waiting."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Generic, TypeVar

__all__ = ["Turns"]

T = TypeVar("T")


class Turns(Generic[T]):
    """Things to do, each of an owner: the next is of whoever has cost least, and his oldest.

    An owner is named by steps, all of the same number, and whoever shares a first step shares its
    turns; among them it is decided in the same way. Start-time fair queueing: who comes after a
    pause has neither debt nor credit. Not thread-safe.
    """

    def __init__(self) -> None:
        self._things: deque[T] = deque()  # of the owner that no further step names
        self._owners: dict[str, Turns[T]] = {}
        self._costs: dict[str, float] = {}
        self._floor = 0.0
        self._count = 0

    def add(self, owner: Sequence[str], thing: T) -> None:
        """``thing`` waits."""
        self._count += 1
        if not owner:
            self._things.append(thing)
            return
        self._costs[owner[0]] = max(self._costs.get(owner[0], 0.0), self._floor)
        self._owners.setdefault(owner[0], Turns()).add(owner[1:], thing)

    def take(self) -> T | None:
        """What is next, None if nothing waits."""
        if not self._count:
            return None
        self._count -= 1
        if self._things:
            return self._things.popleft()
        first = min((one for one in self._costs if self._waits(one)), key=self._costs.__getitem__)
        self._floor = self._costs[first]
        return self._owners[first].take()

    def charge(self, owner: Sequence[str], cost: float) -> None:
        """What was done of ``owner``'s has cost so much."""
        if not owner:
            return
        self._costs[owner[0]] = max(self._costs.get(owner[0], 0.0), self._floor) + cost
        self._owners.setdefault(owner[0], Turns()).charge(owner[1:], cost)
        for one in [one for one, spent in self._costs.items() if spent <= self._floor]:
            if not self._waits(one):
                del self._costs[one], self._owners[one]

    def __len__(self) -> int:
        return self._count

    def _waits(self, owner: str) -> bool:
        return len(self._owners[owner]) > 0
