"""`HttpServer`: short answers over HTTP or HTTPS, whatever its callers do.

One thread talks with all callers, so one that says nothing costs a socket and no thread. Callers,
what they may send and how long they may take are bounded; those who have no answer to wait for make
room for new ones, the oldest first. A connection carries one request.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Self

import h11

__all__ = ["HttpServer", "Request", "Response"]

logger = logging.getLogger(__name__)

HEAD_BYTES = 16 * 1024
"""Bound on a request's line and headers, to within what is read at a time."""
BODY_BYTES = 1024 * 1024
"""Bound on what is read and dropped of a body, so that its sender gets the answer."""
THREADS = 2
"""That answer."""
CALLERS = 64
CALLER_SECONDS = 10.0
"""For the handshake, the request and the answer together."""
PAUSE_AFTER_FAILURE = 0.5  # seconds, when there is no file descriptor left for a caller
CHUNK = 4096


@dataclass(frozen=True, slots=True)
class Request:
    """The head of a request; ``path`` is without its query, names of headers are lower case."""

    method: str
    path: str
    headers: dict[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Response:
    """``headers`` are sent beside type and length of ``text``."""

    status: int
    text: str
    headers: tuple[tuple[str, str], ...] = ()


class HttpServer:
    """In ``with``: answers at ``address`` (host:port, no host is every interface).

    ``answer`` is called in one of a few threads; ``context`` gives the TLS context of each
    new connection, None is plain HTTP.
    """

    def __init__(
        self,
        address: str,
        answer: Callable[[Request], Response],
        *,
        context: Callable[[], ssl.SSLContext] | None = None,
        seconds: float = CALLER_SECONDS,
    ) -> None:
        self._address, self._answer, self._context = address, answer, context
        self._seconds = seconds
        self._pool = ThreadPoolExecutor(THREADS, f"http-{address}")
        self._open: dict[asyncio.Task[None], bool] = {}
        """Conversations, oldest first, and whether the caller has an answer to wait for."""
        self._thread = threading.Thread(target=self._run, name=f"http-{address}", daemon=True)

    def __enter__(self) -> Self:
        host, _, port = self._address.rpartition(":")
        host = host.strip("[]")
        # Every interface of both families where there are both, as in Go.
        both = not host and socket.has_dualstack_ipv6()
        family = socket.AF_INET6 if both or ":" in host else socket.AF_INET
        self._socket = socket.create_server(
            (host, int(port)), family=family, dualstack_ipv6=both, backlog=CALLERS
        )
        self._socket.setblocking(False)
        self._loop = asyncio.new_event_loop()
        self._accepting = self._loop.create_task(self._accept())
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._accepting.cancel)
        self._thread.join()
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._socket.close()

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._accepting)
        except asyncio.CancelledError:
            pass
        finally:
            self._loop.close()

    async def _accept(self) -> None:
        try:
            while True:
                try:
                    caller, _ = await self._loop.sock_accept(self._socket)
                except OSError as problem:
                    logger.warning("%s takes no callers: %s", self._address, problem)
                    await asyncio.sleep(PAUSE_AFTER_FAILURE)
                    continue
                self._admit(caller)
        finally:
            for task in [*self._open]:
                task.cancel()
            await asyncio.gather(*self._open, return_exceptions=True)
            await asyncio.sleep(0)  # for what ends with a connection

    def _admit(self, caller: socket.socket) -> None:
        if len(self._open) >= CALLERS:
            idle = next((task for task, waits in self._open.items() if not waits), None)
            if idle is None:
                caller.close()
                return
            idle.cancel()
            self._open.pop(idle)
        task = self._loop.create_task(self._converse(caller))
        self._open[task] = False

        def over(task: asyncio.Task[None]) -> None:
            self._open.pop(task, None)
            caller.close()  # a task that was cancelled before it began would not

        task.add_done_callback(over)

    async def _converse(self, caller: socket.socket) -> None:
        transport: asyncio.BaseTransport | None = None
        try:
            async with asyncio.timeout(self._seconds):
                reader = asyncio.StreamReader(limit=CHUNK)
                protocol = asyncio.StreamReaderProtocol(reader)
                caller.setblocking(False)
                secure = self._context() if self._context else None
                transport, _ = await self._loop.connect_accepted_socket(
                    lambda: protocol, caller, ssl=secure
                )
                writer = asyncio.StreamWriter(transport, protocol, reader, self._loop)
                await self._serve(reader, writer)
        except (OSError, TimeoutError, ssl.SSLError, h11.ProtocolError) as problem:
            logger.debug("a caller of %s got no answer: %r", self._address, problem)
        except Exception:
            logger.exception("a caller of %s got no answer", self._address)
        finally:
            if isinstance(transport, asyncio.WriteTransport):
                transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_BYTES)
        request = None
        try:
            request = await _request(peer, reader)
        except h11.RemoteProtocolError as problem:
            status = problem.error_status_hint
            response = Response(status, "the request is too long or malformed\n")
        else:
            if request is None:
                return
            self._waits(True)
            response = await self._loop.run_in_executor(
                self._pool, partial(self._answer_safely, request)
            )
        is_head = request is not None and request.method == "HEAD"
        writer.write(_bytes(peer, response, is_head=is_head))
        await writer.drain()
        self._waits(False)  # one that does not leave must not keep others out
        await _drop(reader, writer)

    def _waits(self, waits: bool) -> None:
        """Whether the caller of the present conversation has an answer to wait for."""
        task = asyncio.current_task()
        if task in self._open:
            self._open[task] = waits

    def _answer_safely(self, request: Request) -> Response:
        try:
            return self._answer(request)
        except Exception:
            logger.exception("no answer for %s", request.path)
            return Response(500, "internal error\n")


async def _request(peer: h11.Connection, reader: asyncio.StreamReader) -> Request | None:
    """What the caller wants, None if it left. Raises h11.RemoteProtocolError."""
    while True:
        event = peer.next_event()
        if event is h11.NEED_DATA:
            peer.receive_data(await reader.read(CHUNK))
        elif isinstance(event, h11.Request):
            path = event.target.decode("latin-1").partition("?")[0]
            headers = {name.decode(): value.decode("latin-1") for name, value in event.headers}
            return Request(event.method.decode(), path, headers)
        else:
            return None


def _bytes(peer: h11.Connection, response: Response, *, is_head: bool) -> bytes:
    content = response.text.encode()
    head = h11.Response(
        status_code=response.status,
        reason=HTTPStatus(response.status).phrase,
        headers=[
            ("Content-Type", "text/plain; version=0.0.4; charset=utf-8"),
            ("Content-Length", str(len(content))),
            ("X-Content-Type-Options", "nosniff"),
            ("Connection", "close"),
            *response.headers,
        ],
    )
    body = [] if is_head else [h11.Data(data=content)]
    parts = [peer.send(event) for event in (head, *body, h11.EndOfMessage())]
    return b"".join(part for part in parts if part)


async def _drop(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The caller has the answer: one whose body lies unread would get a reset instead."""
    if writer.can_write_eof():
        writer.write_eof()
    else:  # TLS says so by closing
        writer.close()
    left = BODY_BYTES
    while left > 0 and (dropped := await reader.read(CHUNK)):
        left -= len(dropped)
