"""`UnscheduledPods`: why no node takes the pods of workloads, from one list for many of them."""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.cluster.workloads import Unscheduled, complaints_about, unscheduled

__all__ = ["UnscheduledPods"]

logger = logging.getLogger(__name__)

AGE = 2.0  # seconds for which a list is good
EFFORT = 20.0  # times as long as making it took: a full cluster is not asked all the time


@dataclass(slots=True)
class _Listing:
    """The pods of a namespace, as they were before ``until``."""

    until: float = 0.0
    pods: list[Unscheduled] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


class UnscheduledPods:
    """Asks for all pods of a namespace at once: each list costs the API server all its pods,
    however few are asked for. Thread-safe.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._lock = threading.Lock()
        self._listings: dict[str, _Listing] = defaultdict(_Listing)

    def about(self, workload: Mapping[str, Any], namespace: str) -> tuple[str, ...]:
        """What the scheduler says of the pods of a planned workload, or said lately."""
        with self._lock:
            listing = self._listings[namespace]
        with listing.lock:
            began = time.monotonic()
            if began >= listing.until:
                try:
                    listing.pods = unscheduled(self._cluster, namespace)
                except ClusterError as error:
                    logger.warning("pods not read: %s", error)
                ended = time.monotonic()
                listing.until = ended + max(AGE, EFFORT * (ended - began))
            return complaints_about(workload, listing.pods)
