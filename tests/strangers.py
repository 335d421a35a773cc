"""Objects of somebody else in the places that a ModelService wants, for tests on a real plane."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable
from typing import Any

from services import BASE_CONFIG

from msvc_pulumi.cluster import Cluster

__all__ = ["KINDS", "base_config", "create_strangers", "snapshot", "stranger"]

Identity = tuple[str, str, str, str]
KINDS = ("Deployment", "ServiceAccount", "ConfigMap", "Service", "Role")
SETTINGS = """
- metadata:
    name: "{{ .ModelServiceName }}-settings"
  data:
    ours: "yes"
"""


def base_config(namespace: str) -> dict[str, Any]:
    """The sample's BaseConfig with a ConfigMap for each ModelService."""
    result = copy.deepcopy(BASE_CONFIG)
    result["metadata"] |= {"namespace": namespace}
    result["data"]["configMaps"] = SETTINGS
    return result


def stranger(manifest: dict[str, Any]) -> dict[str, Any]:
    """What somebody else has in the place of ``manifest``."""
    result = copy.deepcopy(manifest)
    kept = ("name", "namespace")
    result["metadata"] = {key: manifest["metadata"][key] for key in kept}
    result["metadata"]["labels"] = {"team": "somebody"}
    match result["kind"]:
        case "Deployment":
            pod = {"metadata": {"labels": {"app": "theirs"}}}
            container = {"name": "theirs", "image": "example.com/theirs:1"}
            result["spec"] = {
                "replicas": 0,
                "selector": {"matchLabels": {"app": "theirs"}},
                "template": {**pod, "spec": {"containers": [container]}},
            }
        case "ServiceAccount":
            result["imagePullSecrets"] = [{"name": "theirs"}]
        case "ConfigMap":
            result["data"] = {"theirs": "yes"}
        case "Service":
            fixed = {key: result["spec"][key] for key in ("clusterIP",) if key in result["spec"]}
            result["spec"] = {
                **fixed,
                "selector": {"app": "theirs"},
                "ports": [{"name": "theirs", "port": 1}],
            }
        case "Role":
            result["rules"] = []
    return result


def create_strangers(cluster: Cluster, manifests: Iterable[dict[str, Any]]) -> list[Identity]:
    """One of each of `KINDS`, in the place of the first manifest of that kind."""
    made: dict[str, Identity] = {}
    for manifest in manifests:
        kind = manifest["kind"]
        if kind in KINDS and kind not in made:
            created = cluster.create(stranger(manifest))
            metadata = created["metadata"]
            made[kind] = (manifest["apiVersion"], kind, metadata["name"], metadata["namespace"])
    assert {*made} == {*KINDS}
    return list(made.values())


def snapshot(cluster: Cluster, identities: Iterable[Identity]) -> dict[Identity, str]:
    """The objects to the last byte, resource version and managers included."""
    found = {}
    for identity in identities:
        api_version, kind, name, namespace = identity
        item = cluster.get(api_version, kind, name, namespace)
        assert item is not None, identity
        if kind == "Deployment":  # its own controller reports
            item = {key: item[key] for key in item if key != "status"}
            entries = item["metadata"].pop("managedFields")
            item["metadata"].pop("resourceVersion")
            item["metadata"].pop("annotations", None)
            item["who"] = [one for one in entries if not one.get("subresource")]
        found[identity] = json.dumps(item, sort_keys=True)
    return found
