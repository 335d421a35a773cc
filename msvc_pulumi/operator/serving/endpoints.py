"""`Endpoints`: health and metrics over HTTP, each on an address and with threads of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from ssl import SSLContext
from typing import Self

from msvc_pulumi.operator.serving.certificates import SelfSigned, from_files
from msvc_pulumi.operator.serving.httpserver import HttpServer, Request, Response
from msvc_pulumi.operator.serving.metrics import Metrics
from msvc_pulumi.operator.settings import Settings

__all__ = ["Endpoints"]

Page = Callable[[], tuple[int, str]]
Refusal = Callable[[Request], Response | None]


class Endpoints:
    """In ``with``: /healthz and /readyz on the health address, /metrics on the metrics address.

    ``refusal`` says who may not read the metrics.
    """

    def __init__(
        self, settings: Settings, metrics: Metrics, ready: Page, refusal: Refusal | None = None
    ) -> None:
        self._settings, self._stack = settings, ExitStack()
        health: dict[str, Page] = {"/healthz": lambda: (200, "ok\n"), "/readyz": ready}
        counters: dict[str, Page] = {"/metrics": lambda: (200, metrics.text())}
        self._health = partial(_answer, health, None)
        self._metrics = partial(_answer, counters, refusal)

    def __enter__(self) -> Self:
        """Raises OSError: an address is taken, or a certificate cannot be read."""
        settings = self._settings
        with ExitStack() as stack:
            if settings.health_address:
                stack.enter_context(HttpServer(settings.health_address, self._health))
            if settings.metrics_address:
                context: Callable[[], SSLContext] | None = None
                if settings.metrics_certificate:
                    # It is renewed while the operator runs.
                    context = partial(from_files, *settings.metrics_certificate)
                    context()  # one that cannot be read is to be known at the start
                elif settings.metrics_secure:
                    context = SelfSigned()
                server = HttpServer(settings.metrics_address, self._metrics, context=context)
                stack.enter_context(server)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


def _answer(pages: Mapping[str, Page], refusal: Refusal | None, request: Request) -> Response:
    """The page that ``request`` names; who may not read it is not told whether there is one."""
    refused = refusal(request) if refusal else None
    if refused is not None:
        return refused
    if request.method not in ("GET", "HEAD"):
        return Response(405, "only GET and HEAD\n", (("Allow", "GET, HEAD"),))
    page = pages.get(request.path)
    return Response(*page()) if page else Response(404, "not found\n")
