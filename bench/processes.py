"""`Processes`: how much memory a process and all below it take, now and at most."""

from __future__ import annotations

import threading
from pathlib import Path

PAUSE = 0.5  # seconds between two looks
MEBIBYTE = 1 << 10  # kibibytes, which /proc counts in


class Processes:
    """Looks at the process ``root`` and its descendants for as long as the block lasts."""

    def __init__(self, root: int, pause: float = PAUSE) -> None:
        self._root, self._peak, self._pause = root, 0, pause
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

    def _look(self) -> None:
        while not self._ended.wait(self._pause):
            self._peak = max(self._peak, sum(map(_resident, _family(self._root))))


def _family(root: int) -> list[int]:
    found = [root]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += map(int, task.read_text().split())
            except OSError:
                continue
    return found


def _resident(process: int) -> int:
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    lines = (line.split() for line in status.splitlines())
    return next((int(words[1]) for words in lines if words[0] == "VmRSS:"), 0)
