"""`Health`: what /readyz says of this process."""

from __future__ import annotations

__all__ = ["Health"]


class Health:
    """Ready is whoever works, and whoever would work if the leader ended.

    A replica that stands by has to be ready: a Deployment goes on rolling only when it is.
    """

    def __init__(self) -> None:
        self._page = (503, "starting\n")
        self.leading = False

    def page(self) -> tuple[int, str]:
        """HTTP status and text."""
        return self._page

    def starts(self) -> None:
        """The cluster has not been looked at yet, or cannot be now."""
        self._page = (503, "starting\n")

    def stands_by(self, leader: str) -> None:
        self._page = (200, f"ok: standing by, {leader or 'nobody'} leads\n")

    def leads(self) -> None:
        """This process holds the lease, and has not begun to work."""
        self.leading = True
        self.starts()

    def works(self) -> None:
        self._page = (200, "ok\n")

    def ends(self) -> None:
        self._page = (503, "ending\n")
