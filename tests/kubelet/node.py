"""The kubelet's nodes: `join` registers one that takes pods."""

from __future__ import annotations

from typing import Any

from kubelet.status import now
from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.local import Node

__all__ = ["address", "join"]


def join(cluster: Cluster, node: Node, ordinal: int) -> None:
    """The node is in the cluster and Ready.

    There is no heartbeat: the controllers of a local plane wait an hour for one.
    """
    manifest: dict[str, Any] = node.manifest(ordinal)
    del manifest["metadata"]["annotations"]  # by which kwok would take it for its own
    reported = {"lastHeartbeatTime": now(), "lastTransitionTime": now(), "reason": "KubeletReady"}
    manifest["status"]["conditions"] = [
        {"type": "Ready", "status": "True", **reported},
        *(
            {"type": f"{what}Pressure", "status": "False", **reported}
            for what in ("Memory", "Disk", "PID")
        ),
    ]
    try:
        cluster.create(manifest)
    except ClusterError as error:
        if error.reason != "AlreadyExists":  # of a kubelet that ran before
            raise


def address(node: Node, ordinal: int) -> str:
    """The address that pods on it have as their host's."""
    return str(node.manifest(ordinal)["status"]["addresses"][0]["address"])
