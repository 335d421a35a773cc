"""`Interruption`: signals that would end the command are noted, and raised where it can clean up.

An exception out of a signal handler can strike anywhere: between a process's start and the note of
its id, or inside a lock of the standard library, which then stays locked for ever.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Self

__all__ = ["Interruption"]

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interruption:
    """In ``with``, SIGINT, SIGTERM and SIGHUP wait for `check`, or else for the end of the block.

    Only where nobody else handles them, and only in the main thread, which alone gets signals.
    """

    def __init__(self) -> None:
        self._before: dict[signal.Signals, object] = {}
        self._pending: int | None = None

    def check(self) -> None:
        """Raises KeyboardInterrupt or, for the other signals, SystemExit if one has come."""
        if self._pending is not None:
            number, self._pending = self._pending, None
            if number == signal.SIGINT:
                raise KeyboardInterrupt
            raise SystemExit(128 + number)

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in NUMBERS:
                handler = signal.getsignal(number)
                if handler in (signal.SIG_DFL, signal.default_int_handler):
                    self._before[number] = handler
                    signal.signal(number, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # it is what getsignal gave
        self._before.clear()
        if error is None:
            self.check()

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._pending = number
