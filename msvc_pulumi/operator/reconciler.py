"""`Reconciler`: brings ModelServices to what they say, many at a time, and remembers the result."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from msvc_pulumi.capabilities import Capabilities
from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.cluster.claims import OBJECT_EXISTS
from msvc_pulumi.cluster.modelservices import base_config_of
from msvc_pulumi.errors import Diagnostic, ModelServiceError
from msvc_pulumi.operator import finalizer
from msvc_pulumi.operator.abandonment import is_abandoned
from msvc_pulumi.operator.baseconfigs import BaseConfigs
from msvc_pulumi.operator.claimants import Claimants
from msvc_pulumi.operator.drift import Drift
from msvc_pulumi.operator.executor import Executor, Key, Outcome, Work
from msvc_pulumi.operator.fleet import Fleet
from msvc_pulumi.operator.memory import Memory
from msvc_pulumi.operator.metrics import Metrics
from msvc_pulumi.operator.notices import post
from msvc_pulumi.operator.ownedchildren import OwnedChildren
from msvc_pulumi.operator.planning.job import Job
from msvc_pulumi.operator.planning.planners import Planners, PlanningError
from msvc_pulumi.operator.settings import Settings
from msvc_pulumi.operator.statusreport import Assessment, Unresolved, reason_of
from msvc_pulumi.operator.workqueue import WorkQueue
from msvc_pulumi.plan import Plan
from msvc_pulumi.report import headline

__all__ = ["Reconciler"]

logger = logging.getLogger(__name__)

Object = dict[str, Any]
T = TypeVar("T")
REQUESTS = 8  # to the API server at a time, for the ModelServices of updates
SETTLE = 0.05  # seconds in which nothing new comes, before an update that many can share
# Seconds, more for each ModelService of an update; quicker ones need no word on being under way.
SHOW_APPLYING_AFTER, SHOW_APPLYING_SHARE = 2.0, 0.5
# Seconds that a status waits for what comes next: a Deployment changes several times while it
# starts. More for each ModelService that waits or is worked on, but never more than the last.
REPORT_PAUSE, REPORT_SHARE, REPORT_LIMIT = 0.2, 0.05, 10.0
# Seconds after which those taken together are worked on as far as they are planned.
PLANNING_PATIENCE = 1.5
CHANGES_PAUSE = 0.2  # seconds in which changes of children are looked at together


@dataclass(frozen=True, slots=True)
class _Sight:
    """A ModelService as it was looked at, and how to plan it."""

    service: Object
    generation: int
    job: Job


class Reconciler:
    """Decides what has to be done, has it done and keeps what is known. Thread-safe.

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
        self.queue: WorkQueue[Key] = WorkQueue(settings.workers, settle=SETTLE)
        self.reports: WorkQueue[Key] = WorkQueue()
        self.capabilities: Capabilities | None = None
        self._cluster, self._executor, self._fleet = cluster, executor, fleet
        self._settings, self._metrics, self._planners = settings, metrics, planners
        self._drift = Drift(cluster, children)
        self._base_configs = BaseConfigs(cluster, fleet, settings)
        self._claimants = Claimants(fleet, children, self.queue.add)
        self._requests = ThreadPoolExecutor(REQUESTS, "request")
        self._memory = Memory()

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
        if known is None or known.plan is None or not known.applied:
            if known is not None and any(one.code == OBJECT_EXISTS for one in known.problems):
                self.queue.add(key, CHANGES_PAUSE)  # what is in its way has gone, or is given
            return  # it is looked at when what is done now is done
        if self._drift.is_suspected(key, known.plan):
            self.queue.add(key, CHANGES_PAUSE)

    def workload_changed(self, key: Key) -> None:
        """A workload of ``key`` is new, different or gone."""
        known = self.assessment(key)
        if known is None or not known.deleting:
            self._report(key, REPORT_PAUSE)

    def forget(self, key: Key) -> None:
        """It is gone from the cluster."""
        self._claimants.forget(key)
        self._drift.forget(key)
        self._memory.forget(key)
        self._planners.forget(key)

    def reconcile(self, keys: Sequence[Key]) -> None:
        """Bring ``keys`` to what they say; one that fails is tried again later, alone to blame."""
        works = [work for work in self._requests.map(self._begun, self._wanted(keys)) if work]
        if not works:
            return
        pause = SHOW_APPLYING_AFTER + SHOW_APPLYING_SHARE * len(works)
        for work in works:
            self._report(work.key, pause)
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

    def _wanted(self, keys: Sequence[Key]) -> list[Work]:
        """What there is to do for ``keys``; whatever has no plan yet comes again when it has."""
        seen = {key: self._guarded(key, partial(self._examine, key)) for key in keys}
        sights = {key: sight for key, sight in seen.items() if isinstance(sight, _Sight)}
        wanted = [work for work in seen.values() if isinstance(work, Work)]
        jobs = {key: sight.job for key, sight in sights.items()}
        began = time.monotonic()
        plans = self._planners.plans(jobs, self.queue.add, PLANNING_PATIENCE)
        if jobs:
            took = time.monotonic() - began
            logger.debug("planned %d of %d in %.2f s", len(plans), len(jobs), took)
        for key, plan in plans.items():
            if work := self._guarded(key, partial(self._compare, key, sights[key], plan)):
                wanted.append(work)
        return wanted

    def _guarded(self, key: Key, act: Callable[[], T | None]) -> T | None:
        try:
            return act()
        except ClusterError as error:
            self._failed(key, error.diagnostics)
        except Exception:
            logger.exception("unexpected failure", extra={"modelservice": str(key)})
            self._retry(key)
        return None

    def _begun(self, work: Work) -> Work | None:
        """The work, once its ModelService cannot go without the operator."""
        return self._guarded(work.key, partial(self._begin, work))

    def _begin(self, work: Work) -> Work | None:
        service = self._fleet.service(work.key)
        if work.plan is None:
            return work
        if service is None:
            return None  # it has gone; the event will tell
        if conflict := self._claimants.claim(service, work.key, work.plan, hold=True):
            self._failed(work.key, [conflict], retry=False)
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
            self._retry(work.key)

    def _examine(self, key: Key) -> Work | _Sight | None:
        """What there is to do or to plan for ``key`` now; what needs neither is concluded here."""
        service = self._fleet.service(key)
        if service is None:
            return Work(key, None) if self._executor.knows(key) else None
        if service["metadata"].get("deletionTimestamp"):
            self._claimants.withdraw(key)
            return self._examine_deleted(key, service)
        generation = service["metadata"].get("generation", 0)
        missing, base_config = self._base_configs.of(service)
        if missing:
            self._unresolved(key, service, missing)
            return None
        job = Job.of(service, base_config, self._settings.plan, self.capabilities)
        return _Sight(service, generation, job)

    def _compare(self, key: Key, sight: _Sight, plan: Plan | ModelServiceError) -> Work | None:
        """What there is to do for ``key``, of which ``plan`` is the plan or why there is none."""
        if isinstance(plan, ModelServiceError):
            self._claimants.withdraw(key)
            self._failed(key, plan.diagnostics, retry=isinstance(plan, PlanningError))
            return None
        service, generation = sight.service, sight.generation
        if conflict := self._claimants.claim(service, key, plan):
            self._failed(key, [conflict], retry=False)
            return None
        drifted = self._memory.take_suspicion(key)
        unchanged = (service.get("status") or {}).get("planHash") == plan.hash
        known = self.assessment(key)
        if known is not None and known.plan is not None:
            unchanged = bool(known.applied) and known.plan.hash == plan.hash
        if unchanged and not drifted and self._executor.knows(key):
            drifted, later = self._drift.examine(service, key, plan)
            if not drifted:
                self._claimants.settle(key, plan)
                self._settle(key, Assessment(generation, plan, applied=True))
                if later:
                    self.queue.add(key, later)
                return None
        return Work(key, plan, generation, refresh=drifted)

    def _unresolved(self, key: Key, service: Object, why: Unresolved) -> None:
        """It has no BaseConfig, and waits until there is one."""
        self._claimants.withdraw(key)
        before = self.assessment(key)
        generation = service["metadata"].get("generation", 0)
        self._settle(key, Assessment(generation, None, None, base_config=why))
        if before is None or before.base_config != why:
            post(self._cluster, service, "Warning", *why)
        reference = base_config_of(service)
        if reference and reference.namespace != key.namespace and self._executor.knows(key):
            self._executor.disallow(key)

    def _examine_deleted(self, key: Key, service: Object) -> Work | None:
        if not finalizer.is_held(service):
            return None
        if is_abandoned(service, self._memory.failures(key), self._settings):
            text = "its objects are left to Kubernetes, which knows their owner"
            post(self._cluster, service, "Warning", "Abandoned", text)
            self._executor.forget(key)
            finalizer.release(self._cluster, service)
            return None
        generation = service["metadata"].get("generation", 0)
        self._memory.note(key, Assessment(generation, None, None, deleting=True))
        return Work(key, None)

    def _conclude(self, work: Work, outcome: Outcome) -> None:
        service = self._fleet.service(work.key)
        if outcome.pending:
            self.queue.add(work.key)
            return
        if not outcome.done:
            if work.plan is not None:
                self._memory.suspect(work.key)  # so the next attempt looks first
            self._failed(work.key, outcome.problems, plan=work.plan, deleting=work.plan is None)
            return
        self._memory.succeeded(work.key)
        if work.plan is not None:
            self._claimants.settle(work.key, work.plan)
            generation = self._generation(work.key)
            self._settle(work.key, Assessment(generation, work.plan, applied=True))
            if work.refresh:
                self._drift.conclude(service, work.key, work.plan)
            self.child_changed(work.key)
            if service is not None:
                post(self._cluster, service, "Normal", "Applied", _summary(outcome))
        elif service is not None:
            finalizer.release(self._cluster, service)
        logger.info("applied" if work.plan else "removed", extra={"modelservice": str(work.key)})

    def _failed(
        self,
        key: Key,
        problems: Sequence[Diagnostic],
        *,
        plan: Any = None,
        deleting: bool = False,
        retry: bool = True,
    ) -> None:
        problems = tuple(problems)
        before = self.assessment(key)
        generation = self._generation(key)
        assessment = Assessment(generation, plan, None, problems, deleting=deleting)
        self._settle(key, assessment)
        self._metrics.failed()
        first = next((headline(item) for item in problems if item.is_error), "failed")
        logger.warning("%s", first, extra={"modelservice": str(key)})
        service = self._fleet.service(key)
        if service is not None and (before is None or before.problems != problems):
            reason = "DeletionFailed" if deleting else reason_of(problems)
            post(self._cluster, service, "Warning", reason, first)
        if retry:
            self._retry(key)

    def _retry(self, key: Key) -> None:
        attempt = self._memory.failed(key)
        delay = self._settings.retry_first * 2 ** min(attempt - 1, 10)
        self.queue.add(key, min(delay, self._settings.retry_longest))

    def _settle(self, key: Key, assessment: Assessment) -> None:
        self._memory.note(key, assessment)
        self._report(key)

    def _report(self, key: Key, delay: float = 0.0) -> None:
        """Its status may have changed. The busier the operator, the longer that waits."""
        busy = len(self.queue) + self.queue.active
        self.reports.add(key, min(delay + REPORT_SHARE * busy, max(delay, REPORT_LIMIT)))

    def _generation(self, key: Key) -> int:
        """Of the spec that was worked on: what came since has its own turn."""
        known = self.assessment(key)
        if known is not None:
            return known.generation
        service = self._fleet.service(key)
        return int(service["metadata"].get("generation", 0)) if service else 0


def _summary(outcome: Outcome) -> str:
    parts = [f"{count} {what}" for what, count in outcome.changes.items() if what != "same"]
    return f"applied ({', '.join(parts)})" if parts else "applied"
