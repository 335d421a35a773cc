"""`Ending`: whether this process was asked to end, before kopf listens for that and after."""

from __future__ import annotations

import os
import signal

from msvc_pulumi.engine.processes.signalnote import SignalNote

__all__ = ["Ending"]


class Ending(SignalNote):
    """In ``with``, SIGINT and SIGTERM are noted."""

    def __init__(self) -> None:
        super().__init__(signal.SIGINT, signal.SIGTERM)

    def asked(self) -> bool:
        return self.received is not None

    def pass_on(self) -> None:
        """Send the signal again, for a handler that was not there when it came."""
        if self.received is not None:
            os.kill(os.getpid(), self.received)
