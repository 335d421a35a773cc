"""Runs ``go``: `run` ends with all that it started, also when it is told to stop."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

__all__ = ["Stopped", "environment", "run"]

POLL = 0.05  # seconds
LOOK = 1.0  # seconds between two looks at how far it is
TERM_WAIT = 5.0  # seconds it may take to end when it is told to


class Stopped(Exception):  # noqa: N818  nothing went wrong
    """It was told to stop."""


def environment() -> dict[str, str]:
    """Ours, for programs that run on this machine and need no C library."""
    variables = {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off"}
    for crossing in ("GOOS", "GOARCH"):
        variables.pop(crossing, None)
    return variables


def run(
    command: Sequence[str],
    folder: Path,
    *,
    output: IO[Any],
    errors: IO[Any],
    stop: threading.Event,
    look: Callable[[], None] = lambda: None,
) -> tuple[int, float]:
    """Exit code and processor seconds of ``command``; ``look`` is called now and then.

    Raises Stopped as soon as ``stop`` is set: the command has ended then, with all it started.
    """
    # A group of its own: the compilers that `go` starts end with it.
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=errors,
        process_group=0,
    )
    looked = time.monotonic()
    try:
        while True:
            # Not poll(): only wait4 says what the process and those it waited for have used.
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                process.returncode = os.waitstatus_to_exitcode(status)
                return process.returncode, usage.ru_utime + usage.ru_stime
            if stop.wait(POLL):
                raise Stopped
            if time.monotonic() - looked > LOOK:
                looked = time.monotonic()
                look()
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(timeout=TERM_WAIT)  # Go removes its work folder
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
