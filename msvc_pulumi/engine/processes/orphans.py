"""What outlives an engine that was killed: `end_session` and `end_plugins` end it.

A plugin notices minutes later that its engine is gone, or never, and until then goes on with what
it was asked for: an object that it is about to try again would come to be after all.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

__all__ = ["end_plugins", "end_session"]

PLUGIN = "pulumi-"  # how the names of all of them begin
SESSION = 3  # among the fields of /proc/PID/stat that follow the program's name


def end_session(leader: int) -> None:
    """No process of the session that ``leader`` began is left, where there is /proc."""
    _kill(pid for pid in _processes() if _session(pid) == leader)


def end_plugins(folder: Path) -> None:
    """No plugin is left that works in a folder below ``folder``, as its engine did."""
    _kill(pid for pid in _processes() if _is_plugin(pid) and folder in _folder(pid).parents)


def _kill(processes: Iterator[int]) -> None:
    for pid in processes:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def _processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*")]


def _session(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[SESSION])
    except OSError:  # it has ended
        return 0


def _is_plugin(pid: int) -> bool:
    try:
        program = Path(f"/proc/{pid}/cmdline").read_text(errors="replace").split("\0")[0]
    except OSError:
        return False
    return Path(program).name.startswith(PLUGIN)


def _folder(pid: int) -> Path:
    try:
        return Path(f"/proc/{pid}/cwd").readlink()
    except OSError:
        return Path()
