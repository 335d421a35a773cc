"""The operator may end at any moment, and its start costs nothing where nothing has changed."""

from __future__ import annotations

import time
from typing import Any

from operator_process import OperatorProcess
from services import API_VERSION, children, eventually, get, model_service, wait_ready

from msvc_pulumi.cluster import Cluster

COUNT = 8


def versions(cluster: Cluster, namespace: str, names: list[str]) -> dict[tuple[str, str], str]:
    """(kind, name) → resource version without what controllers write, for all children."""
    return {
        key: _version(item["metadata"])
        for name in names
        for key, item in children(cluster, namespace, name).items()
    }


def _version(metadata: dict[str, Any]) -> str:
    # A Deployment's own controller writes its status, which does not count.
    changing = metadata.get("generation", metadata["resourceVersion"])
    return f"{metadata['uid']}/{changing}"


def test_a_restart_over_unchanged_services_does_nothing(
    operator: OperatorProcess, cluster: Cluster, namespace: str
) -> None:
    """After a restart no engine runs and no child is written, and statuses stay as they are."""
    names = [f"still-{number}" for number in range(COUNT)]
    for name in names:
        cluster.create(model_service(namespace, name))
    wait_ready(cluster, namespace, names)
    eventually(lambda: operator.metric("msvc_queue_depth") + operator.metric("msvc_active") == 0)
    before = versions(cluster, namespace, names)
    statuses = [get(cluster, namespace, name)["status"] for name in names]

    assert operator.stop() == 0
    operator.start()
    eventually(lambda: operator.metric("msvc_queue_depth") + operator.metric("msvc_active") == 0)
    time.sleep(2)

    assert operator.metric("msvc_engine_runs_total") == 0
    assert versions(cluster, namespace, names) == before
    assert [get(cluster, namespace, name)["status"] for name in names] == statuses


def test_a_killed_operator_ends_what_it_began(
    operator: OperatorProcess, cluster: Cluster, namespace: str
) -> None:
    """Killed in the middle of updates and started again, it leaves nothing half done or locked."""
    names = [f"crash-{number}" for number in range(COUNT)]
    for name in names:
        cluster.create(model_service(namespace, name))
    eventually(lambda: any(children(cluster, namespace, name) for name in names))

    operator.kill()
    cluster.delete(API_VERSION, "ModelService", names[0], namespace)
    edit = {"spec": {"decode": {**model_service(namespace, "x")["spec"]["decode"], "replicas": 1}}}
    cluster.patch(API_VERSION, "ModelService", names[1], namespace, body=edit)
    operator.start()

    wait_ready(cluster, namespace, names[1:])
    assert get(cluster, namespace, names[1])["status"]["decodeReady"] == "1/1"
    eventually(lambda: cluster.get(API_VERSION, "ModelService", names[0], namespace) is None)
    eventually(lambda: not children(cluster, namespace, names[0]))
    # Other tests' ModelServices may still be on their way out.
    eventually(lambda: not operator.files("backend/.pulumi/locks/**/*.json"))
    eventually(lambda: not operator.files("backend/.pulumi/stacks/modelservice/batch-*"))
