"""Who owns the replica count, on the real API server."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from samplestacks import planned, sample, stack_of

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.engine.session import Session

# The SDK leaves the event loop of a program open whose engine ended before it.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

Manifest = dict[str, Any]
DEPLOYMENT = ("apps/v1", "Deployment")
GROUPS = ("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet")
HPA = ("autoscaling/v2", "HorizontalPodAutoscaler")
SCALED_OBJECT = ("keda.sh/v1alpha1", "ScaledObject")
NAME = "scaled-decode"
AUTOSCALER = "kube-controller-manager"
HPA_OF_ROLE = {"hpa": {"minReplicas": 1, "maxReplicas": 8}}
KEDA_OF_ROLE = {
    "keda": {
        "minReplicaCount": 1,
        "maxReplicaCount": 8,
        "triggers": [{"type": "cron", "metadata": {"desiredReplicas": "2"}}],
    }
}
Up = Callable[..., dict[str, int]]


@pytest.fixture
def up(session: Session, namespace: str) -> Up:
    """Applies the service with parts of its decode section replaced."""
    service, base = sample("hpa")
    service["metadata"]["name"] = "scaled"
    del service["spec"]["decode"]["autoscaling"], base["data"]["decodeAutoscaler"]

    def apply(image: str, *, is_program: bool = True, **decode: Any) -> dict[str, int]:
        edited = copy.deepcopy(service)
        edited["spec"]["decode"] |= decode
        edited["spec"]["decode"]["containers"][0]["image"] = f"example.com/{image}"
        plans = [planned(edited, base, namespace)]
        if is_program:
            return dict(stack_of(session, namespace, plans).up("--skip-preview").changes)
        return dict(session.stack(f"features.{namespace}", plans=plans).up().changes)

    return apply


def live(cluster: Cluster, namespace: str, kind: tuple[str, str] = DEPLOYMENT) -> Manifest:
    found = cluster.get(*kind, NAME, namespace)
    assert found is not None
    return found


def count(cluster: Cluster, namespace: str, kind: tuple[str, str] = DEPLOYMENT) -> int:
    return int(live(cluster, namespace, kind)["spec"]["replicas"])


def scale(
    cluster: Cluster, namespace: str, replicas: int, kind: tuple[str, str] = DEPLOYMENT
) -> None:
    """Set the count as an autoscaler does: through the scale subresource."""
    cluster.server.request(
        "PATCH",
        f"{cluster.resource(*kind).path(namespace, NAME)}/scale",
        params={"fieldManager": AUTOSCALER},
        body={"spec": {"replicas": replicas}},
        content_type="application/merge-patch+json",
    )


def owners(found: Manifest) -> set[str]:
    """The field managers of its replica count."""
    return {
        entry["manager"]
        for entry in found["metadata"]["managedFields"]
        if "f:replicas" in entry["fieldsV1"].get("f:spec", {})
    }


MULTI_NODE = {"multiNode": {"size": 2}}


@pytest.mark.parametrize("role", [{}, MULTI_NODE], ids=["deployment", "leaderworkerset"])
@pytest.mark.parametrize("autoscaling", [HPA_OF_ROLE, KEDA_OF_ROLE], ids=["hpa", "keda"])
def test_autoscaled_count_stays(
    autoscaling: Manifest, role: Manifest, up: Up, cluster: Cluster, namespace: str
) -> None:
    """From fixed to autoscaled the pods stay; what the autoscaler sets stays under an unrelated
    edit, and the field is its alone."""
    kind = GROUPS if role else DEPLOYMENT
    up("a", replicas=3, **role)
    assert count(cluster, namespace, kind) == 3
    assert up("b", autoscaling=autoscaling, **role)["create"] == 1
    assert count(cluster, namespace, kind) == 3
    scaler = live(cluster, namespace, HPA if autoscaling is HPA_OF_ROLE else SCALED_OBJECT)
    target = scaler["spec"]["scaleTargetRef"]
    assert (target["apiVersion"], target["kind"], target["name"]) == (*kind, NAME)

    scale(cluster, namespace, 5, kind)
    assert up("c", autoscaling=autoscaling, **role)["update"] == 1
    after = live(cluster, namespace, kind)
    assert after["spec"]["replicas"] == 5
    assert owners(after) == {AUTOSCALER}


def test_back_to_fixed(up: Up, cluster: Cluster, namespace: str) -> None:
    """Where nobody states a count the running one stays; a stated one is taken back from the
    autoscaler, whatever it is, and edits after that leave it."""
    up("a", autoscaling=HPA_OF_ROLE)
    scale(cluster, namespace, 5)
    changes = up("b")
    assert changes.pop("same") and changes == {"delete": 1, "update": 1}
    assert count(cluster, namespace) == 5
    up("c", autoscaling=HPA_OF_ROLE)
    scale(cluster, namespace, 6)
    up("d", replicas=6)
    assert count(cluster, namespace) == 6
    up("e", replicas=2)
    found = live(cluster, namespace)
    assert found["spec"]["replicas"] == 2
    assert AUTOSCALER not in owners(found)
    up("f", autoscaling=HPA_OF_ROLE)
    scale(cluster, namespace, 7)
    up("g", replicas=2)
    assert count(cluster, namespace) == 2


@pytest.mark.parametrize("is_program", [True, False], ids=["program", "plans"])
def test_the_same_count_again(is_program: bool, up: Up, cluster: Cluster, namespace: str) -> None:
    """What was stated before an autoscaler came wins once more, though the state has it yet."""
    up("a", is_program=is_program, replicas=3)
    up("b", is_program=is_program, autoscaling=HPA_OF_ROLE)
    scale(cluster, namespace, 5)
    up("c", is_program=is_program, autoscaling=HPA_OF_ROLE)
    assert up("c", is_program=is_program, replicas=3)["update"] == 1
    assert count(cluster, namespace) == 3


def test_from_one_autoscaler_to_the_other(up: Up, cluster: Cluster, namespace: str) -> None:
    """HPA and KEDA follow each other in one update, and the count stays."""
    up("a", autoscaling=HPA_OF_ROLE)
    scale(cluster, namespace, 5)
    for autoscaling, here, gone in (
        (KEDA_OF_ROLE, SCALED_OBJECT, HPA),
        (HPA_OF_ROLE, HPA, SCALED_OBJECT),
    ):
        changes = up("b", autoscaling=autoscaling)
        assert (changes["create"], changes["delete"]) == (1, 1)
        assert live(cluster, namespace, here)
        assert cluster.get(*gone, NAME, namespace) is None
        assert count(cluster, namespace) == 5
