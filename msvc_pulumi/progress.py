"""What a command says while it works: lines that stay, and how far its tasks are.

`Progress` is what the library takes, anything that is called with a finished line. A `Display` is
one that shows tasks as well: on a terminal one moving line for each that lasts longer than
`DELAY`, elsewhere a line a minute. No colours, no other stream than standard error.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO

__all__ = ["Display", "Progress", "Task", "clock", "is_terminal", "print_progress"]

Progress = Callable[[str], None]
"""Receives one finished line of text at a time."""

DELAY = 2.0  # seconds that a task lasts before it gets a moving line
FRAME = 0.25  # seconds between two pictures
MINUTE = 60.0  # seconds between two lines about the same task where nothing can move

_UP = "\x1b[{}A"
_CLEAR = "\r\x1b[J"


def is_terminal(stream: TextIO) -> bool:
    """Whether lines on ``stream`` can be written over: a terminal with control codes."""
    return stream.isatty() and os.environ.get("TERM", "") not in ("", "dumb")


def clock(seconds: float) -> str:
    """A duration as people read it: ``0:07``, ``12:30``, ``1:02:03``."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@dataclass(slots=True)
class Task:
    """One thing that takes its time; ``note`` says how far it is and may be changed any time."""

    title: str
    expected: float = 0.0
    """Seconds it will take; 0 where nobody knows."""
    note: str = ""
    began: float = field(default_factory=time.monotonic)
    told: float = field(default_factory=time.monotonic)

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self.began

    def count(self, done: int, total: int, what: str) -> None:
        """It is at ``done`` of ``total``."""
        self.note = f"{done} of {total} {what}"

    def __str__(self) -> str:
        expected = f" of about {clock(self.expected)}" if self.expected else ""
        return f"{self.title}  {clock(self.elapsed)}{expected}{f', {self.note}' * bool(self.note)}"


class Display:
    """Shows lines and tasks; called with a line, it is a `Progress`. Safe to use from any thread.

    Lines go to ``say``, moving ones to ``terminal`` where there is one.
    """

    def __init__(
        self, say: Progress, *, terminal: TextIO | None = None, is_silent: bool = False
    ) -> None:
        self._say, self._terminal, self._is_silent = say, terminal, is_silent
        self._tasks: list[Task] = []
        self._drawn = 0
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._watcher: threading.Thread | None = None

    @classmethod
    def of(cls, progress: Progress) -> Display:
        """``progress`` itself, or one that says what it has to say through it."""
        return progress if isinstance(progress, Display) else cls(progress)

    @classmethod
    def standard(cls, *, is_silent: bool = False) -> Display:
        """The one of standard error, as it is at this moment; silent if so wished."""
        terminal = sys.stderr if is_terminal(sys.stderr) else None
        return cls(print_progress, terminal=terminal, is_silent=is_silent)

    def __call__(self, line: str) -> None:
        """Say ``line``, which stays."""
        if self._is_silent:
            return
        with self._lock:
            self._erase()
            self._say(line)
            self._draw()

    def announce(self, task: Task) -> None:
        """Say at once that it has begun, where nothing can move."""
        if self._terminal is None:
            expected = f", about {clock(task.expected)}" if task.expected else ""
            self(f"{task.title}{expected} …")

    @contextmanager
    def task(self, title: str, *, expected: float = 0.0) -> Iterator[Task]:
        """Show the task until the block ends."""
        task = Task(title, expected)
        if self._is_silent:
            yield task
            return
        with self._lock:
            self._tasks.append(task)
            if self._watcher is None:
                self._watcher = threading.Thread(target=self._watch, daemon=True)
                self._watcher.start()
        try:
            yield task
        finally:
            with self._lock:
                self._tasks.remove(task)
                self._erase()
                self._draw()
                self._changed.notify_all()

    def _watch(self) -> None:
        with self._lock:
            while self._tasks:
                if self._terminal is None:
                    for task in self._tasks:
                        if time.monotonic() - task.told >= MINUTE:
                            task.told = time.monotonic()
                            self._say(str(task))
                else:
                    self._erase()
                    self._draw()
                self._changed.wait(FRAME)
            self._watcher = None

    def _erase(self) -> None:
        if self._terminal is not None and self._drawn:
            self._terminal.write(_UP.format(self._drawn) + _CLEAR)
            self._terminal.flush()
            self._drawn = 0

    def _draw(self) -> None:
        if self._terminal is None:
            return
        width = shutil.get_terminal_size().columns - 1
        lines = [str(task)[:width] for task in self._tasks if task.elapsed >= DELAY]
        if lines:
            self._terminal.write("".join(f"{line}\n" for line in lines))
            self._terminal.flush()
            self._drawn = len(lines)


def print_progress(line: str) -> None:
    """One line on standard error, at once."""
    print(line, file=sys.stderr, flush=True)
