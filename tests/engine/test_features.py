"""Each feature of docs/features.md under the real engine, on the real API server."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from msvc_pulumi.capabilities import OPTIONAL, Capabilities
from msvc_pulumi.cluster import Cluster
from msvc_pulumi.components.kinds import KINDS
from msvc_pulumi.components.program import declare_plans, export
from msvc_pulumi.engine.failures import EngineError
from msvc_pulumi.engine.readiness import wait_available
from msvc_pulumi.engine.session import Session
from msvc_pulumi.engine.stack import Stack
from msvc_pulumi.plan import Plan, PlanOptions, plan_model_service

# The SDK leaves the event loop of a program open whose engine ended before it.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
NAMES = sorted(folder.name for folder in SAMPLES.iterdir() if folder.is_dir())
EVERY_KIND = [*KINDS, *((kind.api_version, kind.kind) for kind in OPTIONAL)]
NOT_OURS = {("ServiceAccount", "default"), ("ConfigMap", "kube-root-ca.crt")}
POOLS = "inference.networking.x-k8s.io/v1alpha2", "inference.networking.k8s.io/v1"
Manifest = dict[str, Any]


def sample(name: str) -> tuple[Manifest, Manifest]:
    """ModelService and BaseConfig of a sample."""
    folder = SAMPLES / name
    service, base = (
        yaml.safe_load((folder / file).read_text()) for file in ("msvc.yaml", "baseconfig.yaml")
    )
    return service, base


def planned(service: Manifest, base: Manifest, namespace: str, **options: Any) -> Plan:
    return plan_model_service(service, base, PlanOptions(namespace=namespace, **options))


def stack_of(session: Session, namespace: str, plans: Iterable[Plan]) -> Stack:
    plans = list(plans)
    return session.stack(f"features.{namespace}", program=lambda: export(declare_plans(plans)))


def contents(cluster: Cluster, namespace: str) -> set[tuple[str, str, str]]:
    """apiVersion, kind and name of everything of ours in the namespace."""
    return {
        (version, kind, item["metadata"]["name"])
        for version, kind in EVERY_KIND
        if cluster.serves(version, kind)
        for item in cluster.list(version, kind, namespace)[0]
        if (kind, item["metadata"]["name"]) not in NOT_OURS
        and not item["metadata"].get("ownerReferences")
    }


def identities(plans: Iterable[Plan]) -> set[tuple[str, str, str]]:
    return {
        (one["apiVersion"], one["kind"], one["metadata"]["name"])
        for plan in plans
        for one in (planned.manifest for planned in plan)
    }


def replicas(cluster: Cluster, namespace: str, name: str) -> int:
    found = cluster.get("apps/v1", "Deployment", name, namespace)
    assert found is not None
    return int(found["spec"]["replicas"])


def scale(cluster: Cluster, namespace: str, name: str, count: int) -> None:
    """Set the count as an autoscaler does: through the scale subresource."""
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale"
    cluster.server.request(
        "PATCH",
        path,
        params={"fieldManager": "kube-controller-manager"},
        body={"spec": {"replicas": count}},
        content_type="application/merge-patch+json",
    )


def test_life_of_every_sample(session: Session, cluster: Cluster, namespace: str) -> None:
    """What the plans say is there after the first update, the second changes nothing, and after
    the destruction nothing is left."""
    served = Capabilities.discover(cluster.serves)
    plans = [planned(*sample(name), namespace, capabilities=served) for name in NAMES]
    wanted = identities(plans)
    assert wanted >= {("keda.sh/v1alpha1", "ScaledObject", "granite-keda-decode")}
    stack = stack_of(session, namespace, plans)

    made = stack.up("--skip-preview").changes
    assert made == {"create": sum(map(len, plans)) + len(plans) + 1}  # components, and the stack
    assert contents(cluster, namespace) == wanted
    said = stack.outputs()
    for plan in plans:
        why = {one.key: one.reason for one in plan.skipped}
        assert said[plan.name]["skipped"] == why
    assert stack.up("--skip-preview").changes == {"same": made["create"]}
    stack.destroy("--skip-preview")
    assert contents(cluster, namespace) == set()


def test_scale(session: Session, cluster: Cluster, namespace: str) -> None:
    """Nobody but who owns the count changes it: not an unrelated edit, and no switch from fixed to
    autoscaled and back."""
    service, base = sample("hpa")
    service["metadata"]["name"] = "scaled"
    autoscaling = service["spec"]["decode"].pop("autoscaling")
    without = copy.deepcopy(base)
    del without["data"]["decodeAutoscaler"]

    def up(base: Manifest, image: str, **decode: Any) -> dict[str, int]:
        edited = copy.deepcopy(service)
        edited["spec"]["decode"] |= decode
        edited["spec"]["decode"]["containers"][0]["image"] = image
        plans = [planned(edited, base, namespace)]
        return dict(stack_of(session, namespace, plans).up("--skip-preview").changes)

    def count() -> int:
        return replicas(cluster, namespace, "scaled-decode")

    up(without, "example.com/a", replicas=3)
    assert count() == 3
    assert up(base, "example.com/b", autoscaling=autoscaling)["create"] == 1
    assert count() == 3
    scale(cluster, namespace, "scaled-decode", 5)
    assert up(base, "example.com/c", autoscaling=autoscaling)["update"] == 1
    assert count() == 5
    owners = _owners(cluster, namespace)
    assert owners == {"kube-controller-manager"}  # we have not taken a share of it
    assert up(without, "example.com/d") == {"delete": 1, "update": 1, "same": 4}
    assert count() == 5
    up(without, "example.com/e")
    assert count() == 5


def _owners(cluster: Cluster, namespace: str) -> set[str]:
    found = cluster.get("apps/v1", "Deployment", "scaled-decode", namespace)
    assert found is not None
    return {
        entry["manager"]
        for entry in found["metadata"]["managedFields"]
        if "f:replicas" in entry["fieldsV1"].get("f:spec", {})
    }


def pods(cluster: Cluster, namespace: str) -> list[Manifest]:
    return cluster.list("v1", "Pod", namespace)[0]


def test_scheduling(session: Session, cluster: Cluster, namespace: str) -> None:
    """Prefill runs on one type of GPU and decode on the other; a type that no node has leaves the
    pods pending, and waiting for them says so."""
    service, base = sample("facebook")
    plans = [planned(service, base, namespace)]
    stack_of(session, namespace, plans).up("--skip-preview")
    names = [f"facebook-opt-125m-{role}" for role in ("prefill", "decode")]
    wait_available(cluster, [(namespace, name) for name in names], timeout=60, progress=print)
    nodes = {item["metadata"]["name"]: item for item in cluster.list("v1", "Node")[0]}
    found = [
        (pod["metadata"]["labels"]["llm-d.ai/role"], _product(nodes[pod["spec"]["nodeName"]]))
        for pod in pods(cluster, namespace)
        if "llm-d.ai/role" in pod["metadata"]["labels"]
    ]
    assert sorted(found) == [
        ("decode", "NVIDIA-A100-SXM4-80GB"),
        ("decode", "NVIDIA-A100-SXM4-80GB"),
        ("prefill", "NVIDIA-H100-80GB-HBM3"),
    ]

    service["metadata"]["name"] = "nowhere"
    service["spec"]["decode"]["acceleratorTypes"]["labelValues"] = ["NVIDIA-NONE"]
    plans.append(planned(service, base, namespace))
    stack_of(session, namespace, plans).up("--skip-preview")
    with pytest.raises(EngineError) as caught:
        wait_available(cluster, [(namespace, "nowhere-decode")], timeout=5, progress=print)
    (problem,) = caught.value.diagnostics
    assert "0 of 2 replicas are available" in problem.summary
    assert len(problem.notes) == 1
    assert "no node takes a pod" in problem.notes[0]
    assert "affinity" in problem.notes[0]
    waiting = [pod for pod in pods(cluster, namespace) if "nowhere-decode" in str(pod["metadata"])]
    assert [pod["status"]["phase"] for pod in waiting] == ["Pending"] * 2


def _product(node: Manifest) -> str:
    return str(node["metadata"]["labels"].get("nvidia.com/gpu.product", ""))


IMAGE = "registry.example.com/acme/model"
DIGEST = f"{IMAGE}@sha256:{'0123456789abcdef' * 4}"
FORMS = {
    "tag": (f"oci://{IMAGE}:1.0::/models/m", f"{IMAGE}:1.0", "/model-cache/models/m"),
    "digest": (f"oci://{DIGEST}::/models/m", DIGEST, "/model-cache/models/m"),
    "native": (f"oci+native://{IMAGE}:1.0::/m", f"{IMAGE}:1.0", "/model-cache/m"),
    "no-path": (f"oci://{IMAGE}:1.0", f"{IMAGE}:1.0", "/model-cache"),
}


def test_model_images(session: Session, cluster: Cluster, namespace: str) -> None:
    """The API server keeps the image volume in each form of reference, mounted read-only, and the
    model's path is where the image has it."""
    plans = []
    for form, (uri, _, _) in FORMS.items():
        service, base = sample("oci-image")
        service["metadata"]["name"] = form
        service["spec"]["routing"]["modelName"] = form
        service["spec"]["modelArtifacts"]["uri"] = uri
        plans.append(planned(service, base, namespace))
    stack_of(session, namespace, plans).up("--skip-preview")
    for form, (_, reference, path) in FORMS.items():
        live = cluster.get("apps/v1", "Deployment", f"{form}-decode", namespace)
        assert live is not None
        pod = live["spec"]["template"]["spec"]
        volumes = [volume for volume in pod["volumes"] if "image" in volume]
        image = {"pullPolicy": "IfNotPresent", "reference": reference}
        assert [volume["image"] for volume in volumes] == [image]
        for container in (*pod["initContainers"], *pod["containers"]):
            (mount,) = container["volumeMounts"]
            assert mount["readOnly"]
            assert (mount["name"], mount["mountPath"]) == (volumes[0]["name"], "/model-cache")
        assert path in pod["containers"][0]["args"]


def test_move_to_the_next_inference_extension(
    session: Session, cluster: Cluster, namespace: str
) -> None:
    """The new pool is made, and the route sent to it, before the old pool goes."""
    service, base = sample("facebook")
    old = planned(service, base, namespace)
    served = Capabilities.discover(cluster.serves)
    new = planned(service, base, namespace, inference_api="v1", capabilities=served)
    stack_of(session, namespace, [old]).up("--skip-preview")
    run = stack_of(session, namespace, [new]).up("--skip-preview")

    order = [
        (event["resOutputsEvent"]["metadata"]["op"], _kind(event["resOutputsEvent"]))
        for event in run.events
        if "resOutputsEvent" in event
    ]
    gone = order.index(("delete", f"{POOLS[0]}:InferencePool"))
    assert order.index(("create", f"{POOLS[1]}:InferencePool")) < gone
    assert order.index(("update", "gateway.networking.k8s.io/v1:HTTPRoute")) < gone
    assert contents(cluster, namespace) == identities([new])


def _kind(event: Manifest) -> str:
    return str(event["metadata"]["type"]).removeprefix("kubernetes:")
