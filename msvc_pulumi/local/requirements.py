"""What a plane needs of this machine, looked for before anything is started: `require`."""

from __future__ import annotations

import socket
from pathlib import Path

from msvc_pulumi.cluster.apiserver import require_client
from msvc_pulumi.engine.tools.machine import free_space
from msvc_pulumi.local.failure import local_error

__all__ = ["require"]

SPACE = 512 << 20  # bytes: what etcd and logs of a plane with hundreds of services take


def require(root: Path) -> None:
    """Nothing that a plane in the folder ``root`` needs is missing.

    Raises ClusterError (cluster-client-missing) or LocalError (disk-full, local-port).
    """
    require_client()
    free = free_space(root)
    if free < SPACE:
        raise local_error(
            "disk-full",
            f"the local control plane takes {SPACE >> 20} MB below {root}, "
            f"{free >> 20} MB are free",
            "free some space there, or name another folder in MSVC_LOCAL_DIR",
        )
    try:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
    except OSError as problem:
        raise local_error(
            "local-port",
            f"no port of 127.0.0.1 can be listened on: {problem}",
            "bring the loopback interface up, or leave the sandbox that forbids it",
        ) from problem
