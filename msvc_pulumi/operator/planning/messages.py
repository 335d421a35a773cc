"""Messages between the operator and its planners: a length, then so many bytes."""

from __future__ import annotations

import socket
import struct

__all__ = ["TooLongError", "receive", "send"]

LENGTH = struct.Struct(">I")


class TooLongError(Exception):
    """The other side announces more than it may say."""


def send(channel: socket.socket, message: bytes) -> None:
    """Say ``message``. Raises OSError if nobody listens."""
    channel.sendall(LENGTH.pack(len(message)) + message)


def receive(channel: socket.socket, limit: int) -> bytes | None:
    """The next message, None if the other side has ended.

    Raises:
        TooLongError: it is longer than ``limit``.
        OSError: the channel is broken, or has a time-out that is over.
    """
    head = _exactly(channel, LENGTH.size)
    if head is None:
        return None
    (length,) = LENGTH.unpack(head)
    if length > limit:
        raise TooLongError
    return _exactly(channel, length)


def _exactly(channel: socket.socket, count: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < count:
        part = channel.recv(min(count - len(parts), 1 << 16))
        if not part:
            return None
        parts += part
    return bytes(parts)
