"""A Kubernetes control plane on this machine: everything is real but the nodes.

`up`, `down` and `status` act on the user's one plane; `LocalControlPlane` is a plane of one's own.
"""

from __future__ import annotations

from msvc_pulumi.local.failure import LocalError
from msvc_pulumi.local.folder import default_directory
from msvc_pulumi.local.nodes import DEFAULT_NODES, Node
from msvc_pulumi.local.plane import LocalControlPlane, down, status, up
from msvc_pulumi.local.state import Status

__all__ = [
    "DEFAULT_NODES",
    "LocalControlPlane",
    "LocalError",
    "Node",
    "Status",
    "default_directory",
    "down",
    "status",
    "up",
]
