"""`Reporter`: writes statuses, each only when it says something new."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.cluster.modelservices import API_VERSION, KIND
from msvc_pulumi.operator.executor import Key
from msvc_pulumi.operator.serving.metrics import Metrics
from msvc_pulumi.operator.status.conditions import workloads_of
from msvc_pulumi.operator.status.statusreport import Assessment, status_of
from msvc_pulumi.operator.watch.fleet import Fleet
from msvc_pulumi.operator.watch.unscheduledpods import UnscheduledPods
from msvc_pulumi.plan import Plan

__all__ = ["Reporter"]

logger = logging.getLogger(__name__)

RETRY = 5.0  # seconds
FIRST_LOOK, LAST_LOOK = 5.0, 60.0  # seconds between looks at pods that do not come up


@dataclass(slots=True)
class Look:
    """When pods that do not come up are looked at next, and what was found last."""

    due: float
    pause: float
    found: dict[str, tuple[str, ...]] = field(default_factory=dict)


class Reporter:
    """Tells in each ModelService's status what is known of it. Thread-safe."""

    def __init__(
        self,
        cluster: Cluster,
        fleet: Fleet,
        assessment: Callable[[Key], Assessment | None],
        again: Callable[[Key, float], None],
        metrics: Metrics,
    ) -> None:
        """``assessment`` says what became of a ModelService, ``again`` has it told once more after
        seconds.
        """
        self._cluster, self._fleet, self._metrics = cluster, fleet, metrics
        self._assessment, self._again = assessment, again
        self._pods = UnscheduledPods(cluster)
        self._lock = threading.Lock()
        self._written: dict[Key, tuple[str, dict[str, Any]]] = {}
        self._looks: dict[Key, Look] = {}

    def report(self, key: Key) -> None:
        """The status of ``key`` says what is known; it is tried again later if that fails."""
        service, assessment = self._fleet.service(key), self._assessment(key)
        if service is None:
            with self._lock:
                self._written.pop(key, None)
                self._looks.pop(key, None)
            return
        if assessment is None:
            return
        uid = service["metadata"]["uid"]
        with self._lock:
            last_uid, last = self._written.get(key, ("", {}))
        before = last if last_uid == uid else service.get("status") or {}
        live = self._fleet.workloads(key)
        pending = self._pending(key, assessment.plan, live)
        status = status_of(assessment, live, before, pending)
        wanted = {**before, **status}
        wanted = {name: value for name, value in wanted.items() if value is not None}
        if wanted == before:
            return
        try:
            self._cluster.patch(
                API_VERSION,
                KIND,
                key.name,
                key.namespace,
                body={"status": status},
                subresource="status",
            )
        except ClusterError as error:
            if error.reason != "NotFound":
                logger.warning("status not written: %s", error, extra={"modelservice": str(key)})
                self._again(key, RETRY)
            return
        self._metrics.reported()
        with self._lock:
            self._written[key] = (uid, wanted)

    def _pending(
        self, key: Key, plan: Plan | None, live: Mapping[tuple[str, str], Mapping[str, Any]]
    ) -> dict[str, tuple[str, ...]]:
        """What the scheduler says of pods that no node takes, by their workload.

        Asked only for workloads that lack pods for a while, less and less often: most come up.
        """
        short = [work for work in workloads_of(plan, live, {}) if work.lacks_pods] if plan else []
        now = time.monotonic()
        with self._lock:
            if not short:
                self._looks.pop(key, None)
                return {}
            look = self._looks.setdefault(key, Look(now + FIRST_LOOK, FIRST_LOOK))
            if now >= look.due:
                look.pause = min(2 * look.pause, LAST_LOOK)
                look.due = now + look.pause
                due = True
            else:
                due = False
            self._again(key, look.due - now)
        if due:
            look.found = {
                work.name: self._pods.about(work.manifest, key.namespace) for work in short
            }
        return look.found
