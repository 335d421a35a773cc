"""The operator takes over what is its own and nothing else, and deletes nothing else either."""

from __future__ import annotations

from typing import Any

from operator_process import OperatorProcess
from services import (
    API_VERSION,
    children,
    condition,
    eventually,
    get,
    model_service,
    planned,
    wait_ready,
)
from strangers import base_config, create_strangers, snapshot, stranger

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.cluster.claims import ADOPT

SETTINGS = "with-settings"


def service(namespace: str, name: str) -> dict[str, Any]:
    """A ModelService that has a ConfigMap as well."""
    return model_service(namespace, name, baseConfigMapRef={"name": SETTINGS})


def config(namespace: str) -> dict[str, Any]:
    result = base_config(namespace)
    result["metadata"]["name"] = SETTINGS
    return result


def reason(cluster: Cluster, namespace: str, name: str) -> str:
    return str(condition(get(cluster, namespace, name), "Applied").get("reason"))


def gone(cluster: Cluster, namespace: str, name: str) -> bool:
    return cluster.get(API_VERSION, "ModelService", name, namespace) is None


def test_somebody_elses_survive(
    operator: OperatorProcess, cluster: Cluster, namespace: str
) -> None:
    """All that is in the way is told and nothing is applied; it stays as it is to the last byte,
    also when the ModelService goes. Others in the same update are not held up.
    """
    cluster.create(config(namespace))
    wanted = planned(service(namespace, "k"), config(namespace))
    theirs = create_strangers(cluster, wanted.values())
    before = snapshot(cluster, theirs)
    for name in ("k", "free"):
        cluster.create(service(namespace, name))
    wait_ready(cluster, namespace, ["free"])
    eventually(lambda: reason(cluster, namespace, "k") == "ObjectExists")
    told = condition(get(cluster, namespace, "k"), "Applied")["message"]
    for _, kind, name, _ in theirs:
        assert f'{kind} "{name}"' in told
    assert 'field manager "msvc" (operation Update)' in told
    assert not children(cluster, namespace, "k")
    events, _ = cluster.list("v1", "Event", namespace, fields="involvedObject.name=k")
    assert "ObjectExists" in {event["reason"] for event in events}
    assert snapshot(cluster, theirs) == before

    cluster.delete(API_VERSION, "ModelService", "k", namespace)
    eventually(lambda: gone(cluster, namespace, "k"))
    assert snapshot(cluster, theirs) == before


def test_consent_and_removal_let_it_through(
    operator: OperatorProcess, cluster: Cluster, namespace: str
) -> None:
    """An annotation on the object gives it away, and it is the ModelService's from then on; on the
    ModelService the same annotation gives nothing. What is removed is made anew.
    """
    cluster.create(config(namespace))
    wanted = planned(service(namespace, "k"), config(namespace))
    theirs = create_strangers(cluster, wanted.values())
    asking = service(namespace, "k")
    asking["metadata"]["annotations"] = {ADOPT: "k"}
    cluster.create(asking)
    eventually(lambda: reason(cluster, namespace, "k") == "ObjectExists")
    for identity in theirs:
        if identity[1] == "Deployment":  # its selector cannot be changed
            cluster.delete(*identity)
        else:
            cluster.patch(*identity, body={"metadata": {"annotations": {ADOPT: "k"}}})
    given = {
        identity: found["metadata"]["uid"]
        for identity in theirs
        if identity[1] != "Deployment" and (found := cluster.get(*identity))
    }
    wait_ready(cluster, namespace, ["k"])
    for identity, uid in given.items():
        found = cluster.get(*identity)
        assert found is not None and found["metadata"]["uid"] == uid, identity
    cluster.delete(API_VERSION, "ModelService", "k", namespace)
    eventually(lambda: gone(cluster, namespace, "k"))
    assert not [identity for identity in theirs if cluster.get(*identity)]


def test_what_was_made_anew_is_not_deleted(
    operator: OperatorProcess, cluster: Cluster, namespace: str
) -> None:
    """A child that somebody replaced by an object of theirs, while the operator was away, is
    theirs; the rest goes with the ModelService.
    """
    cluster.create(config(namespace))
    cluster.create(service(namespace, "k"))
    wait_ready(cluster, namespace, ["k"])
    operator.stop()
    wanted = planned(service(namespace, "k"), config(namespace))
    identity = ("v1", "ConfigMap", "k-settings", namespace)
    cluster.delete(*identity)
    cluster.create(stranger(wanted["ConfigMap", "k-settings"]))
    before = snapshot(cluster, [identity])
    operator.start()
    eventually(lambda: reason(cluster, namespace, "k") == "ObjectExists")
    cluster.delete(API_VERSION, "ModelService", "k", namespace)
    eventually(lambda: gone(cluster, namespace, "k"))
    assert snapshot(cluster, [identity]) == before
    assert not children(cluster, namespace, "k")


def test_the_original_operators_objects_are_taken_over(
    operator: OperatorProcess, cluster: Cluster, namespace: str
) -> None:
    """What has an owner reference to this ModelService becomes the operator's without being made
    anew, whoever wrote it.
    """
    operator.stop()
    cluster.create(config(namespace))
    made = cluster.create(service(namespace, "k"))
    uids = {}
    for key, manifest in planned(made, config(namespace)).items():
        body = {**manifest, "metadata": {**manifest["metadata"], "labels": {"by": "the-original"}}}
        uids[key] = cluster.create(body)["metadata"]["uid"]
    operator.start()
    wait_ready(cluster, namespace, ["k"])
    now = children(cluster, namespace, "k")
    assert {key: item["metadata"]["uid"] for key, item in now.items()}.items() <= uids.items()
    assert now


def test_what_an_earlier_one_left_is_waited_for(
    operator: OperatorProcess, cluster: Cluster, namespace: str
) -> None:
    """An object of a ModelService of this name that is gone is Kubernetes' to delete, and made anew
    after that.
    """
    cluster.create(config(namespace))
    left = planned(service(namespace, "k"), config(namespace))["ConfigMap", "k-settings"]
    reference = {"apiVersion": API_VERSION, "kind": "ModelService", "name": "k", "uid": "before"}
    left = stranger(left)
    left["metadata"] |= {"ownerReferences": [reference], "finalizers": ["example.com/slow"]}
    old = cluster.create(left)["metadata"]
    cluster.create(service(namespace, "k"))
    eventually(lambda: reason(cluster, namespace, "k") == "ObjectExists")
    assert "earlier ModelService" in condition(get(cluster, namespace, "k"), "Applied")["message"]
    free = {"metadata": {"finalizers": None}}
    cluster.patch("v1", "ConfigMap", old["name"], namespace, body=free)
    wait_ready(cluster, namespace, ["k"])
    now = cluster.get("v1", "ConfigMap", old["name"], namespace)
    assert now is not None and now["metadata"]["uid"] != old["uid"]
