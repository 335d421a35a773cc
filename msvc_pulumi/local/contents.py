"""What a plane holds from the start: `install` puts it there, `settle` waits until it works."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.cluster.apiserver import APPLY
from msvc_pulumi.cluster.errors import ClusterError, cluster_error
from msvc_pulumi.local.nodes import STORAGE_CLASS, Node
from msvc_pulumi.progress import Task

__all__ = ["CRD", "REMINDED", "install", "is_ready", "remind", "settle"]

POLL = 0.2  # seconds
PARALLEL = 8  # requests at once; more only queue inside the API server
CRD = ("apiextensions.k8s.io/v1", "CustomResourceDefinition")
MANAGER = "msvc-local"
ASK_AGAIN = 15.0  # seconds after which the API server is reminded of a definition
REMINDED = "msvc-local/reminded"


def install(
    cluster: Cluster, crds: Sequence[Path], nodes: Sequence[Node], *, check: Callable[[], None]
) -> None:
    """Definitions (YAML files of the folders ``crds``), nodes and storage class are applied.

    ``check`` is called now and then and raises if that is in vain. Raises ClusterError.
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
        try:
            left = set(done)
            while left:
                check()
                ended, left = wait(left, timeout=POLL)
                for each in ended:
                    each.result()
        except BaseException:
            cluster.lose_patience()  # or those that are at it would keep the pool open
            raise


def settle(
    cluster: Cluster,
    nodes: Sequence[Node],
    *,
    timeout: float,
    check: Callable[[], None],
    task: Task | None = None,
) -> None:
    """Definitions are served, nodes take pods, and the controllers have begun to work.

    ``check`` is called now and then and raises if waiting is in vain; ``task`` says what for.
    Raises ClusterError (local-timeout) naming what is not ready after ``timeout`` seconds, and why.
    """
    began = asked = time.monotonic()
    while waiting := _unready(cluster, nodes):
        check()
        now = time.monotonic()
        if task is not None:
            task.note = ", ".join(waiting)
        if now - began > timeout:
            raise cluster_error(
                "local-timeout",
                f"not ready after {timeout:.0f} s: {', '.join(waiting)}",
                "the machine may be too busy: try again, or look at the logs; "
                "`msvc local down` begins anew",
            )
        if now - asked > ASK_AGAIN:
            asked = now
            remind(cluster)
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
    waiting += [
        f"{definition['metadata']['name']}{_reason(definition)}"
        for definition in _unestablished(cluster)
    ]
    return waiting


def _unestablished(cluster: Cluster) -> list[dict[str, Any]]:
    definitions, _ = cluster.list(*CRD)
    return [item for item in definitions if not _condition(item, "Established")]


def _reason(definition: Mapping[str, Any]) -> str:
    """Why the API server does not serve it, where it says so."""
    conditions = definition.get("status", {}).get("conditions") or ()
    said = [str(each.get("message")) for each in conditions if each["status"] != "True"]
    return f" ({said[0]})" if said else ""


def remind(cluster: Cluster) -> None:
    """The API server looks again at definitions that it does not serve yet.

    It does so when one changes and not by itself: what it was about to do when it lost its time or
    its etcd stays undone.
    """
    for definition in _unestablished(cluster):
        annotations = {REMINDED: str(time.time_ns())}
        cluster.patch(
            *CRD, definition["metadata"]["name"], body={"metadata": {"annotations": annotations}}
        )


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
        content_type=APPLY,
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
