"""Each feature of docs/features.md under the real engine, on the real API server."""

from __future__ import annotations

from typing import Any

import pytest
from samplestacks import NAMES, contents, identities, planned, sample, stack_of

from msvc_pulumi.capabilities import Capabilities
from msvc_pulumi.cluster import Cluster
from msvc_pulumi.engine.failures import EngineError
from msvc_pulumi.engine.readiness import wait_available
from msvc_pulumi.engine.session import Session

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
