"""`Examination`: what there is to do for ModelServices, by what they say and what was applied."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.cluster.modelservices import base_config_of
from msvc_pulumi.errors import ModelServiceError
from msvc_pulumi.operator.drift.claimants import Claimants
from msvc_pulumi.operator.drift.drift import Drift
from msvc_pulumi.operator.executor import Executor, Key, Work
from msvc_pulumi.operator.planning.job import Job
from msvc_pulumi.operator.planning.planners import Planners, PlanningError
from msvc_pulumi.operator.settings import Settings
from msvc_pulumi.operator.status.notices import post
from msvc_pulumi.operator.status.statusreport import Assessment, Unresolved
from msvc_pulumi.operator.watch.fleet import Fleet
from msvc_pulumi.operator.work import finalizer
from msvc_pulumi.operator.work.abandonment import is_abandoned
from msvc_pulumi.operator.work.baseconfigs import BaseConfigs
from msvc_pulumi.operator.work.ledger import Ledger
from msvc_pulumi.plan import Plan
from msvc_pulumi.target.capabilities import Capabilities

__all__ = ["Examination"]

logger = logging.getLogger(__name__)

Object = dict[str, Any]
# Seconds after which those taken together are worked on as far as they are planned.
PLANNING_PATIENCE = 1.5


@dataclass(frozen=True, slots=True)
class _Sight:
    """A ModelService as it was looked at, and how to plan it."""

    service: Object
    generation: int
    job: Job


class Examination:
    """Looks at ModelServices and has them planned. Thread-safe."""

    def __init__(
        self,
        cluster: Cluster,
        executor: Executor,
        fleet: Fleet,
        ledger: Ledger,
        *,
        claimants: Claimants,
        drift: Drift,
        planners: Planners,
        settings: Settings,
    ) -> None:
        self._cluster, self._executor, self._fleet = cluster, executor, fleet
        self._ledger, self._memory = ledger, ledger.memory
        self._claimants, self._drift, self._planners = claimants, drift, planners
        self._settings = settings
        self._base_configs = BaseConfigs(cluster, fleet, settings)

    def wanted(self, keys: Sequence[Key], capabilities: Capabilities | None) -> list[Work]:
        """What there is to do for ``keys``; whatever has no plan yet comes again when it has."""
        guarded = self._ledger.guarded
        seen = {key: guarded(key, partial(self._examine, key, capabilities)) for key in keys}
        sights = {key: sight for key, sight in seen.items() if isinstance(sight, _Sight)}
        wanted = [work for work in seen.values() if isinstance(work, Work)]
        jobs = {key: sight.job for key, sight in sights.items()}
        began = time.monotonic()
        plans = self._planners.plans(jobs, self._ledger.queue.add, PLANNING_PATIENCE)
        if jobs:
            took = time.monotonic() - began
            logger.debug("planned %d of %d in %.2f s", len(plans), len(jobs), took)
        for key, plan in plans.items():
            if work := guarded(key, partial(self._compare, key, sights[key], plan)):
                wanted.append(work)
        return wanted

    def _examine(self, key: Key, capabilities: Capabilities | None) -> Work | _Sight | None:
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
        job = Job.of(service, base_config, self._settings.plan, capabilities)
        return _Sight(service, generation, job)

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

    def _unresolved(self, key: Key, service: Object, why: Unresolved) -> None:
        """It has no BaseConfig, and waits until there is one."""
        self._claimants.withdraw(key)
        before = self._memory.assessment(key)
        generation = service["metadata"].get("generation", 0)
        self._ledger.settle(key, Assessment(generation, None, None, base_config=why))
        if before is None or before.base_config != why:
            post(self._cluster, service, "Warning", *why)
        reference = base_config_of(service)
        if reference and reference.namespace != key.namespace and self._executor.knows(key):
            self._executor.disallow(key)

    def _compare(self, key: Key, sight: _Sight, plan: Plan | ModelServiceError) -> Work | None:
        """What there is to do for ``key``, of which ``plan`` is the plan or why there is none."""
        if isinstance(plan, ModelServiceError):
            self._claimants.withdraw(key)
            self._ledger.fail(key, plan.diagnostics, retry=isinstance(plan, PlanningError))
            return None
        service, generation = sight.service, sight.generation
        if conflict := self._claimants.claim(service, key, plan):
            self._ledger.fail(key, [conflict], retry=False)
            return None
        drifted = self._memory.take_suspicion(key)
        unchanged = (service.get("status") or {}).get("planHash") == plan.hash
        known = self._memory.assessment(key)
        if known is not None and known.plan is not None:
            unchanged = bool(known.applied) and known.plan.hash == plan.hash
        if unchanged and not drifted and self._executor.knows(key):
            drifted, later = self._drift.examine(service, key, plan)
            if not drifted:
                self._claimants.settle(key, plan)
                self._ledger.settle(key, Assessment(generation, plan, applied=True))
                if later:
                    self._ledger.queue.add(key, later)
                return None
        return Work(key, plan, generation, refresh=drifted)
