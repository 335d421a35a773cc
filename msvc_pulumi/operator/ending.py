"""`Ending`: whether this process was asked to end, before kopf listens for that and after."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType, TracebackType
from typing import Self

__all__ = ["Ending"]

NUMBERS = (signal.SIGINT, signal.SIGTERM)


class Ending:
    """In ``with``, SIGINT and SIGTERM are noted. An exception could strike anywhere."""

    def __init__(self) -> None:
        self._asked: int | None = None
        self._before: dict[int, object] = {}

    def asked(self) -> bool:
        return self._asked is not None

    def pass_on(self) -> None:
        """Send the signal again, for a handler that was not there when it came."""
        if self._asked is not None:
            os.kill(os.getpid(), self._asked)

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in NUMBERS:
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # it is what signal gave

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._asked = number
