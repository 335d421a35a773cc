"""`SignalNote`: signals are noted, for whoever asks at a moment that suits.

An exception out of a signal handler can strike anywhere: between a process's start and the note of
its id, or inside a lock of the standard library, which then stays locked for ever.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any, Self

__all__ = ["SignalNote"]


class SignalNote:
    """In ``with``, the signals ``numbers`` do nothing but set ``received``.

    With ``unhandled`` only those that nobody else handles. Only in the main thread, which alone
    gets signals.
    """

    def __init__(self, *numbers: signal.Signals, unhandled: bool = False) -> None:
        self.received: int | None = None
        self._numbers, self._unhandled = numbers, unhandled
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in self._numbers:
                handler = signal.getsignal(number)
                default = handler in (signal.SIG_DFL, signal.default_int_handler)
                if default or not self._unhandled:
                    self._before[number] = handler
                    signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self.received = number
