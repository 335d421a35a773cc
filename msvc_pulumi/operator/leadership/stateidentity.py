"""`StateIdentity`: a name for the state of an operator that no other state has.

Replicas that elect a leader compare it: one with a state of its own would not know what the others
made.
"""

from __future__ import annotations

import secrets

from msvc_pulumi.engine.state.bucket import Bucket

__all__ = ["StateIdentity"]

KEY = "msvc-operator-identity"


class StateIdentity:
    """The identity that is kept in ``bucket``; without one nothing is kept and nothing compared."""

    def __init__(self, bucket: Bucket | None) -> None:
        self._bucket = bucket

    def read(self) -> str:
        """The identity, "" if the state has none yet. Raises BucketError."""
        if self._bucket is None:
            return ""
        return (self._bucket.read(KEY) or b"").decode()

    def ensure(self) -> str:
        """The identity, new if there was none; for who is alone. Raises BucketError."""
        found = self.read()
        if self._bucket is not None and not found:
            found = secrets.token_hex(8)
            self._bucket.write(KEY, found.encode())
        return found

    def differs(self, other: str) -> bool:
        """Whether ``other`` is that of another state, as far as can be told. Raises BucketError."""
        return bool(other) and self._bucket is not None and self.read() != other
