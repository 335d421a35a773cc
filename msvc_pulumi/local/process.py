"""Processes that outlive the command that started them: `Process` never takes another for its own.

A process id is used again after its process ended, so each is kept with the time its process began.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from msvc_pulumi.local.failure import local_error

__all__ = ["Process", "find", "stop_all"]

KILL_WAIT = 30.0  # seconds until a killed process must be gone, on a machine that has no time
LINUX = sys.platform == "linux"


@dataclass(frozen=True, slots=True)
class Process:
    """One running or ended process; no other has the same id and ``began``, even after a reboot."""

    pid: int
    began: str

    @classmethod
    def of(cls, pid: int) -> Process | None:
        """The process that has this id now, or None (a zombie has ended)."""
        began = _began(pid)
        return cls(pid, began) if began else None

    @classmethod
    def start(cls, command: Sequence[str], *, folder: Path, log: Path) -> Process | None:
        """A new process detached from terminal and parent; None if it ended at once.

        Its output is appended to ``log``.
        """
        # The shell leaves at once, so the process belongs to init: a long-lived caller gets no
        # zombie, and no interrupt of the caller's terminal reaches it.
        shell = subprocess.run(
            ["/bin/sh", "-c", '"$@" >>"$0" 2>&1 & echo $!', str(log), *command],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            start_new_session=True,
            check=True,
        )
        return cls.of(int(shell.stdout))

    def alive(self) -> bool:
        """Whether this very process still runs."""
        return _began(self.pid) == self.began

    def send(self, number: signal.Signals) -> None:
        """Signals this process, and no other that got its id meanwhile."""
        with suppress(ProcessLookupError):
            if not LINUX:
                if self.alive():
                    os.kill(self.pid, number)
                return
            handle = os.pidfd_open(self.pid)  # from here on the id cannot pass to another
            try:
                if self.alive():
                    signal.pidfd_send_signal(handle, number)
            finally:
                os.close(handle)


def stop_all(processes: Iterable[Process], *, grace: float) -> None:
    """All of them have ended: asked to, and killed after ``grace`` seconds.

    Raises LocalError (local-stop) for one that survives being killed (it hangs in the kernel).
    """
    left = [process for process in processes if process.alive()]
    for number, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, KILL_WAIT)):
        for process in left:
            process.send(number)
        end = time.monotonic() + patience
        while left and time.monotonic() < end:
            left = [process for process in left if process.alive()]
            if left:
                time.sleep(0.02)
    if left:
        raise local_error(
            "local-stop", f"process {left[0].pid} cannot be ended", "see what it does with ps"
        )


def find(programs: Iterable[str], folder: Path) -> dict[int, str]:
    """Process id → program, for each of ``programs`` that runs with a path below ``folder``."""
    names, mark = set(programs), f"={folder}/"
    return {
        pid: name
        for pid, arguments in _commands()
        if (name := Path(arguments[0]).name) in names
        and any(mark in argument for argument in arguments[1:])
        and _began(pid)
    }


def _commands() -> Iterator[tuple[int, Sequence[str]]]:
    if LINUX:
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with suppress(OSError):
                    arguments = (
                        (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
                    )
                    if arguments[0]:
                        yield int(entry.name), arguments
        return
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,args="], capture_output=True, text=True, check=True
    ).stdout
    for line in listed.splitlines():
        pid, *arguments = line.split()
        if arguments:
            yield int(pid), arguments


def _began(pid: int) -> str:
    """When the process with this id began; empty if there is none or it is a zombie."""
    if LINUX:
        try:
            # The name in parentheses may itself contain spaces and parentheses (proc_pid_stat(5)).
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
            state, *rest = fields.rpartition(")")[2].split()
        except (OSError, ValueError):
            return ""
        # A zombie with threads is still closing its files and ports.
        ended = state == "X" or (state == "Z" and int(rest[16]) <= 1)
        return "" if ended else f"{_boot()}/{rest[18]}"
    asked = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    state, _, began = asked.stdout.strip().partition(" ")
    return "" if not state or state.startswith("Z") else began.strip()


@cache
def _boot() -> str:
    """What tells this run of the machine from others; process start times begin again with each."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:  # a sandbox may hide it
        return ""
