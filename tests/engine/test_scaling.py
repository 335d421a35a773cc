"""Who owns the replica count, on the real API server."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from samplestacks import planned, sample, stack_of

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.engine.session import Session

Manifest = dict[str, Any]

# The SDK leaves the event loop of a program open whose engine ended before it.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")


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
