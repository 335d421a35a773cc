"""Engines that this process has started: `stop` ends them, first in peace and then by force.

A worker thread that waits for its engine cannot be interrupted, but the engine can.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

__all__ = ["children", "stop"]

PROGRAM = b"pulumi"


def children() -> list[int]:
    """Process ids of the engines below this process; [] where there is no /proc."""
    return [pid for pid in _children_of(os.getpid()) if _is_engine(pid)]


def stop(seconds: float) -> None:
    """All of them have ended: on SIGINT if they do so within ``seconds``, on SIGKILL otherwise.

    At SIGINT the engine ends what it is at, writes its checkpoint and releases its lock.
    """
    for number, limit in ((signal.SIGINT, seconds), (signal.SIGTERM, 1.0), (signal.SIGKILL, 1.0)):
        for pid in children():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue
        end = time.monotonic() + limit
        while children() and time.monotonic() < end:
            time.sleep(0.05)
        if not children():
            return


def _children_of(parent: int) -> Iterator[int]:
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = file.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        if int(fields[1]) == parent and fields[0] != "Z":
            yield int(file.parent.name)


def _is_engine(pid: int) -> bool:
    try:
        program = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0]
    except OSError:
        return False
    return os.path.basename(program) == PROGRAM
