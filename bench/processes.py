"""`Processes`: memory and processor time of a process and all below it; `busy`: of the machine."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

PAUSE = 0.25  # seconds between two looks
MEBIBYTE = 1 << 10  # kibibytes, which /proc counts in
TICKS = os.sysconf("SC_CLK_TCK")


class _Process(NamedTuple):
    name: str
    own: int  # ticks of its own threads
    total: int  # with what its ended children took
    started: int


class Processes:
    """Looks at the process ``root`` and its descendants for as long as the block lasts."""

    def __init__(self, root: int, pause: float = PAUSE) -> None:
        self._root, self._peak, self._pause = root, 0, pause
        self._seen: dict[tuple[int, int], _Process] = {}
        self._told = Counter[str]()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Processes:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def steady(self) -> int:
        """MiB of the root now."""
        return _resident(self._root) // MEBIBYTE

    def peak(self) -> int:
        """MiB of all together when they took most, since the last time this was asked."""
        found, self._peak = self._peak, 0
        return found // MEBIBYTE

    def seconds(self) -> Counter[str]:
        """Program → processor seconds since the last time this was asked.

        "" is the sum, which is exact. What a program took after the last look at it, before it
        ended, is missing from its own.
        """
        self._note()
        now = Counter[str]()
        for one in self._seen.values():
            now[one.name] += one.own
        now[""] = sum(one.total for one in map(_process, _family(self._root)) if one)
        since = Counter({name: ticks - self._told[name] for name, ticks in now.items()})
        self._told = now
        return Counter({name: ticks / TICKS for name, ticks in since.items()})

    def _look(self) -> None:
        while not self._ended.wait(self._pause):
            self._peak = max(self._peak, sum(map(_resident, self._note())))

    def _note(self) -> list[int]:
        family = _family(self._root)
        for identity in family:
            if found := _process(identity):
                self._seen[identity, found.started] = found
        return family


def busy(seconds: float) -> float:
    """The share of the machine's processors that is in use during the next ``seconds``."""
    before = _idle()
    time.sleep(seconds)
    return max(0.0, 1 - (_idle() - before) / TICKS / seconds / (os.cpu_count() or 1))


def _idle() -> int:
    """Ticks that all processors together have had nothing to do."""
    first, _, _ = Path("/proc/stat").read_text().partition("\n")
    return sum(map(int, first.split()[4:6]))


def _family(root: int) -> list[int]:
    found = [root]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += map(int, task.read_text().split())
            except OSError:
                continue
    return found


def _process(identity: int) -> _Process | None:
    try:
        head, _, rest = Path(f"/proc/{identity}/stat").read_text().rpartition(")")
    except OSError:
        return None
    words = rest.split()
    ticks = [int(word) for word in words[11:15]]
    return _Process(head.partition("(")[2], sum(ticks[:2]), sum(ticks), int(words[19]))


def _resident(process: int) -> int:
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    lines = (line.split() for line in status.splitlines())
    return next((int(words[1]) for words in lines if words[0] == "VmRSS:"), 0)
