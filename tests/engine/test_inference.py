"""Both generations of the Inference Extension under the real engine, on the real API server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from samplestacks import contents, identities, planned, sample, stack_of
from services import eventually

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.engine.session import Session
from msvc_pulumi.out.declaration import POOL_UID
from msvc_pulumi.target.capabilities import Capabilities

# The SDK leaves the event loop of a program open whose engine ended before it.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

OLD, NEW = "inference.networking.x-k8s.io", "inference.networking.k8s.io"
POOLS = [(f"{OLD}/v1alpha2", "InferencePool"), (f"{NEW}/v1", "InferencePool")]
ROUTE = ("gateway.networking.k8s.io/v1", "HTTPRoute")
OBJECTIVE = ("llm-d.ai/v1alpha2", "InferenceObjective")
DEFINITION = ("apiextensions.k8s.io/v1", "CustomResourceDefinition")
NAME = "facebook-opt-125m"
POOL = {"group": NEW, "kind": "InferencePool", "name": f"{NAME}-inference-pool"}
Manifest = dict[str, Any]


def changes(cluster: Cluster, namespace: str, since: str, kind: tuple[str, str]) -> list[Manifest]:
    """What the API server tells a watch of a kind that begins at a resource version."""
    params = {"watch": "true", "resourceVersion": since, "timeoutSeconds": 3}
    path = cluster.resource(*kind).path(namespace)
    lines = cluster.server.stream(path, params=params, timeout=60)
    return [json.loads(line) for line in lines if line]


def test_move_to_the_next_inference_extension(
    session: Session, cluster: Cluster, namespace: str
) -> None:
    """At no time is there no pool, nor does the route name a pool that is not there."""
    service, base = sample("facebook")
    served = Capabilities.discover(cluster.serves)
    old = planned(service, base, namespace)
    new = planned(service, base, namespace, inference_api="v1", capabilities=served)
    stack_of(session, namespace, [old]).up("--skip-preview")
    since = {kind: cluster.list(*kind, namespace)[1] for kind in (*POOLS, ROUTE)}
    stack_of(session, namespace, [new]).up("--skip-preview")

    history = [
        (int(event["object"]["metadata"]["resourceVersion"]), event["type"], event["object"])
        for kind, version in since.items()
        for event in changes(cluster, namespace, version, kind)
    ]
    pools, target = {OLD}, OLD
    for _, event, live in sorted(history, key=lambda entry: entry[0]):
        group = live["apiVersion"].partition("/")[0]
        if live["kind"] == ROUTE[1]:
            target = live["spec"]["rules"][0]["backendRefs"][0]["group"]
        elif event == "DELETED":
            pools.remove(group)
        else:
            pools.add(group)
        assert target in pools, (event, live["kind"], group)
    assert (pools, target) == ({NEW}, NEW)
    assert contents(cluster, namespace) == identities([new])


@pytest.mark.parametrize("name", ["facebook", "decode-only"], ids=["v1alpha2", "v1"])
def test_a_pool_that_is_made_again_restarts_its_picker(
    session: Session, cluster: Cluster, namespace: str, name: str
) -> None:
    """It would not know the pool's models any more. The picker stays as it is when the pool is
    edited only, and when nothing happens."""
    service, base = sample(name)
    plan = planned(service, base, namespace)
    stack = stack_of(session, namespace, [plan])
    [pool] = [one.manifest for one in plan if one.key == "inferencePool"]
    place = (pool["apiVersion"], "InferencePool", pool["metadata"]["name"], namespace)

    def picker() -> tuple[int, str]:
        """Generation of its Deployment, and the uid of the pool that its pods began with."""
        live = cluster.get("apps/v1", "Deployment", f"{plan.name}-epp", namespace)
        assert live is not None
        bears = live["spec"]["template"]["metadata"]["annotations"][POOL_UID]
        return live["metadata"]["generation"], bears

    def uid() -> str:
        live = cluster.get(*place)
        assert live is not None
        return str(live["metadata"]["uid"])

    stack.up("--skip-preview")
    generation, first = picker()
    assert first == uid()
    base["data"]["inferencePool"] += "metadata: {annotations: {edited: by-somebody}}\n"
    stack = stack_of(session, namespace, [planned(service, base, namespace)])
    stack.up("--skip-preview")
    assert picker() == (generation, first)

    cluster.delete(*place)
    cluster.wait(*place, until=lambda found: found is None, timeout=300)
    made = stack.up("--skip-preview", "--refresh").changes
    assert picker() == (generation + 1, uid()) != (generation + 1, first)
    assert (made["create"], made["update"]) == (1, 1)

    urns = [one["urn"] for one in stack.state()["resources"]]
    [urn] = [one for one in urns if one.endswith("-inference-pool")]
    stack.up("--skip-preview", "--replace", urn)
    assert picker()[1] == uid()
    assert stack.up("--skip-preview").changes.keys() == {"same"}


def applied_heirs(
    session: Session, cluster: Cluster, namespace: str, image: str
) -> tuple[Manifest, Manifest]:
    """ModelService and BaseConfig whose InferenceModel has heirs, after the update to v1."""
    service, base = sample("facebook")
    base["data"]["inferenceModel"] = json.dumps(
        {"spec": {"criticality": "Critical", "targetModels": [{"name": "tuned", "weight": 3}]}}
    )
    service["spec"]["endpointPicker"] = {"containers": [{"name": "epp", "image": image}]}
    served = Capabilities.discover(cluster.serves)
    plan = planned(service, base, namespace, inference_api="v1", capabilities=served)
    stack_of(session, namespace, [plan]).up("--skip-preview")
    return service, base


def may_list(cluster: Cluster, namespace: str, group: str, resource: str) -> bool:
    """What the API server says of the endpoint picker's rights."""
    asked = {"group": group, "resource": resource, "verb": "list", "namespace": namespace}
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "metadata": {},
        "spec": {
            "user": f"system:serviceaccount:{namespace}:{NAME}-epp-sa",
            "resourceAttributes": asked,
        },
    }
    return bool(cluster.create(review)["status"]["allowed"])


def test_heirs_of_a_model(session: Session, cluster: Cluster, namespace: str) -> None:
    """An InferenceModel becomes an objective and a rewrite of the group that is served, for the
    pool of the plan, and the endpoint picker may read both, and nothing else of it."""
    applied_heirs(session, cluster, namespace, "example.com/llm-d-inference-scheduler:v0.7.1")

    (objective,) = cluster.list(f"{OLD}/v1alpha2", "InferenceObjective", namespace)[0]
    assert objective["spec"] == {"priority": 10, "poolRef": POOL}
    (rewrite,) = cluster.list(f"{OLD}/v1alpha2", "InferenceModelRewrite", namespace)[0]
    assert rewrite["spec"]["poolRef"] == POOL
    (rule,) = rewrite["spec"]["rules"]
    assert rule["matches"] == [{"model": {"type": "Exact", "value": "facebook/opt-125m"}}]
    assert rule["targets"] == [{"modelRewrite": "tuned", "weight": 3}]
    for resource in ("inferenceobjectives", "inferencemodelrewrites"):
        assert may_list(cluster, namespace, OLD, resource)
    assert may_list(cluster, namespace, NEW, "inferencepools")
    assert not may_list(cluster, namespace, NEW, "inferenceobjectives")
    assert not may_list(cluster, namespace, "", "secrets")


@pytest.fixture
def router(cluster: Cluster) -> Iterator[None]:
    """The llm-d router's InferenceObjective is served, with the default group of the real one."""
    plural = "inferenceobjectives"
    text = {"type": "string"}
    reference = {"group": {**text, "default": "llm-d.ai"}, "kind": text, "name": text}
    spec = {"priority": {"type": "integer"}, "poolRef": _structure(reference)}
    version = {
        "name": "v1alpha2",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": _structure({"spec": _structure(spec)})},
    }
    definition = {
        "group": "llm-d.ai",
        "scope": "Namespaced",
        "names": {"kind": OBJECTIVE[1], "plural": plural},
        "versions": [version],
    }
    name = f"{plural}.llm-d.ai"
    kind = {"apiVersion": DEFINITION[0], "kind": DEFINITION[1]}
    cluster.create({**kind, "metadata": {"name": name}, "spec": definition})
    eventually(lambda: cluster.serves(*OBJECTIVE))
    yield
    cluster.delete(*DEFINITION, name)
    cluster.wait(*DEFINITION, name, until=lambda found: found is None, timeout=300)


def _structure(properties: Manifest) -> Manifest:
    return {"type": "object", "properties": properties}


@pytest.mark.usefixtures("router")
def test_heir_in_the_group_of_the_router(
    session: Session, cluster: Cluster, namespace: str
) -> None:
    """Where the router's group is served as well, the router's endpoint picker finds the objective
    there, for the pool's group and not for the one that the API server would fill in; an older
    endpoint picker finds it where it looks."""
    applied_heirs(session, cluster, namespace, "example.com/llm-d-router-endpoint-picker:v0.10.0")
    (live,) = cluster.list(*OBJECTIVE, namespace)[0]
    assert live["spec"]["poolRef"] == {"group": NEW, "name": POOL["name"]}
    assert may_list(cluster, namespace, "llm-d.ai", "inferenceobjectives")

    applied_heirs(session, cluster, namespace, "example.com/llm-d-inference-scheduler:v0.7.1")
    assert cluster.list(*OBJECTIVE, namespace)[0] == []
    (live,) = cluster.list(f"{OLD}/v1alpha2", OBJECTIVE[1], namespace)[0]
    assert live["spec"]["poolRef"] == POOL
