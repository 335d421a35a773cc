"""Locks of stacks: `clear_dead` removes those whose owner is gone, `locked` names locked stacks.

A killed ``pulumi`` leaves its lock for ever; the format is that of ``pkg/backend/diy/lock.go``.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Collection
from pathlib import Path

from msvc_pulumi.engine.state.bucket import Bucket

__all__ = ["clear_dead", "locked"]


def clear_dead(bucket: Bucket, project: str, stack: str, gone: Collection[str] = ()) -> int:
    """How many locks of the stack were removed: those of processes that have ended.

    That is known of processes of this machine, and of all those on hosts that are ``gone``. A lock
    that cannot be read, or is of another machine, stays.
    """
    keys = [key for key in bucket.keys(_prefix(project, stack)) if key.endswith(".json")]
    dead = [key for key in keys if _is_dead(bucket.read(key), gone)]
    bucket.remove(dead)
    return len(dead)


def locked(bucket: Bucket, project: str) -> list[str]:
    """Stacks that somebody works on, or worked on until it was killed."""
    return sorted({key.split("/")[-2] for key in bucket.keys(_prefix(project))})


def _prefix(project: str, stack: str = "") -> str:
    return f".pulumi/locks/organization/{project}/{f'{stack}/' if stack else ''}"


def _is_dead(content: bytes | None, gone: Collection[str]) -> bool:
    try:
        lock = json.loads(content or b"")
        process, host = int(lock["pid"]), str(lock["hostname"])
    except (ValueError, TypeError, KeyError):
        return False
    if host == socket.gethostname():
        return not _is_pulumi(process)
    return host in gone


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
