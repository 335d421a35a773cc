"""The life of ModelServices: `kubectl apply` and `kubectl delete` are all their owner does."""

from __future__ import annotations

import copy
from typing import Any

from operator_process import OperatorProcess
from services import (
    API_VERSION,
    BASE_CONFIG,
    MODEL_SERVICE,
    children,
    condition,
    create_namespace,
    eventually,
    get,
    holds,
    is_ready,
    model_service,
    planned,
    wait_ready,
)

from msvc_pulumi.cluster import Cluster


def test_pods_that_no_node_takes(
    operator: OperatorProcess, cluster: Cluster, namespace: str
) -> None:
    """The status says why: that the scheduler found no node, and what was asked of one."""
    service = model_service(namespace, "nowhere")
    accelerator = {"labelKey": "nvidia.com/gpu.product", "labelValues": ["NVIDIA-NONE"]}
    service["spec"]["decode"] = {**service["spec"]["decode"], "acceleratorTypes": accelerator}
    cluster.create(service)

    def said() -> bool:
        ready = condition(get(cluster, namespace, "nowhere"), "Ready")
        return ready.get("reason") == "Unschedulable" and all(
            part in ready["message"]
            for part in (
                "Deployment nowhere-decode: 0 of 2 pods are available",
                "no node takes a pod: 0/",
                "(it asks for nvidia.com/gpu.product in [NVIDIA-NONE])",
            )
        )

    eventually(said)
    edit = {"spec": {"decode": {"acceleratorTypes": None}}}
    cluster.patch(API_VERSION, "ModelService", "nowhere", namespace, body=edit)
    wait_ready(cluster, namespace, ["nowhere"])


def test_apply_edit_and_delete(operator: OperatorProcess, cluster: Cluster, namespace: str) -> None:
    """Everything that is planned is there and ready, follows edits, and goes with its owner."""
    cluster.create(model_service(namespace, "one"))
    wait_ready(cluster, namespace, ["one"])

    service = get(cluster, namespace, "one")
    live = children(cluster, namespace, "one")
    wanted = planned(service, BASE_CONFIG)
    assert live.keys() == wanted.keys()
    assert all(holds(live[key], wanted[key]) for key in wanted)
    status = service["status"]
    assert status["observedGeneration"] == service["metadata"]["generation"]
    assert (status["prefillReady"], status["decodeReady"], status["eppReady"]) == (
        "1/1",
        "2/2",
        "1/1",
    )
    assert (status["prefillAvailable"], status["decodeAvailable"]) == (1, 2)
    assert status["decodeDeploymentRef"] == "one-decode"
    assert status["prefillServiceAccountRef"] == status["decodeServiceAccountRef"] == "one-sa"
    for kind in ("BaseConfigResolved", "PrefillReady", "DecodeReady", "EndpointPickerReady"):
        assert condition(service, kind)["status"] == "True"
    assert condition(service, "DecodeAvailable")["status"] == "True"

    decode = copy.deepcopy(service["spec"]["decode"])
    decode["replicas"] = 3
    decode["containers"][0]["args"] = ["--max-model-len", "1024"]
    edit = {"spec": {"decode": decode, "prefill": None}}
    cluster.patch(API_VERSION, "ModelService", "one", namespace, body=edit)
    wait_ready(cluster, namespace, ["one"])
    service = get(cluster, namespace, "one")
    live = children(cluster, namespace, "one")
    assert ("Deployment", "one-prefill") not in live or "prefillDeployment" in BASE_CONFIG["data"]
    spec = live["Deployment", "one-decode"]["spec"]
    assert spec["replicas"] == 3
    assert service["status"]["decodeReady"] == "3/3"
    assert "1024" in spec["template"]["spec"]["containers"][0]["args"]
    assert live.keys() == planned(service, BASE_CONFIG).keys()

    cluster.delete(API_VERSION, "ModelService", "one", namespace)
    eventually(lambda: cluster.get(API_VERSION, "ModelService", "one", namespace) is None)
    eventually(lambda: not children(cluster, namespace, "one"))
    assert not operator.files(f"backend/.pulumi/stacks/modelservice/{namespace}.one.json*")
    assert not operator.files(f"stacks/{namespace}.one")


def test_a_dropped_role_is_removed(
    operator: OperatorProcess, cluster: Cluster, namespace: str
) -> None:
    """Dropping a role from the BaseConfig and the ModelService removes its objects and status."""
    config = copy.deepcopy(BASE_CONFIG)
    config["metadata"] = {"name": "decode-only", "namespace": namespace}
    config["data"] = {k: v for k, v in config["data"].items() if not k.startswith("prefill")}
    cluster.create(config)
    service = model_service(namespace, "two", baseConfigMapRef={"name": "decode-only"})
    service["spec"]["prefill"]["containers"][0]["image"] = "example.invalid/prefill:1"
    cluster.create(service)
    wait_ready(cluster, namespace, ["two"])
    assert ("Deployment", "two-prefill") in children(cluster, namespace, "two")

    cluster.patch(API_VERSION, "ModelService", "two", namespace, body={"spec": {"prefill": None}})
    wait_ready(cluster, namespace, ["two"])
    live = children(cluster, namespace, "two")
    assert ("Deployment", "two-prefill") not in live
    assert ("Deployment", "two-decode") in live
    found = get(cluster, namespace, "two")
    assert "prefillReady" not in found["status"]
    assert not condition(found, "PrefillReady")


def test_a_base_config_edit_reaches_all_who_refer_to_it(
    operator: OperatorProcess, cluster: Cluster, namespace: str
) -> None:
    """An edit of a BaseConfig changes the children of every ModelService that names it."""
    names = ["b1", "b2", "b3"]
    for name in names:
        cluster.create(model_service(namespace, name))
    wait_ready(cluster, namespace, names)
    before = {get(cluster, namespace, name)["status"]["planHash"] for name in names}

    data = dict(BASE_CONFIG["data"])
    data["decodeDeployment"] = data["decodeDeployment"].replace(
        "spec:", "spec:\n  minReadySeconds: 1", 1
    )
    config = cluster.patch(
        "v1", "ConfigMap", BASE_CONFIG["metadata"]["name"], namespace, body={"data": data}
    )

    def applied() -> bool:
        live = (cluster.get("apps/v1", "Deployment", f"{name}-decode", namespace) for name in names)
        return all(item and item["spec"].get("minReadySeconds") == 1 for item in live)

    eventually(applied)
    wait_ready(cluster, namespace, names)

    def hashes() -> set[str]:
        return {get(cluster, namespace, name)["status"]["planHash"] for name in names}

    eventually(lambda: len(hashes() - before) == len(names))
    assert config


def test_a_broken_model_service_says_why_and_stops_nobody(
    operator: OperatorProcess, cluster: Cluster, namespace: str
) -> None:
    """A template error is told in the status with its diagnostic; mending it is enough."""
    broken = model_service(namespace, "broken")
    broken["spec"]["decode"]["containers"][0]["args"] = ["{{ .NoSuchThing }}"]
    cluster.create(broken)
    cluster.create(model_service(namespace, "sound"))

    def reported() -> bool:
        return "NoSuchThing" in condition(get(cluster, namespace, "broken"), "Ready").get(
            "message", ""
        )

    eventually(reported)
    ready = condition(get(cluster, namespace, "broken"), "Ready")
    assert ready["status"] == "False"
    assert ready["reason"].startswith("Template")
    assert "spec.decode.containers[0].args[0]" in ready["message"]
    wait_ready(cluster, namespace, ["sound"])
    events, _ = cluster.list("v1", "Event", namespace)
    assert any(
        item["involvedObject"]["name"] == "broken" and item["type"] == "Warning" for item in events
    )

    good = model_service(namespace, "broken")["spec"]
    cluster.patch(API_VERSION, "ModelService", "broken", namespace, body={"spec": good})
    wait_ready(cluster, namespace, ["broken"])


def test_a_missing_base_config_is_waited_for(
    operator: OperatorProcess, cluster: Cluster, namespace: str
) -> None:
    """Without its BaseConfig a ModelService says so; with it, it becomes ready by itself."""
    cluster.create(model_service(namespace, "early", baseConfigMapRef={"name": "late"}))
    eventually(
        lambda: (
            condition(get(cluster, namespace, "early"), "BaseConfigResolved").get("status")
            == "False"
        )
    )
    assert condition(get(cluster, namespace, "early"), "Ready")["reason"] == "BaseConfigNotFound"
    assert not children(cluster, namespace, "early")

    cluster.create({**BASE_CONFIG, "metadata": {"name": "late", "namespace": namespace}})
    wait_ready(cluster, namespace, ["early"])


def test_what_the_server_refuses_fails_alone(
    operator: OperatorProcess, cluster: Cluster, namespace: str
) -> None:
    """Of many applied together, only the one that the API server refuses is not ready."""
    refused = model_service(namespace, "refused")
    refused["spec"]["decode"]["containers"][0]["resources"] = {
        "requests": {"cpu": "2"},
        "limits": {"cpu": "1"},
    }
    names = [f"fine-{number}" for number in range(4)]
    for service in (refused, *(model_service(namespace, name) for name in names)):
        cluster.create(service)

    wait_ready(cluster, namespace, names)
    eventually(
        lambda: (
            condition(get(cluster, namespace, "refused"), "Applied").get("reason")
            not in (None, "Applying")
        )
    )
    applied = condition(get(cluster, namespace, "refused"), "Applied")
    assert applied["status"] == "False"
    assert "must be less than or equal to cpu limit" in applied["message"]
    assert not is_ready(get(cluster, namespace, "refused"))


def test_a_removed_deployment_comes_back(
    operator: OperatorProcess, cluster: Cluster, namespace: str
) -> None:
    """A Deployment that somebody deletes is made again."""
    cluster.create(model_service(namespace, "kept"))
    wait_ready(cluster, namespace, ["kept"])
    before = cluster.get("apps/v1", "Deployment", "kept-decode", namespace)
    assert before

    cluster.delete("apps/v1", "Deployment", "kept-decode", namespace)

    def back() -> bool:
        found = cluster.get("apps/v1", "Deployment", "kept-decode", namespace)
        return bool(found) and found["metadata"]["uid"] != before["metadata"]["uid"]

    eventually(back)
    wait_ready(cluster, namespace, ["kept"])


def test_deletion_needs_neither_base_config_nor_namespace(
    operator: OperatorProcess, cluster: Cluster
) -> None:
    """A namespace whose BaseConfig is gone can be deleted with the ModelServices in it."""
    create_namespace(cluster, "going")
    cluster.create({**BASE_CONFIG, "metadata": {**BASE_CONFIG["metadata"], "namespace": "going"}})
    names = ["g1", "g2"]
    for name in names:
        cluster.create(model_service("going", name))
    wait_ready(cluster, "going", names)

    cluster.delete("v1", "ConfigMap", BASE_CONFIG["metadata"]["name"], "going")
    cluster.delete(API_VERSION, "ModelService", "g1", "going")
    eventually(lambda: cluster.get(API_VERSION, "ModelService", "g1", "going") is None)
    eventually(lambda: not children(cluster, "going", "g1"))
    cluster.delete("v1", "Namespace", "going")
    eventually(lambda: cluster.get("v1", "Namespace", "going") is None)
    eventually(lambda: not operator.files("stacks/going.*"))


def test_a_count_that_is_stated_again_wins(
    operator: OperatorProcess, cluster: Cluster, namespace: str
) -> None:
    """Over what an autoscaler made of it meanwhile, also where it is the one that was stated."""
    deployment = ("apps/v1", "Deployment", "k-decode", namespace)

    def count() -> int:
        found = cluster.get(*deployment)
        return int(found["spec"]["replicas"]) if found else 0

    def state(image: str, **decode: Any) -> None:
        containers = copy.deepcopy(MODEL_SERVICE["spec"]["decode"]["containers"])
        containers[0]["image"] = f"example.com/{image}"
        body = {"spec": {"decode": {**decode, "containers": containers}}}
        cluster.patch(API_VERSION, "ModelService", "k", namespace, body=body)
        wait_ready(cluster, namespace, ["k"])

    cluster.create(model_service(namespace, "k"))
    state("a:1", replicas=3)
    state("b:1", replicas=None, autoscaling={"hpa": {"minReplicas": 1, "maxReplicas": 8}})
    cluster.patch(*deployment, body={"spec": {"replicas": 5}}, subresource="scale")
    state("c:1")
    assert count() == 5
    state("c:1", replicas=3, autoscaling=None)
    eventually(lambda: count() == 3)
