"""`Endpoints`: health and metrics over HTTP, each on an address of its own."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from msvc_pulumi.operator.metrics import Metrics
from msvc_pulumi.operator.settings import Settings

__all__ = ["Endpoints"]

Page = Callable[[], tuple[int, str]]


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
                server = ThreadingHTTPServer((host, int(port)), _handler(pages))
                self._servers.append(server)
                if certificate:
                    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
                    context.load_cert_chain(*certificate)
                    server.socket = context.wrap_socket(server.socket, server_side=True)
                threading.Thread(target=server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()


def _handler(pages: Mapping[str, Page]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10

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
