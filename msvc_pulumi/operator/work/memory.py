"""`Memory`: what the operator remembers of each ModelService between two looks at it."""

from __future__ import annotations

import threading

from msvc_pulumi.operator.executor import Key
from msvc_pulumi.operator.status.statusreport import Assessment

__all__ = ["Memory"]


class Memory:
    """The last assessment of each key, its failures in a row, and suspicions. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._assessments: dict[Key, Assessment] = {}
        self._failures: dict[Key, int] = {}
        self._suspected: set[Key] = set()

    def assessment(self, key: Key) -> Assessment | None:
        """What is known of it since the last look."""
        with self._lock:
            return self._assessments.get(key)

    def note(self, key: Key, assessment: Assessment) -> None:
        """This is known of it from now on."""
        with self._lock:
            self._assessments[key] = assessment

    def failures(self, key: Key) -> int:
        """How often it failed since it succeeded last."""
        with self._lock:
            return self._failures.get(key, 0)

    def failed(self, key: Key) -> int:
        """How often it failed since it succeeded last, this time included."""
        with self._lock:
            self._failures[key] = self._failures.get(key, 0) + 1
            return self._failures[key]

    def succeeded(self, key: Key) -> None:
        """Forget its failures."""
        with self._lock:
            self._failures.pop(key, None)

    def suspect(self, key: Key) -> None:
        """Its stack may say something else than the cluster does."""
        with self._lock:
            self._suspected.add(key)

    def take_suspicion(self, key: Key) -> bool:
        """Whether it was suspected since this was asked last."""
        with self._lock:
            suspected = key in self._suspected
            self._suspected.discard(key)
            return suspected

    def forget(self, key: Key) -> None:
        """It is gone from the cluster."""
        with self._lock:
            self._assessments.pop(key, None)
            self._failures.pop(key, None)
            self._suspected.discard(key)
