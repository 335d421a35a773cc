"""`Forks`: the operator's side of the fork server."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading

from msvc_pulumi.operator.planning import forkserver
from msvc_pulumi.operator.planning.bounds import Bounds
from msvc_pulumi.operator.planning.forkserver import END, FORK, MESSAGE

__all__ = ["Forks"]

START = 60.0  # seconds for it to load everything, on a machine that is busy with other things
ENDING = 5.0


class Forks:
    """Starts planners and says how they ended. Thread-safe.

    A fork server that has ended is replaced when the next planner is wanted; what it forked ends
    when its channels close.
    """

    def __init__(self, act: str, most: Bounds) -> None:
        self._act, self._most = act, most
        self._lock = threading.Lock()
        self._closed = False
        self._start()

    def fork(self, niceness: int) -> tuple[int, socket.socket]:
        """Process id and channel of a new planner. Raises OSError if there can be none."""
        ours, theirs = socket.socketpair()
        with self._lock, theirs:
            if self._process.poll() is not None and not self._closed:
                self._control.close()
                self._start()
            try:
                return self._asked(FORK, niceness, theirs), ours
            except OSError:
                ours.close()
                self._stop()
                raise

    def end(self, pid: int) -> int | None:
        """The exit code of a planner, which runs no more; None if nobody knows it."""
        with self._lock:
            try:
                return self._asked(END, pid)
            except OSError:
                return None

    def close(self) -> None:
        """Neither it nor any planner runs any more."""
        with self._lock:
            self._closed = True
            self._stop()

    def _start(self) -> None:
        self._control, theirs = socket.socketpair()
        self._control.settimeout(START)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, *forkserver.arguments(theirs.fileno(), self._act, self._most)],
                env={
                    "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path)),
                    "PYTHONUTF8": "1",
                },
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                cwd="/",
                process_group=0,  # what a terminal interrupts is the operator
            )

    def _stop(self) -> None:
        self._control.close()
        try:
            self._process.wait(ENDING)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _asked(self, what: bytes, number: int, file: socket.socket | None = None) -> int:
        message = MESSAGE.pack(what, number)
        if file is None:
            self._control.sendall(message)
        else:
            socket.send_fds(self._control, [message], [file.fileno()])
        answer = self._control.recv(MESSAGE.size, socket.MSG_WAITALL)
        if len(answer) < MESSAGE.size:
            raise ConnectionError("the fork server has ended")
        return int(MESSAGE.unpack(answer)[1])
