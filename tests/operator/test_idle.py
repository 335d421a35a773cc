"""Where nothing changes, nothing is done: no engine, no write, also not after a restart."""

from __future__ import annotations

import os
import time
from collections import Counter

from audit import WRITES, position, requests
from operator_process import OperatorProcess, processor_seconds, resident_bytes
from services import eventually, model_service, wait_ready

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.local import LocalControlPlane

SERVICES = int(os.environ.get("MSVC_IDLE_SERVICES", "8"))
SECONDS = float(os.environ.get("MSVC_IDLE_SECONDS", "20"))
LEASES = "leases"  # who leads has to say so all the time


def test_idle_costs_nothing(
    operator: OperatorProcess, cluster: Cluster, control_plane: LocalControlPlane, namespace: str
) -> None:
    """Ready services cost no engine run and no write, and a start over them does not either.

    With MSVC_IDLE_SERVICES=100 MSVC_IDLE_SECONDS=600 this is the long one.
    """
    names = [f"idle-{number}" for number in range(SERVICES)]
    for name in names:
        cluster.create(model_service(namespace, name))
    wait_ready(cluster, namespace, names, max(90.0, 6.0 * SERVICES))

    def quiet() -> bool:
        return operator.metric("msvc_queue_depth") + operator.metric("msvc_active") == 0

    def writes(since: int) -> Counter[tuple[str, str]]:
        made = requests(control_plane.layout.audit, since)
        return Counter(
            (item.verb, item.resource)
            for item in made
            if item.verb in WRITES and item.resource != LEASES
        )

    eventually(quiet)
    time.sleep(3)  # for the last statuses
    before, runs = position(control_plane.layout.audit), operator.metric("msvc_engine_runs_total")
    busy = processor_seconds(operator.pid)
    time.sleep(SECONDS)
    spent = processor_seconds(operator.pid) - busy
    assert operator.metric("msvc_engine_runs_total") == runs
    assert not writes(before)
    print(
        f"{SERVICES} services, {SECONDS:.0f} s: {spent:.2f} s of processor time, "
        f"{resident_bytes(operator.pid) >> 20} MiB"
    )

    assert operator.stop() == 0
    before = position(control_plane.layout.audit)
    operator.start()
    eventually(quiet)
    time.sleep(3)
    assert operator.metric("msvc_engine_runs_total") == 0
    assert not writes(before)
