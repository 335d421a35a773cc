"""`Reconciler`: brings ModelServices to what they say, many at a time, and remembers the result."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.cluster.claims import OBJECT_EXISTS
from msvc_pulumi.errors import Diagnostic, ModelServiceError
from msvc_pulumi.operator.drift.claimants import Claimants
from msvc_pulumi.operator.drift.drift import Drift
from msvc_pulumi.operator.executor import Executor, Key, Outcome, Work
from msvc_pulumi.operator.planning.planners import Planners
from msvc_pulumi.operator.serving.metrics import Metrics
from msvc_pulumi.operator.settings import Settings
from msvc_pulumi.operator.status.notices import post
from msvc_pulumi.operator.status.statusreport import Assessment
from msvc_pulumi.operator.watch.fleet import Fleet
from msvc_pulumi.operator.watch.ownedchildren import OwnedChildren
from msvc_pulumi.operator.work import finalizer
from msvc_pulumi.operator.work.examination import Examination
from msvc_pulumi.operator.work.ledger import Ledger
from msvc_pulumi.plan import Plan
from msvc_pulumi.target.capabilities import Capabilities

__all__ = ["Reconciler"]

logger = logging.getLogger(__name__)

REQUESTS = 8  # to the API server at a time, for the ModelServices of updates
# Seconds, more for each ModelService of an update; quicker ones need no word on being under way.
SHOW_APPLYING_AFTER, SHOW_APPLYING_SHARE = 2.0, 0.5
# Seconds that a status waits for what comes next: a Deployment changes several times while it
# starts.
REPORT_PAUSE = 0.2
CHANGES_PAUSE = 0.2  # seconds in which changes of children are looked at together


class Reconciler:
    """Has done what an `Examination` finds, and hears of changes. Thread-safe.

    A key is put on ``reports`` whenever its status may have to change.
    """

    def __init__(
        self,
        cluster: Cluster,
        executor: Executor,
        fleet: Fleet,
        children: OwnedChildren,
        *,
        settings: Settings,
        metrics: Metrics,
        planners: Planners,
    ) -> None:
        self.capabilities: Capabilities | None = None
        self._cluster, self._executor, self._fleet = cluster, executor, fleet
        self._metrics, self._planners = metrics, planners
        self._ledger = Ledger(cluster, fleet, settings=settings, metrics=metrics)
        self._memory = self._ledger.memory
        self.queue, self.reports = self._ledger.queue, self._ledger.reports
        self._drift = Drift(cluster, children)
        self._claimants = Claimants(fleet, children, self.queue.add)
        self._examination = Examination(
            cluster,
            executor,
            fleet,
            self._ledger,
            claimants=self._claimants,
            drift=self._drift,
            planners=planners,
            settings=settings,
        )
        self._requests = ThreadPoolExecutor(REQUESTS, "request")

    def assessment(self, key: Key) -> Assessment | None:
        """What is known of it since the last look."""
        return self._memory.assessment(key)

    def repair(self, key: Key) -> None:
        """Somebody removed something of it: look at the cluster when it is updated next."""
        self._memory.suspect(key)
        self.queue.add(key)

    def child_changed(self, key: Key) -> None:
        """Something about the objects of ``key`` is new: mend it if nobody here did it."""
        self._claimants.look(key)
        known = self.assessment(key)
        if known is not None and known.plan is not None and self._drift.is_repairing(key):
            self._requests.submit(self._glimpse, key, known.plan)
        if known is None or known.plan is None or not known.applied:
            if known is not None and any(one.code == OBJECT_EXISTS for one in known.problems):
                self.queue.add(key, CHANGES_PAUSE)  # what is in its way has gone, or is given
            return  # it is looked at when what is done now is done
        if self._drift.is_suspected(key, known.plan):
            self.queue.add(key, CHANGES_PAUSE)

    def _glimpse(self, key: Key, plan: Plan) -> None:
        try:
            self._drift.glimpse(key, plan)
        except (ClusterError, TimeoutError) as error:
            logger.debug("%s: %s", key, error)  # the repair goes on, and what is left is told

    def workload_changed(self, key: Key) -> None:
        """A workload of ``key`` is new, different or gone."""
        known = self.assessment(key)
        if known is None or not known.deleting:
            self._ledger.report(key, REPORT_PAUSE)

    def forget(self, key: Key) -> None:
        """It is gone from the cluster."""
        self._claimants.forget(key)
        self._drift.forget(key)
        self._memory.forget(key)
        self._planners.forget(key)

    def reconcile(self, keys: Sequence[Key]) -> None:
        """Bring ``keys`` to what they say; one that fails is tried again later, alone to blame."""
        wanted = self._examination.wanted(keys, self.capabilities)
        works = [work for work in self._requests.map(self._begun, wanted) if work]
        if not works:
            return
        pause = SHOW_APPLYING_AFTER + SHOW_APPLYING_SHARE * len(works)
        for work in works:
            self._ledger.report(work.key, pause)
        began = time.monotonic()
        try:
            outcomes = self._executor.converge(works)
        except ModelServiceError as error:
            outcomes = {work.key: Outcome(error.diagnostics) for work in works}
        except Exception as error:
            logger.exception("unexpected failure of the executor")
            problem = Diagnostic("internal-error", f"{type(error).__name__}: {error}")
            outcomes = {work.key: Outcome((problem,)) for work in works}
        self._metrics.ran(len(works), time.monotonic() - began)
        for _ in self._requests.map(self._concluded, works, [outcomes[work.key] for work in works]):
            pass

    def _begun(self, work: Work) -> Work | None:
        """The work, once its ModelService cannot go without the operator."""
        return self._ledger.guarded(work.key, partial(self._begin, work))

    def _begin(self, work: Work) -> Work | None:
        service = self._fleet.service(work.key)
        if work.plan is None:
            return work
        if service is None:
            return None  # it has gone; the event will tell
        if conflict := self._claimants.claim(service, work.key, work.plan, hold=True):
            self._ledger.fail(work.key, [conflict], retry=False)
            return None
        if not finalizer.is_held(service):
            held = finalizer.hold(self._cluster, service)
            if held is None or held["metadata"].get("deletionTimestamp"):
                return None
        self._memory.note(work.key, Assessment(work.generation, work.plan, applied=None))
        return work

    def _concluded(self, work: Work, outcome: Outcome) -> None:
        try:
            self._conclude(work, outcome)
        except (ClusterError, TimeoutError) as error:
            logger.warning("%s: %s", work.key, error)
            self._ledger.retry(work.key)

    def _conclude(self, work: Work, outcome: Outcome) -> None:
        service = self._fleet.service(work.key)
        if outcome.pending:
            self.queue.add(work.key)
            return
        if not outcome.done:
            if work.plan is not None:
                self._memory.suspect(work.key)  # so the next attempt looks first
            self._ledger.fail(
                work.key, outcome.problems, plan=work.plan, deleting=work.plan is None
            )
            return
        self._memory.succeeded(work.key)
        if work.plan is not None:
            self._claimants.settle(work.key, work.plan)
            generation = self._ledger.generation(work.key)
            self._ledger.conclude(work.key, Assessment(generation, work.plan, applied=True))
            if work.refresh:
                self._drift.conclude(service, work.key, work.plan)
            self.child_changed(work.key)
            if service is not None:
                post(self._cluster, service, "Normal", "Applied", _summary(outcome))
        elif service is not None:
            finalizer.release(self._cluster, service)
        logger.info("applied" if work.plan else "removed", extra={"modelservice": str(work.key)})


def _summary(outcome: Outcome) -> str:
    parts = [f"{count} {what}" for what, count in outcome.changes.items() if what != "same"]
    return f"applied ({', '.join(parts)})" if parts else "applied"
