"""`Ledger`: what became of each ModelService, who is told, and when it is looked at again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.errors import Diagnostic
from msvc_pulumi.operator.executor import Key
from msvc_pulumi.operator.serving.metrics import Metrics
from msvc_pulumi.operator.settings import Settings
from msvc_pulumi.operator.status.notices import post
from msvc_pulumi.operator.status.statusreport import Assessment, reason_of
from msvc_pulumi.operator.watch.fleet import Fleet
from msvc_pulumi.operator.work.memory import Memory
from msvc_pulumi.operator.work.workqueue import WorkQueue
from msvc_pulumi.plan import Plan
from msvc_pulumi.report import headline

__all__ = ["Ledger"]

logger = logging.getLogger(__name__)

T = TypeVar("T")
SETTLE = 0.05  # seconds in which nothing new comes, before an update that many can share
# Seconds that a report waits, more for each ModelService that waits or is worked on, but never more
# than the last.
REPORT_SHARE, REPORT_LIMIT = 0.05, 10.0


class Ledger:
    """Keeps what is known, and puts on ``reports`` whatever status may have to change, on ``queue``
    what is to be tried again. Thread-safe.
    """

    def __init__(
        self, cluster: Cluster, fleet: Fleet, *, settings: Settings, metrics: Metrics
    ) -> None:
        self.queue: WorkQueue[Key] = WorkQueue(settings.workers, settle=SETTLE)
        self.reports: WorkQueue[Key] = WorkQueue()
        self.memory = Memory()
        self._cluster, self._fleet = cluster, fleet
        self._settings, self._metrics = settings, metrics

    def settle(self, key: Key, assessment: Assessment) -> None:
        """This is known of it from now on, and its status says so."""
        self.memory.note(key, assessment)
        self.report(key)

    def conclude(self, key: Key, assessment: Assessment) -> None:
        """The same, without delay: an update has ended that somebody waits for."""
        self.memory.note(key, assessment)
        self.reports.add(key)

    def fail(
        self,
        key: Key,
        problems: Sequence[Diagnostic],
        *,
        plan: Plan | None = None,
        deleting: bool = False,
        retry: bool = True,
    ) -> None:
        """Its status says what is wrong, and an Event if that is new."""
        problems = tuple(problems)
        before = self.memory.assessment(key)
        generation = self.generation(key)
        self.settle(key, Assessment(generation, plan, None, problems, deleting=deleting))
        self._metrics.failed()
        first = next((headline(item) for item in problems if item.is_error), "failed")
        logger.warning("%s", first, extra={"modelservice": str(key)})
        service = self._fleet.service(key)
        if service is not None and (before is None or before.problems != problems):
            reason = "DeletionFailed" if deleting else reason_of(problems)
            post(self._cluster, service, "Warning", reason, first)
        if retry:
            self.retry(key)

    def guarded(self, key: Key, act: Callable[[], T | None]) -> T | None:
        """What ``act`` returns; None if it failed, which is noted and tried again."""
        try:
            return act()
        except ClusterError as error:
            self.fail(key, error.diagnostics)
        except Exception:
            logger.exception("unexpected failure", extra={"modelservice": str(key)})
            self.retry(key)
        return None

    def retry(self, key: Key) -> None:
        """It is tried again, the later the more often it failed."""
        attempt = self.memory.failed(key)
        delay = self._settings.retry_first * 2 ** min(attempt - 1, 10)
        self.queue.add(key, min(delay, self._settings.retry_longest))

    def report(self, key: Key, delay: float = 0.0) -> None:
        """Its status may have changed. The busier the operator, the longer that waits."""
        busy = len(self.queue) + self.queue.active
        self.reports.add(key, min(delay + REPORT_SHARE * busy, max(delay, REPORT_LIMIT)))

    def generation(self, key: Key) -> int:
        """Of the spec that was worked on: what came since has its own turn."""
        known = self.memory.assessment(key)
        if known is not None:
            return known.generation
        service = self._fleet.service(key)
        return int(service["metadata"].get("generation", 0)) if service else 0
