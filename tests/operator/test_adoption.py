"""What the original operator made is taken over by ours as it is, and its fields with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from adoption.seeding import fields, inputs, recorded, seed
from operator_process import OperatorProcess
from services import API_VERSION, condition, eventually, get, is_ready

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.cluster.adoption import REPLACE

Object = dict[str, Any]
Objects = dict[tuple[str, str], Object]


@pytest.fixture
def stopped(operator: OperatorProcess, namespace: str) -> Iterator[OperatorProcess]:
    """The operator, which does not run once ``namespace`` is free of what tests before left to it;
    another one has made what there is.
    """
    operator.stop()
    yield operator
    if not operator.runs():
        operator.start()


def live(cluster: Cluster, scenario: str, namespace: str) -> Objects:
    found = {}
    for item in recorded(scenario):
        kind, name = item["kind"], item["metadata"]["name"]
        if one := cluster.get(item["apiVersion"], kind, name, namespace):
            found[kind, name] = one
    return found


def uids(objects: Objects) -> dict[tuple[str, str], str]:
    return {key: item["metadata"]["uid"] for key, item in objects.items()}


def templates(cluster: Cluster, namespace: str) -> set[str]:
    return {
        item["metadata"]["name"] for item in cluster.list("apps/v1", "ReplicaSet", namespace)[0]
    }


def env(objects: Objects, name: str) -> set[str]:
    pod = objects["Deployment", name]["spec"]["template"]["spec"]
    return {one["name"] for one in pod["containers"][0]["env"]}


def test_objects_are_taken_over_as_they_are(
    stopped: OperatorProcess, cluster: Cluster, namespace: str
) -> None:
    """The same objects and pods, owned by the custom resource still; what is dropped from the
    BaseConfig then goes, and all goes with the custom resource.
    """
    seed(cluster, "edited", namespace)
    decode = ("apps/v1", "Deployment", "edited-decode", namespace)
    eventually(lambda: (cluster.get(*decode) or {}).get("status", {}).get("availableReplicas") == 3)
    before, rolled = live(cluster, "edited", namespace), templates(cluster, namespace)
    stopped.start()
    eventually(lambda: is_ready(get(cluster, namespace, "edited")))
    after = live(cluster, "edited", namespace)
    assert uids(after) == uids(before)
    assert templates(cluster, namespace) == rolled
    assert after["Deployment", "edited-decode"]["spec"]["replicas"] == 3
    assert all(item["metadata"]["ownerReferences"] for item in after.values())
    assert "BY_HAND" in env(after, "edited-decode")
    owned = fields(after["ConfigMap", "edited-settings"])
    assert "manager" not in {name for name, _, _ in owned}

    config = inputs("edited", namespace)[1]["data"]
    lines = iter(config["decodeDeployment"].splitlines())
    kept = [line for line in lines if not (line.endswith("name: OLD") and next(lines))]
    change = {"data": {"decodeDeployment": "\n".join(kept) + "\n"}}
    cluster.patch("v1", "ConfigMap", "edited-base", namespace, body=change)
    eventually(lambda: "OLD" not in env(live(cluster, "edited", namespace), "edited-decode"))
    now = live(cluster, "edited", namespace)
    assert uids(now) == uids(before)
    assert now["Deployment", "edited-decode"]["spec"]["replicas"] == 3
    assert len(templates(cluster, namespace)) == len(rolled) + 1

    cluster.delete(API_VERSION, "ModelService", "edited", namespace)
    eventually(lambda: not live(cluster, "edited", namespace))


def test_what_cannot_be_taken_over_waits_for_consent(
    stopped: OperatorProcess, cluster: Cluster, namespace: str
) -> None:
    """The status names the binding to another role, and nothing changes until its owner allows that
    it is made anew.
    """
    service, _ = seed(cluster, "disaggregated", namespace)
    name = service["metadata"]["name"]
    before, rolled = live(cluster, "disaggregated", namespace), templates(cluster, namespace)
    stopped.start()

    def applied() -> Object:
        return condition(get(cluster, namespace, name), "Applied")

    eventually(lambda: applied().get("reason") == "ReplacementUnconfirmed")
    key = next(key for key in before if key[0] == "RoleBinding")
    assert f'RoleBinding "{key[1]}"' in applied()["message"]
    consent = {"metadata": {"annotations": {REPLACE: name}}}
    cluster.patch("rbac.authorization.k8s.io/v1", *key, namespace, body=consent)
    eventually(lambda: applied()["status"] == "True")
    after = live(cluster, "disaggregated", namespace)
    assert {place for place, uid in uids(after).items() if uids(before)[place] != uid} == {key}
    assert rolled <= templates(cluster, namespace)
    assert len(templates(cluster, namespace)) == 3
