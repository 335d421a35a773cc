"""Each feature of docs/features.md under the real engine, on the real API server."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from samplestacks import NAMES, contents, identities, planned, sample, stack_of

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.engine.diagnosis.failures import EngineError
from msvc_pulumi.engine.readiness import Workload, wait_available
from msvc_pulumi.engine.session import Session
from msvc_pulumi.local.nodes import Node
from msvc_pulumi.plan import Plan
from msvc_pulumi.target.capabilities import Capabilities
from msvc_pulumi.target.kinds import DEPLOYMENT, LEADER_WORKER_SET

# The SDK leaves the event loop of a program open whose engine ended before it.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

Manifest = dict[str, Any]


def test_life_of_every_sample(session: Session, cluster: Cluster, namespace: str) -> None:
    """What the plans say is there after the first update, the second changes nothing, and after
    the destruction nothing is left."""
    served = Capabilities.discover(cluster.serves)
    plans = [planned(*sample(name), namespace, capabilities=served) for name in NAMES]
    wanted = identities(plans)
    assert wanted >= {("keda.sh/v1alpha1", "ScaledObject", "granite-keda-decode")}
    stack = stack_of(session, namespace, plans)

    foreseen = stack.preview().changes
    assert contents(cluster, namespace) == set()
    made = stack.up("--skip-preview").changes
    assert made == {"create": sum(map(len, plans)) + len(plans) + 1}  # components, and the stack
    assert foreseen == made
    assert contents(cluster, namespace) == wanted
    said = stack.outputs()
    for plan in plans:
        why = {one.key: one.reason for one in plan.skipped}
        assert said[plan.name]["skipped"] == why
    assert stack.up("--skip-preview").changes == {"same": made["create"]}
    stack.destroy("--skip-preview")
    assert contents(cluster, namespace) == set()


KEDA = {
    "minReplicaCount": 1,
    "maxReplicaCount": 2,
    "triggers": [{"type": "cron", "metadata": {}}],
}
SWITCHES: dict[str, tuple[Manifest, Manifest]] = {
    "fixed-to-hpa": ({}, {"autoscaling": {"hpa": {"maxReplicas": 3}}}),
    "hpa-to-keda": (
        {"autoscaling": {"hpa": {"maxReplicas": 3}}},
        {"autoscaling": {"keda": KEDA}},
    ),
    "keda-to-fixed": ({"autoscaling": {"keda": KEDA}}, {"replicas": 2}),
    "one-node-to-two": ({}, {"multiNode": {"size": 2}}),
    "nothing-to-external": ({}, {"autoscaling": {"external": {}}}),
}


def test_previews_of_switches(session: Session, cluster: Cluster, namespace: str) -> None:
    """A preview of each switch foresees what the update then does, and does none of it."""
    served = Capabilities.discover(cluster.serves)
    service, base = sample("facebook")

    def plans(side: int) -> list[Plan]:
        made = []
        for name, sides in SWITCHES.items():
            edited = copy.deepcopy(service)
            edited["metadata"]["name"] = edited["spec"]["routing"]["modelName"] = name
            edited["spec"]["decode"] |= {"replicas": None, **sides[side]}
            made.append(planned(edited, base, namespace, capabilities=served))
        api = ("v1alpha2", "v1")[side]
        return [*made, planned(service, base, namespace, inference_api=api, capabilities=served)]

    before, after = stack_of(session, namespace, plans(0)), stack_of(session, namespace, plans(1))
    before.up("--skip-preview")
    there = contents(cluster, namespace)
    foreseen = after.preview().changes
    assert contents(cluster, namespace) == there == identities(plans(0))
    assert foreseen == after.up("--skip-preview").changes
    assert contents(cluster, namespace) == identities(plans(1))


def pods(cluster: Cluster, namespace: str) -> list[Manifest]:
    return cluster.list("v1", "Pod", namespace)[0]


def test_scheduling(session: Session, cluster: Cluster, namespace: str) -> None:
    """Prefill runs on one type of GPU and decode on the other; a type that no node has leaves the
    pods pending, and waiting for them says so."""
    service, base = sample("facebook")
    plans = [planned(service, base, namespace)]
    stack_of(session, namespace, plans).up("--skip-preview")
    names = [f"facebook-opt-125m-{role}" for role in ("prefill", "decode")]
    workloads = [Workload(DEPLOYMENT, namespace, name) for name in names]
    wait_available(cluster, workloads, timeout=60, progress=print)
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
    nowhere = Workload(DEPLOYMENT, namespace, "nowhere-decode")
    with pytest.raises(EngineError) as caught:
        wait_available(cluster, [nowhere], timeout=5, progress=print)
    (problem,) = caught.value.diagnostics
    assert "0 of 2 pods are available" in problem.summary
    assert len(problem.notes) == 1
    assert "no node takes a pod: 0/" in problem.notes[0]
    assert "(it asks for nvidia.com/gpu.product in [NVIDIA-NONE])" in problem.notes[0]
    waiting = [pod for pod in pods(cluster, namespace) if "nowhere-decode" in str(pod["metadata"])]
    assert [pod["status"]["phase"] for pod in waiting] == ["Pending"] * 2


def _product(node: Manifest) -> str:
    return str(node["metadata"]["labels"].get("nvidia.com/gpu.product", ""))


TAINT = {"key": "example.com/team", "value": "research", "effect": "NoSchedule"}
PRIORITY = ("scheduling.k8s.io/v1", "PriorityClass")


@pytest.fixture
def reserved_node(cluster: Cluster) -> Iterator[Node]:
    """The only node of its GPU type, which keeps pods away, and a priority class."""
    node = Node("reserved-0", "NVIDIA-L4")
    cluster.create({**node.manifest(99), "spec": {"taints": [TAINT]}})
    names = {"apiVersion": PRIORITY[0], "kind": PRIORITY[1], "metadata": {"name": "research"}}
    cluster.create({**names, "value": 1000})
    yield node
    cluster.delete("v1", "Node", node.name)
    cluster.delete(*PRIORITY, "research")


def test_tolerations_and_priority(
    session: Session, cluster: Cluster, namespace: str, reserved_node: Node
) -> None:
    """Only pods that tolerate its taint run on a node, those of the role that says so, and they
    have the priority of their class."""
    service, base = sample("facebook")
    service["metadata"]["name"] = "reserved"
    accelerator = {"labelKey": "nvidia.com/gpu.product", "labelValues": [reserved_node.product]}
    for role in ("prefill", "decode"):
        service["spec"][role] |= {"acceleratorTypes": accelerator, "replicas": 1}
    tolerated = {key: TAINT[key] for key in ("key", "effect")} | {"operator": "Exists"}
    service["spec"]["decode"] |= {"tolerations": [tolerated], "priorityClassName": "research"}
    stack_of(session, namespace, [planned(service, base, namespace)]).up("--skip-preview")

    decode = Workload(DEPLOYMENT, namespace, "reserved-decode")
    wait_available(cluster, [decode], timeout=60, progress=print)
    prefill = Workload(DEPLOYMENT, namespace, "reserved-prefill")
    with pytest.raises(EngineError) as caught:
        wait_available(cluster, [prefill], timeout=1, progress=print)
    assert "untolerated taint" in caught.value.diagnostics[0].notes[0]
    ours = [pod for pod in pods(cluster, namespace) if pod["spec"].get("nodeName")]
    (pod,) = [pod for pod in ours if pod["spec"]["nodeName"] == reserved_node.name]
    assert pod["metadata"]["labels"]["llm-d.ai/role"] == "decode"
    assert pod["spec"]["priority"] == 1000


def test_a_set_of_groups_becomes_available(
    session: Session, cluster: Cluster, namespace: str
) -> None:
    """A LeaderWorkerSet is waited for until its controller says that all its groups are ready."""
    service, base = sample("multi-node")
    stack_of(session, namespace, [planned(service, base, namespace)]).up("--skip-preview")
    groups = Workload(LEADER_WORKER_SET, namespace, "deepseek-r1-decode")

    def lacks() -> str:
        with pytest.raises(EngineError) as caught:
            wait_available(cluster, [groups], timeout=0, progress=print)
        return caught.value.diagnostics[0].summary

    def report(kind: str, message: str, **counts: int) -> None:
        """Write what the controller of LeaderWorkerSets writes: it does not run here."""
        said = {"status": "True", "message": message, "reason": "R"}
        condition = {"type": kind, "lastTransitionTime": "2026-01-01T00:00:00Z", **said}
        status = {"replicas": 2, **counts, "conditions": [condition]}
        place = (groups.kind.api_version, groups.kind.kind, groups.name, namespace)
        cluster.patch(*place, body={"status": status}, subresource="status")

    assert "its controller has not begun" in lacks()
    report("Progressing", "Replicas are progressing", updatedReplicas=2, readyReplicas=1)
    assert lacks().endswith("1 of 2 groups are available: Replicas are progressing")
    report("Available", "All replicas are ready", updatedReplicas=2, readyReplicas=2)
    wait_available(cluster, [groups], timeout=60, progress=print)


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
