"""`Patience`: how long requests are tried again at a server that is busy, and who is told."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field

from msvc_pulumi.cluster.errors import ClusterError
from msvc_pulumi.progress import MINUTE, Progress

__all__ = ["Patience"]

PAUSE = 1.0  # seconds between two tries
BUSY = frozenset({429, 502, 503, 504})
# Of an API server whose etcd is slow, and of one that has just begun.
OVERLOADED = re.compile(
    r"etcdserver: |leader changed|not yet been synced|[Tt]imeout: |request timed out|"
    r"timed out waiting|context deadline exceeded|connection re(?:fused|set)"
)
# What it says of an object with a wrong type, by the same code.
MISTAKEN = "failed to create typed patch object"
ABSENT = re.compile(r"refused|not known|no route|resolution|unreachable", re.IGNORECASE)


@dataclass(slots=True)
class Patience:
    """Requests that fail only because a server or this machine is busy may take ``seconds``.

    ``absent`` is how long one waits for a server that is not there at all. ``progress`` gets a word
    when waiting begins, and once a minute.
    """

    seconds: float
    progress: Progress
    absent: float = 0.0
    told: float = field(default=float("-inf"), init=False)

    def pause(self, error: ClusterError, began: float) -> None:
        """Return when the request that began then is to be tried again, or raise ``error``."""
        end = began + self._allowed(error)
        if time.monotonic() + PAUSE > end:
            raise error
        if time.monotonic() - self.told > MINUTE:
            self.told = time.monotonic()
            left = end - time.monotonic()
            self.progress(f"waiting for the cluster, {left:.0f} s at most: {error}")
        time.sleep(PAUSE)

    def _allowed(self, error: ClusterError) -> float:
        text = str(error)
        if error.status:
            is_slow = MISTAKEN not in text and OVERLOADED.search(text) is not None
            passes = error.status in BUSY or (error.status == 500 and is_slow)
            return self.seconds if passes else 0.0
        if not any(item.code == "cluster-unreachable" for item in error.diagnostics):
            return 0.0
        return self.absent if ABSENT.search(text) else self.seconds
