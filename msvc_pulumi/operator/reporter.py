"""`Reporter`: writes statuses, each only when it says something new."""

from __future__ import annotations

import logging
import threading
from typing import Any

from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.operator.executor import Key
from msvc_pulumi.operator.fleet import Fleet
from msvc_pulumi.operator.metrics import Metrics
from msvc_pulumi.operator.reconciler import Reconciler
from msvc_pulumi.operator.statusreport import status_of

__all__ = ["Reporter"]

logger = logging.getLogger(__name__)

API_VERSION, KIND = "llm-d.ai/v1alpha1", "ModelService"
RETRY = 5.0  # seconds


class Reporter:
    """Tells in each ModelService's status what is known of it. Thread-safe."""

    def __init__(
        self, cluster: Cluster, fleet: Fleet, reconciler: Reconciler, metrics: Metrics
    ) -> None:
        self._cluster, self._fleet, self._reconciler = cluster, fleet, reconciler
        self._metrics = metrics
        self._lock = threading.Lock()
        self._written: dict[Key, tuple[str, dict[str, Any]]] = {}

    def report(self, key: Key) -> None:
        """The status of ``key`` says what is known; it is tried again later if that fails."""
        service, assessment = self._fleet.service(key), self._reconciler.assessment(key)
        if service is None:
            with self._lock:
                self._written.pop(key, None)
            return
        if assessment is None:
            return
        uid = service["metadata"]["uid"]
        with self._lock:
            last_uid, last = self._written.get(key, ("", {}))
        before = last if last_uid == uid else service.get("status") or {}
        status = status_of(assessment, self._fleet.workloads(key), before)
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
                self._reconciler.reports.add(key, RETRY)
            return
        self._metrics.reported()
        with self._lock:
            self._written[key] = (uid, wanted)
