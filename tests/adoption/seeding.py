"""Objects as the original operator left them, made in a cluster again from what was recorded.

``recorded.yaml`` of each folder is what llm-d-model-service (commit 403e983, with its image's name
``manager``) made of ``msvc.yaml`` and ``baseconfig.yaml`` in the local control plane, and in
``edited`` what people and an autoscaler did to it then. Each manager's fields are written with its
name and in the way it wrote them, so that the server records them as it did.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import yaml

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.cluster.fieldsets import solely, united, without

__all__ = ["FOLDER", "fields", "inputs", "recorded", "seed"]

FOLDER = Path(__file__).parent
SERVERS = ("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields")
ALLOCATED = ("clusterIPs", "ipFamilies", "ipFamilyPolicy")
CONTROLLERS = "deployment.kubernetes.io/"
Object = dict[str, Any]


def inputs(scenario: str, namespace: str) -> tuple[Object, Object]:
    """The ModelService and the BaseConfig of a scenario."""
    found = []
    for name in ("msvc.yaml", "baseconfig.yaml"):
        item = yaml.safe_load((FOLDER / scenario / name).read_text())
        item["metadata"]["namespace"] = namespace
        found.append(item)
    return found[0], found[1]


def recorded(scenario: str) -> list[Object]:
    """The objects of a scenario, as they were recorded."""
    return list(yaml.safe_load_all((FOLDER / scenario / "recorded.yaml").read_text()))


def seed(cluster: Cluster, scenario: str, namespace: str) -> tuple[Object, list[Object]]:
    """The ModelService, and the objects that it owns, all in ``namespace`` now."""
    service, config = inputs(scenario, namespace)
    cluster.create(config)
    owner = cluster.create(service)
    return owner, [_made(cluster, item, owner, namespace) for item in recorded(scenario)]


def fields(item: Object, owner: str = "") -> dict[tuple[str, str, str], Any]:
    """Who owns what of an object, without reports; ``owner`` is the uid of its ModelService."""
    return {
        (entry["manager"], entry["operation"], entry.get("subresource", "")): yaml.safe_load(
            yaml.safe_dump(entry["fieldsV1"]).replace(owner or "OWNER", "OWNER")
        )
        for entry in item["metadata"]["managedFields"]
        if entry.get("subresource") != "status"
    }


def _made(cluster: Cluster, item: Object, owner: Object, namespace: str) -> Object:
    entries = item["metadata"]["managedFields"]
    wanted = _placed(item, owner, namespace)
    people = [entry for entry in entries if entry["manager"].startswith("kubectl")]
    scaled = [entry for entry in entries if entry.get("subresource") == "scale"]
    steps = [_before(wanted, people[number:]) for number in range(len(people) + 1)]
    path = cluster.resource(item["apiVersion"], item["kind"]).path(namespace)
    if scaled:
        steps[0]["spec"]["replicas"] = 1
    cluster.server.request("POST", path, body=steps[0], params={"fieldManager": "manager"})
    name = f"{path}/{wanted['metadata']['name']}"
    if people and item["kind"] == "Deployment":  # its controller has annotated it by then
        identity = (item["apiVersion"], item["kind"], wanted["metadata"]["name"], namespace)
        cluster.wait(*identity, until=_is_seen, timeout=60)
    for entry, step in zip(people, steps[1:], strict=True):
        if scaled:
            step["spec"].pop("replicas")
        _patch(cluster, name, step, entry["manager"])
    for entry in scaled:
        count = {"spec": {"replicas": wanted["spec"]["replicas"]}}
        _patch(cluster, f"{name}/scale", count, entry["manager"])
    found = cluster.get(item["apiVersion"], item["kind"], wanted["metadata"]["name"], namespace)
    assert found is not None
    return found


def _is_seen(item: Object | None) -> bool:
    return item is not None and "annotations" in item["metadata"]


def _patch(cluster: Cluster, path: str, body: Object, manager: str) -> None:
    cluster.server.request(
        "PATCH",
        path,
        body=body,
        params={"fieldManager": manager},
        content_type="application/merge-patch+json",
    )


def _placed(item: Object, owner: Object, namespace: str) -> Object:
    """``item`` as a client states it, of that owner and in that namespace."""
    old = item["metadata"]["namespace"]
    text = yaml.safe_dump(item).replace(f"namespace: {old}\n", f"namespace: {namespace}\n")
    result: Object = yaml.safe_load(text)
    metadata = result["metadata"]
    for name in SERVERS:
        metadata.pop(name, None)
    for reference in metadata["ownerReferences"]:
        reference["uid"] = owner["metadata"]["uid"]
    stated = metadata.pop("annotations", {})
    if theirs := {key: stated[key] for key in stated if not key.startswith(CONTROLLERS)}:
        metadata["annotations"] = theirs
    if result["kind"] == "Service":
        for key in ALLOCATED:
            result["spec"].pop(key, None)
        if result["spec"].get("clusterIP") != "None":
            result["spec"].pop("clusterIP", None)
    return result


def _before(item: Object, entries: list[Object]) -> Object:
    """``item`` before the managers of these entries wrote it."""
    fields = solely(united(entry["fieldsV1"] for entry in entries), {})
    return copy.deepcopy(without(item, fields))
