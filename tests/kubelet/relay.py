"""Bytes across the border of the network namespace, through Unix sockets, which know no border.

Out of it, the kubelet and its pods reach the API server; into it, a test reaches pods.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

__all__ = ["Relay", "connect", "join", "serve_api_inside", "serve_api_outside", "serve_pods"]

CHUNK = 1 << 16
CONNECT_TIMEOUT = 10.0  # seconds
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]


async def join(one: Streams, other: Streams) -> None:
    """Whatever either side sends reaches the other; both are closed in the end."""
    writers = (one[1], other[1])
    try:
        await asyncio.gather(_pump(one[0], other[1]), _pump(other[0], one[1]))
    except asyncio.CancelledError:
        for writer in writers:
            writer.transport.abort()
        raise
    finally:
        for writer in writers:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError):
        if writer.can_write_eof():
            writer.write_eof()
        else:  # TLS has no half of a connection
            writer.close()


class Relay:
    """A server of connections, each in a task of its own; `close` ends them all."""

    def __init__(self, handle: Handler) -> None:
        self._handle = handle
        self._tasks: set[asyncio.Task[None]] = set()
        self.server: asyncio.Server

    def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # asyncio's own tasks for connections complain on being cancelled.
        task = asyncio.create_task(self._handle(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Nothing listens any more, and no connection is open."""
        self.server.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.server.wait_closed()


def _relayed(target: Callable[[], Awaitable[Streams]]) -> Handler:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there = await target()
        except OSError:
            writer.close()
            return
        await join((reader, writer), there)

    return serve


async def serve_api_outside(door: Path, host: str, port: int) -> Relay:
    """Who connects to ``door`` is connected with the API server."""
    relay = Relay(_relayed(lambda: asyncio.open_connection(host, port)))
    relay.server = await asyncio.start_unix_server(relay, door)
    return relay


async def serve_api_inside(door: Path, address: str, port: int) -> Relay:
    """Who connects to the address of the Service ``kubernetes`` comes to ``door``."""
    relay = Relay(_relayed(lambda: asyncio.open_unix_connection(door)))
    relay.server = await asyncio.start_server(relay, address, port)
    return relay


async def serve_pods(door: Path) -> Relay:
    """Who connects to ``door`` and writes ``ADDRESS PORT`` is connected with it (`connect`)."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address, _, port = (await reader.readline()).decode().strip().partition(" ")
        try:
            there = await asyncio.wait_for(
                asyncio.open_connection(address, int(port)), CONNECT_TIMEOUT
            )
        except (OSError, TimeoutError, ValueError) as problem:
            writer.write(f"{problem or type(problem).__name__}\n".encode())
            await writer.drain()
            writer.close()
            return
        writer.write(b"\n")
        await join((reader, writer), there)

    relay = Relay(serve)
    relay.server = await asyncio.start_unix_server(relay, door)
    return relay


def connect(door: Path, address: str, port: int, timeout: float = 30.0) -> socket.socket:
    """A connection with a pod. Raises ConnectionError if nobody listens there."""
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.settimeout(timeout)
        connection.connect(str(door))
        connection.sendall(f"{address} {port}\n".encode())
        answer = b""
        while not answer.endswith(b"\n"):  # byte by byte: what follows is the pod's
            byte = connection.recv(1)
            if not byte:
                raise ConnectionError("the kubelet has ended")
            answer += byte
    except BaseException:
        connection.close()
        raise
    if problem := answer.decode().strip():
        connection.close()
        raise ConnectionError(f"{address}:{port}: {problem}")
    return connection
