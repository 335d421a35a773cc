"""A small Kubernetes client."""

from __future__ import annotations

from msvc_pulumi.cluster.client import FIELD_MANAGER, Cluster, Resource
from msvc_pulumi.cluster.errors import ClusterError
from msvc_pulumi.cluster.patience import Patience

__all__ = ["FIELD_MANAGER", "Cluster", "ClusterError", "Patience", "Resource"]
