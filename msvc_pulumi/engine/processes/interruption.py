"""`Interruption`: signals that would end the command are raised where it can clean up."""

from __future__ import annotations

import signal

from msvc_pulumi.engine.processes.signalnote import SignalNote

__all__ = ["Interruption"]


class Interruption(SignalNote):
    """In ``with``, SIGINT, SIGTERM and SIGHUP wait for `check`, or else for the end of the block.

    Only where nobody else handles them.
    """

    def __init__(self) -> None:
        super().__init__(signal.SIGINT, signal.SIGTERM, signal.SIGHUP, unhandled=True)

    def check(self) -> None:
        """Raises KeyboardInterrupt or, for the other signals, SystemExit if one has come."""
        if self.received is not None:
            number, self.received = self.received, None
            if number == signal.SIGINT:
                raise KeyboardInterrupt
            raise SystemExit(128 + number)

    def __exit__(self, *raised: object) -> None:
        super().__exit__(*raised)
        if not any(raised):
            self.check()
