"""A gRPC channel to a pod: over TLS without a check of the certificate, or plain.

A picker makes its own certificate, without a name in it; gateways do not check it either. gRPC for
Python always checks, so TLS ends in a relay on loopback.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator

import grpc
from kubelet.relay import Relay, join

__all__ = ["Connect", "channel"]

Connect = Callable[[str, int], socket.socket]
"""(address, port) → a connection with a pod."""


@contextlib.contextmanager
def channel(connect: Connect, address: str, port: int, *, secure: bool) -> Iterator[grpc.Channel]:
    """A channel to a pod, closed in the end."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    serve = _serve(connect, address, port, secure=secure)
    relay = asyncio.run_coroutine_threadsafe(serve, loop).result()
    local = relay.server.sockets[0].getsockname()[1]
    try:
        with grpc.insecure_channel(f"127.0.0.1:{local}") as opened:
            yield opened
    finally:
        asyncio.run_coroutine_threadsafe(relay.close(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _serve(connect: Connect, address: str, port: int, *, secure: bool) -> Relay:
    context = _context() if secure else None

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            connection = await asyncio.to_thread(connect, address, port)
            connection.setblocking(False)
            there = await asyncio.open_connection(
                sock=connection, ssl=context, server_hostname="" if secure else None
            )
        except OSError:
            writer.close()
            return
        await join((reader, writer), there)

    relay = Relay(handle)
    relay.server = await asyncio.start_server(relay, "127.0.0.1", 0)
    return relay


def _context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    return context
