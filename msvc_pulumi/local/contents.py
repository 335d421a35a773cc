"""What a plane holds from the start: `install` puts it there, `settle` waits until it works."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.cluster.errors import ClusterError, cluster_error
from msvc_pulumi.local.nodes import STORAGE_CLASS, Node

__all__ = ["install", "is_ready", "settle"]

PARALLEL = 8  # requests at once; more only queue inside the API server
CRD = ("apiextensions.k8s.io/v1", "CustomResourceDefinition")
MANAGER = "msvc-local"


def install(cluster: Cluster, crds: Sequence[Path], nodes: Sequence[Node]) -> None:
    """Definitions (YAML files of the folders ``crds``), nodes and storage class are applied.

    Raises ClusterError.
    """
    files = [file for folder in crds for file in sorted(folder.glob("*.yaml"))]
    with ThreadPoolExecutor(PARALLEL) as pool:
        # The largest take the server seconds, so they go first.
        files.sort(key=lambda file: file.stat().st_size, reverse=True)
        done = [pool.submit(_define, cluster, file) for file in files]
        done += [
            pool.submit(_join, cluster, node.manifest(ordinal))
            for ordinal, node in enumerate(nodes, start=1)
        ]
        done.append(pool.submit(_apply, cluster, STORAGE_CLASS))
        for result in done:
            result.result()


def settle(
    cluster: Cluster, nodes: Sequence[Node], *, timeout: float, check: Callable[[], None]
) -> None:
    """Definitions are served, nodes take pods, and the controllers have begun to work.

    ``check`` is called now and then and raises if waiting is in vain. Raises ClusterError
    (local-timeout) naming what is not ready after ``timeout`` seconds.
    """
    end = time.monotonic() + timeout
    while waiting := _unready(cluster, nodes):
        check()
        if time.monotonic() > end:
            raise cluster_error(
                "local-timeout",
                f"not ready after {timeout:.0f} s: {', '.join(waiting)}",
                "the machine may be too busy: try again, or look at the logs",
            )
        time.sleep(0.1)


def is_ready(node: Mapping[str, Any]) -> bool:
    """Whether the node reports Ready and nothing keeps pods from it."""
    return _condition(node, "Ready") and not node["spec"].get("taints")


def _unready(cluster: Cluster, nodes: Sequence[Node]) -> list[str]:
    listed, _ = cluster.list("v1", "Node")
    ready = {node["metadata"]["name"] for node in listed if is_ready(node)}
    waiting = [f"node {node.name}" for node in nodes if node.name not in ready]
    # Pods need this account; the controller manager makes it, so it shows that it works.
    if cluster.get("v1", "ServiceAccount", "default", "default") is None:
        waiting.append("the default service account")
    definitions, _ = cluster.list(*CRD)
    waiting += [
        definition["metadata"]["name"]
        for definition in definitions
        if not _condition(definition, "Established")
    ]
    return waiting


def _condition(item: Mapping[str, Any], name: str) -> bool:
    conditions = item.get("status", {}).get("conditions") or ()
    return any(each["type"] == name and each["status"] == "True" for each in conditions)


def _define(cluster: Cluster, file: Path) -> None:
    # controller-gen names files <group>_<plural>.yaml, and definitions <plural>.<group>. Sent as
    # they are: to parse megabytes of YAML here would take longer than all the rest.
    group, _, plural = file.stem.partition("_")
    cluster.server.request(
        "PATCH",
        f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{plural}.{group}",
        params={"fieldManager": MANAGER, "force": "true"},
        content=file.read_bytes(),
        content_type="application/apply-patch+yaml",
    )


def _apply(cluster: Cluster, manifest: Mapping[str, Any]) -> None:
    cluster.apply(manifest, field_manager=MANAGER, force=True)


def _join(cluster: Cluster, node: Mapping[str, Any]) -> None:
    # A node must be born with its status, as a kubelet does it: an apply drops the status, and kwok
    # would fill in its own before a second apply could.
    try:
        cluster.create(node)
    except ClusterError as error:
        if error.reason != "AlreadyExists":
            raise
        _apply(cluster, node)
        cluster.apply(node, field_manager=MANAGER, force=True, subresource="status")
