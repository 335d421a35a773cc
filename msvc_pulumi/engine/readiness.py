"""Whether workloads are up: `wait_available` returns when all are, or says what is missing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.cluster.workloads import complaints_about, shortfall, unscheduled
from msvc_pulumi.engine.diagnosis.failures import EngineError
from msvc_pulumi.errors import Diagnostic
from msvc_pulumi.target.kinds import Kind

__all__ = ["Workload", "wait_available"]

POLL_SECONDS = 0.5


class Workload(NamedTuple):
    """A Deployment or LeaderWorkerSet; an empty namespace is the connection's."""

    kind: Kind
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind.kind} {self.name}"


def wait_available(
    cluster: Cluster,
    workloads: Iterable[Workload],
    *,
    timeout: float,
    progress: Callable[[str], None],
    missing: Callable[[int], None] = lambda _: None,
) -> None:
    """Return once each has all its replicas available.

    ``progress`` gets a line whenever one becomes available, ``missing`` how many are not.

    Raises:
        EngineError: some are not after ``timeout`` seconds; it says of each what it lacks.
        ClusterError: the cluster does not answer.
    """
    end = time.monotonic() + timeout
    lacking = dict.fromkeys(workloads, "")
    while True:
        for workload in list(lacking):
            lacks = _lacks(cluster, workload)
            if lacks:
                lacking[workload] = lacks
            else:
                del lacking[workload]
                progress(f"{workload} is available")
        missing(len(lacking))
        if not lacking:
            return
        if time.monotonic() > end:
            raise EngineError(
                _unavailable(cluster, workload, lacks, timeout)
                for workload, lacks in lacking.items()
            )
        time.sleep(POLL_SECONDS)


def _lacks(cluster: Cluster, workload: Workload) -> str:
    """What it still lacks; "" when it is complete."""
    live = cluster.get(*_place(workload))
    if live is None:
        return "it does not exist"
    lacks = shortfall(live)
    return lacks.message if lacks else ""


def _place(workload: Workload) -> tuple[str, str, str, str | None]:
    kind, namespace, name = workload
    return kind.api_version, kind.kind, name, namespace or None


def _unavailable(cluster: Cluster, workload: Workload, lacks: str, timeout: float) -> Diagnostic:
    live = cluster.get(*_place(workload))
    space = f" -n {workload.namespace}" if workload.namespace else ""
    pods = unscheduled(cluster, workload.namespace or cluster.connection.namespace)
    return Diagnostic(
        "not-available",
        f"{workload} is not available after {timeout:.0f} s: {lacks}",
        notes=complaints_about(live, pods) if live else (),
        help=f"kubectl{space} describe pods -l llm-d.ai/inferenceServing=true",
    )
