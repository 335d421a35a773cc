"""Engines that this process has started: `stop` ends them, `limited` one that takes too long.

A worker thread that waits for its engine cannot be interrupted, but the engine can.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from msvc_pulumi.engine.processes.orphans import end_plugins

__all__ = ["children", "end_orphans", "limited", "stop"]

PROGRAM = "pulumi"
ORPHAN_SECONDS = 10.0  # for an engine to write its checkpoint and release its lock


def children() -> list[int]:
    """Process ids of the engines below this process; [] where there is no /proc."""
    return [pid for pid in _children_of(os.getpid()) if _is_engine(pid)]


@contextmanager
def limited(stack: str, seconds: float) -> Iterator[None]:
    """In ``with``: the engine that works on ``stack`` is ended after ``seconds``."""
    timer = threading.Timer(
        seconds, _end, (lambda: [pid for pid in children() if _is_of(pid, stack)], 10.0)
    )
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def end_orphans(folder: Path) -> int:
    """How many engines of a killed operator were ended: those that work on stacks in ``folder``.

    They lost their program with it and are about to fail, but must not do so later than this. What
    is left of engines that were killed with it ends as well.
    """

    def running() -> list[int]:
        own = f"{folder}{os.sep}"
        found = (int(entry.name) for entry in Path("/proc").glob("[0-9]*"))
        return [
            pid
            for pid in found
            if _is_engine(pid) and any(item.startswith(own) for item in _arguments(pid))
        ]

    count = len(running())
    _end(running, ORPHAN_SECONDS)
    end_plugins(folder)
    return count


def stop(seconds: float) -> None:
    """All of them have ended: on SIGINT if they do so within ``seconds``, on SIGKILL otherwise.

    At SIGINT the engine ends what it is at, writes its checkpoint and releases its lock.
    """
    _end(children, seconds)


def _end(running: Callable[[], list[int]], seconds: float) -> None:
    for number, limit in ((signal.SIGINT, seconds), (signal.SIGTERM, 1.0), (signal.SIGKILL, 1.0)):
        for pid in running():
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        end = time.monotonic() + limit
        while running() and time.monotonic() < end:
            time.sleep(0.05)
        if not running():
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
    return Path(_arguments(pid)[0]).name == PROGRAM


def _is_of(pid: int, stack: str) -> bool:
    return stack in _arguments(pid)


def _arguments(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").split("\0")
    except OSError:  # it has ended
        return [""]
