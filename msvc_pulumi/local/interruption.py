"""`Interruption`: signals that would end the command become exceptions, at a moment that suits."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Self

__all__ = ["Interruption"]

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interruption:
    """In ``with``: SIGINT raises KeyboardInterrupt, SIGTERM and SIGHUP raise SystemExit.

    Only where nobody else handles them, and only in the main thread, which alone gets signals.
    """

    def __init__(self) -> None:
        self._before: dict[signal.Signals, object] = {}
        self._held = False
        self._pending: int | None = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in NUMBERS:
                handler = signal.getsignal(number)
                if handler in (signal.SIG_DFL, signal.default_int_handler):
                    self._before[number] = handler
                    signal.signal(number, self._receive)
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

    @contextmanager
    def held(self) -> Iterator[None]:
        """A signal that comes meanwhile is raised at the end: what is done here is done whole."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
        if self._pending is not None:
            self._raise(self._pending)

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        if self._held:
            self._pending = number
        else:
            self._raise(number)

    def _raise(self, number: int) -> None:
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + number)
