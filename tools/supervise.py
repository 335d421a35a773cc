"""Run a command and end with it everything that it started: ``python tools/supervise.py COMMAND…``.

Control planes detach from who starts them, so that `msvc local up` can return; those of tests must
not stay when a run is interrupted. Whatever loses its parent below this process becomes its child
(prctl(2), PR_SET_CHILD_SUBREAPER), so nothing gets away. Exits as the command did, or with 1 if
that was 0 and something was left; with 128 and the number of the signal when it was interrupted.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType

PR_SET_CHILD_SUBREAPER = 36
LEAVE = 10.0  # seconds in which what was told to end before the command ended may do so
ORDERLY = 60.0  # seconds that an interrupted command may take to end what it began
GRACE = 5.0  # seconds between being asked to end and being killed


def main(command: Sequence[str]) -> int:
    if not sys.platform.startswith("linux"):
        return subprocess.call(command)
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    interrupted: list[int] = []

    def interrupt(number: int, _frame: FrameType | None) -> None:
        how = signal.SIGKILL if interrupted else signal.SIGINT  # asked twice, or too slow
        interrupted.append(number)
        signal.alarm(int(ORDERLY))
        _send(process.pid, how)

    # Before the command begins: what is handled here is not ignored there, as it is in background
    # jobs of a shell.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, interrupt)
    # In a group of its own: it is interrupted once, by us, and its own children by itself.
    process = subprocess.Popen(command, process_group=0)
    status = _reap_until(process.pid)
    signal.alarm(0)
    left = _end_descendants(0.0 if interrupted else LEAVE)
    if interrupted:
        return 128 + interrupted[0]
    for line in left:
        print(f"left behind, and ended: {line}", file=sys.stderr)
    return status or int(bool(left))


def _reap_until(pid: int) -> int:
    """How that child ended; the others that ended meanwhile are no zombies any more."""
    while True:
        ended, status = os.waitpid(-1, 0)
        if ended == pid:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def _end_descendants(leave: float) -> list[str]:
    """Nothing of ours runs; the command lines of what had to be told to end."""
    _wait(leave)
    left = [line for pid in _descendants() if (line := _command_line(pid))]
    for pid in _descendants():
        _send(pid, signal.SIGTERM)
    _wait(GRACE)
    while _children(os.getpid()):
        for pid in _descendants():
            _send(pid, signal.SIGKILL)
        _wait(0.1)
    return left


def _wait(seconds: float) -> None:
    """Until no child is left, at most so long."""
    end = time.monotonic() + seconds
    while True:
        try:
            ended, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not ended:
            if time.monotonic() >= end:
                return
            time.sleep(0.02)


def _send(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _descendants() -> list[int]:
    found = _children(os.getpid())
    for pid in found:
        found += _children(pid)
    return found


def _children(pid: int) -> list[int]:
    found: list[int] = []
    with suppress(OSError):  # it has just ended
        for task in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):
                found += map(int, (task / "children").read_text().split())
    return found


def _command_line(pid: int) -> str:
    try:
        text = Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    except OSError:
        return ""
    return " ".join(text.split("\0"))[:300].strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
