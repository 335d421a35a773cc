"""Every kind of a plan is made once, unchanged after a refresh, edited in place and deleted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi_kubernetes as k8s
import pytest
import yaml
from samplestacks import contents

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.components import ModelService
from msvc_pulumi.engine.session import Session
from msvc_pulumi.engine.stack import Stack

# The SDK leaves the event loop of a program open whose engine ended before it.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
Program = Callable[[str, int], Callable[[], None]]


def sample(name: str) -> Program:
    """The program of a sample, with that many decode replicas."""
    folder = SAMPLES / name
    service = yaml.safe_load((folder / "msvc.yaml").read_text())
    base = yaml.safe_load((folder / "baseconfig.yaml").read_text())

    def made(namespace: str, replicas: int) -> Callable[[], None]:
        decode = {**service["spec"]["decode"], "replicas": replicas}
        changed = {**service, "spec": {**service["spec"], "decode": decode}}
        args = {"model_service": changed, "base_config": base, "namespace": namespace}
        return lambda: void(ModelService("sample", args))  # type: ignore[arg-type]

    return made


def every_other_kind(namespace: str, replicas: int) -> Callable[[], None]:
    """A program with the kinds that the samples have no use for."""

    def metadata(name: str) -> dict[str, Any]:
        return {"name": name, "namespace": namespace, "labels": {"example.com/a": "b"}}

    def custom(version: str, kind: str, spec: dict[str, Any]) -> None:
        k8s.apiextensions.CustomResource(
            kind.lower(), api_version=version, kind=kind, metadata=metadata("x"), spec=spec
        )

    def program() -> None:
        target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "x"}
        cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}
        k8s.autoscaling.v2.HorizontalPodAutoscaler(
            "hpa",
            metadata=metadata("x"),
            spec={
                "scaleTargetRef": target,
                "minReplicas": 1,
                "maxReplicas": replicas + 5,
                "metrics": [{"type": "Resource", "resource": cpu}],
            },
        )
        k8s.core.v1.ConfigMap("map", metadata=metadata("x"), data={"a.b": str(replicas), "n": "1"})
        k8s.core.v1.Secret("secret", metadata=metadata("x"), string_data={"key": "value"})
        k8s.core.v1.ServiceAccount(
            "account", metadata={"namespace": namespace}, image_pull_secrets=[{"name": "pull"}]
        )
        trigger = {"type": "cpu", "metricType": "Utilization", "metadata": {"value": "60"}}
        custom(
            "keda.sh/v1alpha1",
            "ScaledObject",
            {
                "scaleTargetRef": {"name": "x"},
                "minReplicaCount": 0,
                "maxReplicaCount": replicas + 5,
                "triggers": [trigger],
            },
        )
        pod = {
            "metadata": {"labels": {"a": "b"}},
            "spec": {
                "containers": [
                    {
                        "name": "c",
                        "image": "example.com/c",
                        "resources": {"limits": {"cpu": "1", "memory": "1Gi"}},
                    }
                ],
                "volumes": [{"name": "v", "emptyDir": {}}],
            },
        }
        custom(
            "leaderworkerset.x-k8s.io/v1",
            "LeaderWorkerSet",
            {"replicas": replicas, "leaderWorkerTemplate": {"size": 2, "workerTemplate": pod}},
        )
        custom(
            "inference.networking.k8s.io/v1",
            "InferencePool",
            {
                "targetPorts": [{"number": 8000 + replicas}],
                "selector": {"matchLabels": {"a": "b"}},
                "endpointPickerRef": {"name": "epp", "port": {"number": 9002}},
            },
        )
        custom(
            "inference.networking.x-k8s.io/v1alpha2",
            "InferenceObjective",
            {"priority": replicas, "poolRef": {"name": "x"}},
        )

    return program


def void(_: object) -> None:
    return None


PROGRAMS = {
    "facebook": sample("facebook"),
    "simple": sample("simple"),
    "other-kinds": every_other_kind,
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_kinds(name: str, session: Session, cluster: Cluster, namespace: str) -> None:
    """What nobody edited is no change, also after a look at it; an edit is no more than that."""

    def stack(replicas: int) -> Stack:
        return session.stack(f"{name}.{namespace}", program=PROGRAMS[name](namespace, replicas))

    made = stack(1).up().changes
    assert set(made) == {"create"}
    total = made["create"]
    assert stack(1).up("--expect-no-changes", "--skip-preview").changes == {"same": total}
    refreshed = stack(1).refresh("--skip-preview").changes
    assert set(refreshed) <= {"same", "refresh", "update"}, refreshed
    assert stack(1).up("--skip-preview").changes == {"same": total}
    edited = stack(3).up("--skip-preview").changes
    assert set(edited) == {"update", "same"}
    assert stack(2).up("--skip-preview").changes == edited
    assert stack(2).preview("--expect-no-changes").changes == {"same": total}
    stack(2).destroy()
    assert not contents(cluster, namespace)
