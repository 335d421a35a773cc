"""Two ModelServices whose plans name one object: the older keeps it, the younger waits."""

from __future__ import annotations

from typing import Any

from operator_process import OperatorProcess
from services import (
    API_VERSION,
    BASE_CONFIG,
    children,
    condition,
    eventually,
    get,
    model_service,
    wait_ready,
)

from msvc_pulumi.cluster import Cluster

SHARED = "[{metadata: {name: shared}, data: {a: b}}]"


def applied(cluster: Cluster, namespace: str, name: str) -> dict[str, Any]:
    return condition(get(cluster, namespace, name), "Applied")


def waits(cluster: Cluster, namespace: str, name: str) -> bool:
    return applied(cluster, namespace, name).get("reason") == "NameConflict"


def uids(cluster: Cluster, namespace: str, owner: str) -> dict[tuple[str, str], str]:
    found = children(cluster, namespace, owner)
    return {key: item["metadata"]["uid"] for key, item in found.items()}


def delete(cluster: Cluster, namespace: str, name: str) -> None:
    cluster.delete(API_VERSION, "ModelService", name, namespace)
    eventually(lambda: cluster.get(API_VERSION, "ModelService", name, namespace) is None)


def test_the_younger_waits_until_the_older_goes(
    operator: OperatorProcess, cluster: Cluster, namespace: str
) -> None:
    """Its condition names both and the object, nothing of it is applied, also after a restart; it
    is tried again at once when the older one goes.
    """
    older, younger = "a.b", "a-b"
    cluster.create(model_service(namespace, older))
    wait_ready(cluster, namespace, [older])
    before = uids(cluster, namespace, older)
    cluster.create(model_service(namespace, younger))
    eventually(lambda: waits(cluster, namespace, younger))
    message = applied(cluster, namespace, younger)["message"]
    assert f'"{older}" and "{younger}"' in message and 'Deployment "a-b-decode"' in message
    told, _ = cluster.list("v1", "Event", namespace)
    about = [item["reason"] for item in told if item["involvedObject"]["name"] == younger]
    assert about == ["NameConflict"]

    operator.stop()
    operator.start()
    edit = {"metadata": {"labels": {"edited": "yes"}}}
    cluster.patch(API_VERSION, "ModelService", younger, namespace, body=edit)
    eventually(lambda: operator.metric("msvc_queue_depth") + operator.metric("msvc_active") == 0)
    assert waits(cluster, namespace, younger)
    assert not children(cluster, namespace, younger)
    assert uids(cluster, namespace, older) == before

    delete(cluster, namespace, older)
    wait_ready(cluster, namespace, [younger], seconds=20.0)
    after = uids(cluster, namespace, younger)
    assert after and not set(after.values()) & set(before.values())


def test_one_account_is_not_shared(
    operator: OperatorProcess, cluster: Cluster, namespace: str
) -> None:
    """Pods of ``a-epp`` do not get what the endpoint picker of ``a`` may do."""
    cluster.create(model_service(namespace, "a"))
    wait_ready(cluster, namespace, ["a"])
    cluster.create(model_service(namespace, "a-epp"))
    cluster.create(model_service(namespace, "a-decode"))
    wait_ready(cluster, namespace, ["a-decode"])
    eventually(lambda: waits(cluster, namespace, "a-epp"))
    assert 'ServiceAccount "a-epp-sa"' in applied(cluster, namespace, "a-epp")["message"]
    assert not children(cluster, namespace, "a-epp")


def test_the_older_changes_its_plan(
    operator: OperatorProcess, cluster: Cluster, namespace: str
) -> None:
    """The name is free when the cluster has lost the object; whoever has it then keeps it, be it
    the younger one, and equal content is no excuse.
    """
    for name in ("one", "two"):
        data = {**BASE_CONFIG["data"], "configMaps": SHARED}
        config = {**BASE_CONFIG, "metadata": {"name": name, "namespace": namespace}, "data": data}
        cluster.create(config)
    cluster.create(model_service(namespace, "one", baseConfigMapRef={"name": "one"}))
    wait_ready(cluster, namespace, ["one"])
    cluster.create(model_service(namespace, "two", baseConfigMapRef={"name": "two"}))
    eventually(lambda: waits(cluster, namespace, "two"))
    assert 'ConfigMap "shared"' in applied(cluster, namespace, "two")["message"]

    def owner() -> str:
        found = cluster.get("v1", "ConfigMap", "shared", namespace)
        return found["metadata"]["ownerReferences"][0]["name"] if found else ""

    assert owner() == "one"
    cluster.patch("v1", "ConfigMap", "one", namespace, body={"data": {"configMaps": None}})
    wait_ready(cluster, namespace, ["two"], seconds=20.0)
    assert owner() == "two"
    cluster.patch("v1", "ConfigMap", "one", namespace, body={"data": {"configMaps": SHARED}})
    eventually(lambda: waits(cluster, namespace, "one"))
    assert owner() == "two"
    assert children(cluster, namespace, "one")  # what it has stays
    delete(cluster, namespace, "two")
    wait_ready(cluster, namespace, ["one"], seconds=20.0)
    assert owner() == "one"
