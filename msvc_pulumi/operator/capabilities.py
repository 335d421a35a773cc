"""`capabilities`: which of the kinds that a cluster may lack this one serves."""

from __future__ import annotations

from msvc_pulumi.capabilities import OPTIONAL, Capabilities
from msvc_pulumi.cluster import Cluster

__all__ = ["capabilities"]


def capabilities(cluster: Cluster) -> Capabilities:
    """The optional kinds that ``cluster`` serves now. Raises ClusterError."""
    kinds = [(kind.api_version, kind.kind) for kind in OPTIONAL]
    return Capabilities.of(pair for pair in kinds if cluster.serves(*pair))
