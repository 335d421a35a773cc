"""`Endpoints`: health and metrics over HTTP, each on an address of its own."""

from __future__ import annotations

import logging
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from msvc_pulumi.operator.metrics import Metrics
from msvc_pulumi.operator.settings import Settings

__all__ = ["Endpoints"]

logger = logging.getLogger(__name__)

Page = Callable[[], tuple[int, str]]
CALLER_SECONDS = 10.0  # for a caller to say what it wants


class Endpoints:
    """In ``with``: /healthz and /readyz on the health address, /metrics on the metrics address."""

    def __init__(self, settings: Settings, metrics: Metrics, ready: Page) -> None:
        health: dict[str, Page] = {"/healthz": lambda: (200, "ok\n"), "/readyz": ready}
        counters: dict[str, Page] = {"/metrics": lambda: (200, metrics.text())}
        self._wanted = [
            (settings.health_address, health, None),
            (settings.metrics_address, counters, settings.metrics_certificate),
        ]
        self._servers: list[ThreadingHTTPServer] = []

    def __enter__(self) -> Self:
        for address, pages, certificate in self._wanted:
            if address:
                host, _, port = address.rpartition(":")
                server = _Server((host, int(port)), _handler(pages), certificate)
                self._servers.append(server)
                threading.Thread(target=server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()


class _Server(ThreadingHTTPServer):
    def __init__(
        self,
        address: tuple[str, int],
        handler: type[BaseHTTPRequestHandler],
        certificate: tuple[Path, Path] | None,
    ) -> None:
        self._certificate = certificate
        if certificate:
            _context(certificate)  # one that cannot be read is to be known at the start
        super().__init__(address, handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        # In the caller's own thread, so that one which says nothing keeps nobody else waiting; and
        # with the certificate as it is now, for it is renewed while the operator runs.
        caller: socket.socket = request
        caller.settimeout(CALLER_SECONDS)
        if self._certificate:
            with _context(self._certificate).wrap_socket(caller, server_side=True) as secure:
                super().finish_request(secure, client_address)
        else:
            super().finish_request(caller, client_address)

    def handle_error(self, *_: Any) -> None:
        logger.debug("a caller of %s got no answer", self.server_address, exc_info=True)


def _context(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    return context


def _handler(pages: Mapping[str, Page]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = pages.get(self.path.partition("?")[0])
            code, text = page() if page else (404, "not found\n")
            content = text.encode()
            self.send_response(code)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Probes come every few seconds: nobody wants to read of them."""

    return Handler
