"""A stack moves from the stand-in to the official Kubernetes plugin and back without a change.

Runs where MSVC_OFFICIAL_KUBERNETES_PLUGIN names the folder of the official program.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi_kubernetes as k8s
import pytest
import yaml

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.components import ModelService
from msvc_pulumi.engine.session import Session

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
@pytest.mark.parametrize("first", ["stand-in", "official"])
def test_moves_both_ways(  # noqa: PLR0917  fixtures
    first: str,
    name: str,
    session: Session,
    official_session: Session,
    cluster: Cluster,
    namespace: str,
) -> None:
    """Made by one it is unchanged to the other, also after a refresh, and after an edit."""
    both = (session, official_session)
    one, two = both if first == "stand-in" else both[::-1]
    program = PROGRAMS[name]

    def stack(of: Session, replicas: int) -> Any:
        return of.stack(f"{name}.{namespace}", program=program(namespace, replicas))

    made = stack(one, 1).up().changes
    assert set(made) == {"create"}
    total = made["create"]
    for session_ in (two, one, two):
        unchanged = stack(session_, 1).up("--expect-no-changes", "--skip-preview").changes
        assert unchanged == {"same": total}
        refreshed = stack(session_, 1).refresh("--skip-preview").changes
        assert set(refreshed) <= {"same", "refresh", "update"}, refreshed
        assert stack(session_, 1).up("--skip-preview").changes == {"same": total}
    edited = stack(two, 3).up("--skip-preview").changes
    assert set(edited) == {"update", "same"}
    assert stack(one, 3).up("--skip-preview").changes == {"same": total}
    again = stack(one, 2).up("--skip-preview").changes
    assert again == edited
    assert stack(two, 2).preview("--expect-no-changes").changes == {"same": total}
    stack(two, 2).destroy()
    left = [item["metadata"]["name"] for item in cluster.list("v1", "Service", namespace)[0]]
    assert left == []
