"""`Memory`: what the operator remembers of each ModelService between two looks at it."""

from __future__ import annotations

import threading
import zlib
from collections import OrderedDict
from dataclasses import replace

from msvc_pulumi.operator.executor import Key
from msvc_pulumi.operator.planning.answer import Answer, decode, encode
from msvc_pulumi.operator.status.statusreport import Assessment
from msvc_pulumi.plan import Plan

__all__ = ["Memory"]

# Plans that are kept as they are. One is 55 KiB of mappings, or 2 KiB of packed text, from which it
# is made again in 0.2 ms.
RECENT = 128


class Memory:
    """The last assessment of each key, its failures in a row, and suspicions. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._assessments: dict[Key, Assessment] = {}  # without their plans
        self._packed: dict[Key, bytes] = {}
        self._recent: OrderedDict[Key, Plan] = OrderedDict()
        self._failures: dict[Key, int] = {}
        self._suspected: set[Key] = set()

    def assessment(self, key: Key) -> Assessment | None:
        """What is known of it since the last look."""
        with self._lock:
            found, packed = self._assessments.get(key), self._packed.get(key)
            plan = self._recent.get(key)
            if plan is not None:
                self._recent.move_to_end(key)
        if found is None or packed is None:
            return found
        if plan is None:
            plan = decode(zlib.decompress(packed)).plan
            with self._lock:
                if plan is not None and self._packed.get(key) is packed:
                    self._keep(key, plan)
        return replace(found, plan=plan)

    def note(self, key: Key, assessment: Assessment) -> None:
        """This is known of it from now on."""
        plan = assessment.plan
        packed = zlib.compress(encode(Answer(plan)), 1) if plan is not None else None
        with self._lock:
            self._drop(key)
            self._assessments[key] = replace(assessment, plan=None)
            if plan is not None and packed is not None:
                self._packed[key] = packed
                self._keep(key, plan)

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
            self._drop(key)
            self._failures.pop(key, None)
            self._suspected.discard(key)

    def _keep(self, key: Key, plan: Plan) -> None:
        self._recent[key] = plan
        self._recent.move_to_end(key)
        while len(self._recent) > RECENT:
            self._recent.popitem(last=False)

    def _drop(self, key: Key) -> None:
        self._assessments.pop(key, None)
        self._packed.pop(key, None)
        self._recent.pop(key, None)
