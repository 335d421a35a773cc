"""`Repairs`: how often a ModelService was repaired lately, and how long the next one has to wait.

Two controllers that undo each other's work would keep the engine busy for ever. The first repairs
are made at once, further ones later and later, until there was none for a while.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from msvc_pulumi.operator.executor import Key

__all__ = ["Repairs"]

AT_ONCE = 2
FIRST_PAUSE, LONGEST_PAUSE = 10.0, 600.0  # seconds
FORGOTTEN_AFTER = 1800.0


class Repairs:
    """Thread-safe; ``clock`` counts seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._made: dict[Key, tuple[int, float]] = {}

    def wait(self, key: Key) -> float:
        """Seconds until ``key`` may be repaired, 0 if it may be now."""
        with self._lock:
            count, last = self._made.get(key, (0, 0.0))
            passed = self._clock() - last
            if passed > FORGOTTEN_AFTER:
                self._made.pop(key, None)
                return 0.0
            return max(0.0, _pause(count) - passed)

    def begin(self, key: Key) -> float:
        """It is repaired now; how many seconds the next repair will have to wait from now on."""
        with self._lock:
            count = self._made.get(key, (0, 0.0))[0] + 1
            self._made[key] = (count, self._clock())
            return _pause(count)

    def forget(self, key: Key) -> None:
        """It is gone from the cluster."""
        with self._lock:
            self._made.pop(key, None)


def _pause(count: int) -> float:
    if count < AT_ONCE:
        return 0.0
    return float(min(FIRST_PAUSE * 2 ** min(count - AT_ONCE, 10), LONGEST_PAUSE))
