"""Hand edits of what ModelServices own are undone, and only those."""

from __future__ import annotations

import time
from typing import Any

from operator_process import OperatorProcess
from services import (
    API_VERSION,
    SCENARIOS,
    condition,
    create_scenario,
    eventually,
    get,
    model_service,
    wait_ready,
)

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.out.declaration import POOL_UID

APPS, RBAC = "apps/v1", "rbac.authorization.k8s.io/v1"
ROUTES = "gateway.networking.k8s.io/v1"
POOLS = "inference.networking.x-k8s.io/v1alpha2"

# What a person at kubectl might do: kind, name, and a merge patch, None to delete it.
EDITS: list[tuple[str, str, str, dict[str, Any] | None]] = [
    (APPS, "Deployment", "k-decode", {"spec": {"replicas": 7}}),
    (APPS, "Deployment", "k-epp", None),
    (APPS, "Deployment", "k-prefill", {"metadata": {"labels": {"llm-d.ai/model": None}}}),
    ("v1", "Service", "k-epp-service", {"spec": {"selector": {"llm-d.ai/epp": "other"}}}),
    ("v1", "ServiceAccount", "k-sa", {"metadata": {"ownerReferences": None}}),
    (RBAC, "Role", "k-epp-role", {"rules": []}),
    (ROUTES, "HTTPRoute", "k-http-route", {"spec": {"parentRefs": [{"name": "other"}]}}),
    (POOLS, "InferencePool", "k-inference-pool", {"spec": {"targetPortNumber": 1}}),
    (POOLS, "InferenceModel", "k", None),
    ("v1", "Service", "k-service-decode", None),
    (RBAC, "RoleBinding", "k-epp-rolebinding", None),
]


def quiet(operator: OperatorProcess) -> None:
    """Nothing waits and nothing runs."""
    eventually(lambda: operator.metric("msvc_queue_depth") + operator.metric("msvc_active") == 0)


def events(cluster: Cluster, namespace: str, name: str, *reasons: str) -> list[dict[str, Any]]:
    listed, _ = cluster.list("v1", "Event", namespace, fields=f"involvedObject.name={name}")
    return [item for item in listed if item["reason"] in reasons]


def contents(item: dict[str, Any] | None) -> Any:
    """The object without what the server writes."""
    assert item is not None
    kept = ("labels", "annotations", "ownerReferences")
    metadata = {key: item["metadata"][key] for key in kept if key in item["metadata"]}
    changing = ("deployment.kubernetes.io/revision",)
    metadata["annotations"] = {
        key: value for key, value in metadata["annotations"].items() if key not in changing
    }
    rest = {key: item[key] for key in item if key not in ("metadata", "status")}
    return {**rest, "metadata": metadata}


def applied(cluster: Cluster, namespace: str, name: str) -> bool:
    service = get(cluster, namespace, name)
    return condition(service, "Applied").get("status") == "True"


def test_nothing_is_taken_for_an_edit(
    operator: OperatorProcess, cluster: Cluster, namespace: str
) -> None:
    """What the server and controllers write into children of any kind starts no engine."""
    names = [create_scenario(cluster, namespace, scenario) for scenario in SCENARIOS]
    for name in names:
        eventually(lambda name=name: applied(cluster, namespace, name))
    quiet(operator)
    before = operator.metric("msvc_engine_runs_total")
    time.sleep(3)  # for what controllers still do
    quiet(operator)
    assert operator.metric("msvc_engine_runs_total") == before
    assert operator.stop() == 0
    operator.start()
    quiet(operator)
    assert operator.metric("msvc_engine_runs_total") == 0
    for name in names:
        assert not events(cluster, namespace, name, "Drifted", "Contested", "Kept", "Deleted")


def test_hand_edits_are_undone(operator: OperatorProcess, cluster: Cluster, namespace: str) -> None:
    """Whatever is edited or deleted of the children is as before soon, and an Event tells."""
    cluster.create(model_service(namespace, "k"))
    wait_ready(cluster, namespace, ["k"])
    quiet(operator)
    before = {edit[:3]: contents(cluster.get(*edit[:3], namespace)) for edit in EDITS}
    for api_version, kind, name, body in EDITS:
        if body is None:
            cluster.delete(api_version, kind, name, namespace)
        else:
            cluster.patch(api_version, kind, name, namespace, body=body)

    def same(identity: tuple[str, str, str]) -> bool:
        item = cluster.get(*identity, namespace)
        return item is not None and contents(item) == before[identity]

    for identity in before:
        eventually(lambda identity=identity: same(identity))
    wait_ready(cluster, namespace, ["k"])
    quiet(operator)
    found = events(cluster, namespace, "k", "Drifted", "Contested")
    told = " ".join(item["message"] for item in found)
    assert "Deployment k-decode: spec.replicas is 7 instead of 2, changed by msvc at 20" in told
    assert "Deployment k-epp was deleted" in told
    # Also what was edited when a repair was under way already.
    assert all(f"{kind} {name}" in told for _, kind, name, _ in EDITS) or "more objects" in told
    assert all(len(item["message"]) <= 1024 for item in found)


def test_what_is_edited_during_a_repair_is_told(
    operator: OperatorProcess, cluster: Cluster, namespace: str
) -> None:
    """The repair may heal it before anybody asks: still an Event says what it was and whose."""
    cluster.create(model_service(namespace, "k"))
    wait_ready(cluster, namespace, ["k"])
    quiet(operator)
    cluster.patch("apps/v1", "Deployment", "k-decode", namespace, body={"spec": {"replicas": 7}})
    eventually(lambda: events(cluster, namespace, "k", "Drifted"))
    selector = {"spec": {"selector": {"llm-d.ai/epp": "other"}}}
    cluster.patch("v1", "Service", "k-epp-service", namespace, body=selector)
    cluster.delete("v1", "Service", "k-service-decode", namespace)

    def told() -> str:
        found = events(cluster, namespace, "k", "Drifted", "Contested")
        return " ".join(item["message"] for item in found)

    where = 'Service k-epp-service: spec.selector is {"llm-d.ai/epp":"other"} instead of'
    eventually(lambda: where in told() and "Service k-service-decode was deleted" in told())
    quiet(operator)
    assert told().count(where) == 1


def test_a_pool_that_was_deleted_restarts_its_picker(
    operator: OperatorProcess, cluster: Cluster, namespace: str
) -> None:
    """It is made again, and the pods that knew the one before give way; then all is quiet."""
    cluster.create(model_service(namespace, "k"))
    wait_ready(cluster, namespace, ["k"])
    quiet(operator)
    place = (POOLS, "InferencePool", "k-inference-pool", namespace)

    def uids() -> tuple[str | None, str | None]:
        """Of the pool, and of the pool that the picker's pods began with."""
        pool, picker = cluster.get(*place), cluster.get(APPS, "Deployment", "k-epp", namespace)
        assert picker is not None
        annotations = picker["spec"]["template"]["metadata"]["annotations"]
        return pool["metadata"]["uid"] if pool else None, annotations[POOL_UID]

    first, known = uids()
    assert first == known
    cluster.delete(*place)
    eventually(lambda: uids()[0] == uids()[1] != first)
    quiet(operator)
    before = operator.metric("msvc_engine_runs_total")
    time.sleep(3)
    assert operator.metric("msvc_engine_runs_total") == before


def test_an_edit_while_the_operator_is_away_is_undone(
    operator: OperatorProcess, cluster: Cluster, namespace: str
) -> None:
    """What changed while nobody watched is found at the start."""
    cluster.create(model_service(namespace, "k"))
    wait_ready(cluster, namespace, ["k"])
    quiet(operator)
    operator.stop()
    cluster.patch("apps/v1", "Deployment", "k-decode", namespace, body={"spec": {"replicas": 5}})
    cluster.delete("v1", "Service", "k-epp-service", namespace)
    operator.start()
    eventually(lambda: cluster.get("v1", "Service", "k-epp-service", namespace))
    eventually(
        lambda: cluster.get("apps/v1", "Deployment", "k-decode", namespace)["spec"]["replicas"] == 2  # type: ignore[index]
    )


def test_two_who_disagree_are_told_and_slowed_down(
    operator: OperatorProcess, cluster: Cluster, namespace: str
) -> None:
    """Another controller that insists costs two repairs, then one in ten seconds and ever fewer."""
    cluster.create(model_service(namespace, "k"))
    wait_ready(cluster, namespace, ["k"])
    quiet(operator)
    before = operator.metric("msvc_engine_runs_total")
    end = time.monotonic() + 9
    while time.monotonic() < end:
        found = cluster.get("apps/v1", "Deployment", "k-decode", namespace)
        if found and found["spec"]["replicas"] != 1:
            cluster.patch(
                "apps/v1", "Deployment", "k-decode", namespace, body={"spec": {"replicas": 1}}
            )
        time.sleep(0.05)
    assert operator.metric("msvc_engine_runs_total") - before <= 3
    [told] = events(cluster, namespace, "k", "Contested")
    assert "again and again" in told["message"]
    assert "k-decode" in told["message"]
    cluster.delete(API_VERSION, "ModelService", "k", namespace)


def test_what_only_others_state_is_theirs(
    operator: OperatorProcess, cluster: Cluster, namespace: str
) -> None:
    """A label, an annotation and a sidecar that somebody adds stay, and cost nothing."""
    cluster.create(model_service(namespace, "k"))
    wait_ready(cluster, namespace, ["k"])
    quiet(operator)
    before = operator.metric("msvc_engine_runs_total")
    sidecar = {"name": "sidecar", "image": "example.invalid/sidecar:1"}
    added = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "k-decode", "namespace": namespace, "labels": {"team": "blue"}},
        "spec": {"template": {"spec": {"containers": [sidecar]}}},
    }
    cluster.apply(added, field_manager="mesh")
    time.sleep(3)
    quiet(operator)
    found = cluster.get("apps/v1", "Deployment", "k-decode", namespace)
    assert found
    assert found["metadata"]["labels"]["team"] == "blue"
    assert "sidecar" in str(found["spec"])
    assert operator.metric("msvc_engine_runs_total") == before
