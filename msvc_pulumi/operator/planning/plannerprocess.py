"""`PlannerProcess`: one planner as the operator sees it, a new one whenever it has ended."""

from __future__ import annotations

import os
import select
import signal
import socket
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from msvc_pulumi.operator.planning import limits
from msvc_pulumi.operator.planning.answer import Answer, decode
from msvc_pulumi.operator.planning.bounds import HANGING, Bounds
from msvc_pulumi.operator.planning.forks import Forks
from msvc_pulumi.operator.planning.job import Job
from msvc_pulumi.operator.planning.messages import TooLongError, receive, send
from msvc_pulumi.operator.planning.planner import SECONDS

__all__ = ["DiedError", "PlannerProcess", "SlowError"]

LOOK = 0.05  # seconds between looks at a planner that has not answered
TALK = 10.0  # seconds for it to take a job, or to say what it has begun to say
ASLEEP = "STt"  # states in /proc: neither running nor waiting for a processor or a disk
TICKS = os.sysconf("SC_CLK_TCK")


class SlowError(Exception):
    """The plan took longer than it may."""


class DiedError(Exception):
    """The planner ended for a reason that may have nothing to do with the plan."""


class PlannerProcess:
    """Plans one job at a time. For one thread; a slow one gives way to others, by ``niceness``."""

    def __init__(self, forks: Forks, most: Bounds, niceness: int = 0) -> None:
        self._forks, self._most, self._niceness = forks, most, niceness
        self._running: tuple[int, socket.socket] | None = None

    def plan(self, job: Job, seconds: float) -> Answer:
        """What comes of ``job`` within ``seconds`` of processor time, or asleep.

        Raises:
            SlowError: it would have taken longer.
            DiedError: there is no answer.
        """
        if self._running and _says_something(self._running[1], 0.0):
            self.end()  # it has ended since it was asked last
        try:
            pid, channel = self._running or self._begun()
            send(channel, SECONDS.pack(seconds) + job.content)
            if not _answers(pid, channel, seconds):
                self.end()
                raise SlowError
            text = receive(channel, self._most.answer)
            answer = decode(text) if text is not None else None
        except TooLongError:
            self.end()
            return Answer(problems=(limits.answer(self._most),))
        except (OSError, ValueError) as error:
            code = self.end()
            raise DiedError(f"{_told(code)}, {error}") from error
        if answer is None:
            code = self.end()
            if code == -signal.SIGPROF:
                raise SlowError
            raise DiedError(_told(code))
        if answer.last:
            self.end()
        return replace(answer, last=False)

    def end(self) -> int | None:
        """Its exit code; it runs no more."""
        if self._running is None:
            return None
        pid, channel = self._running
        self._running = None
        channel.close()
        return self._forks.end(pid)

    def _begun(self) -> tuple[int, socket.socket]:
        self._running = _, channel = self._forks.fork(self._niceness)
        channel.settimeout(TALK)
        return self._running


def _answers(pid: int, channel: socket.socket, seconds: float) -> bool:
    """Whether it says something, or ends, before it took so long."""
    waited, asleep, began = 0.0, 0.0, None
    before = None
    while not _says_something(channel, LOOK):
        waited += LOOK
        now = _activity(pid)
        if now is None:
            if waited > HANGING:
                return False
            continue
        state, spent = now
        if began is None:
            began = spent
        if state in ASLEEP and spent == before:
            asleep += LOOK
        before = spent
        if spent - began + asleep > seconds + LOOK:
            return False
    return True


def _says_something(channel: socket.socket, seconds: float) -> bool:
    """Whether there is something to read within ``seconds``, or nothing will ever be."""
    poll = select.poll()
    poll.register(channel, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def _activity(pid: int) -> tuple[str, float] | None:
    """State and processor seconds of a process; None if the system does not say."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except (OSError, ValueError):
        return None
    return fields[0], (int(fields[11]) + int(fields[12])) / TICKS


def _told(code: int | None) -> str:
    if code is None:
        return "the planner could not be started, or nobody knows how it ended"
    if code < 0:
        with suppress(ValueError):
            return f"the planner was ended by {signal.Signals(-code).name}"
    return f"the planner ended with code {code}"
