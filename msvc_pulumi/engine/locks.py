"""Locks of stacks in a backend folder of ours: `clear_dead` removes those whose process is gone.

A killed ``pulumi`` leaves its lock for ever; the format is that of ``pkg/backend/diy/lock.go``.
"""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

__all__ = ["clear_dead"]


def clear_dead(backend: Path, project: str, stack: str) -> int:
    """How many locks of the stack were removed: those made on this machine by ended processes.

    A lock that cannot be read, or is of another machine, stays.
    """
    folder = backend / ".pulumi" / "locks" / "organization" / project / stack
    removed = 0
    for file in folder.glob("*.json") if folder.is_dir() else ():
        if _is_dead(file):
            file.unlink(missing_ok=True)
            removed += 1
    return removed


def _is_dead(file: Path) -> bool:
    try:
        lock = json.loads(file.read_text())
        process, host = int(lock["pid"]), lock["hostname"]
    except (OSError, ValueError, TypeError, KeyError):
        return False
    return host == socket.gethostname() and not _is_pulumi(process)


def _is_pulumi(process: int) -> bool:
    """Whether that process lives and is a pulumi; numbers are used again."""
    try:
        return b"pulumi" in Path(f"/proc/{process}/cmdline").read_bytes()
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return False
    except OSError:
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
