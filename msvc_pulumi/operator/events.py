"""Events of what users write: `handlers` tells kopf what to watch, and what to do then.

kopf keeps the watch streams alive and ends on a signal. Its handlers for changes are not used: they
keep a copy of every object in an annotation of it, and run one object at a time. What ModelServices
own is watched by `childwatch`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import kopf

from msvc_pulumi.cluster.kubeconfig import Connection
from msvc_pulumi.operator.watch.fleet import Fleet, key_of
from msvc_pulumi.operator.work.reconciler import Reconciler

__all__ = ["KINDS", "connection_info", "handlers", "settings"]

# Tokens of a pod are renewed on disk every hour; the old one stays good for minutes.
LOGIN_LIFETIME = timedelta(minutes=10)
EVENT_PAUSE = 0.05  # seconds within which events of one object are taken as one
LONGEST_PAUSE = 30.0  # seconds between tries at what the server refuses
GATHERING = 0.15  # seconds in which edits made together become one update

MODEL_SERVICES = ("llm-d.ai", "v1alpha1", "modelservices")
CONFIG_MAPS = ("", "v1", "configmaps")
KINDS = (MODEL_SERVICES, CONFIG_MAPS)
"""(group, version, plural) of everything that is watched here."""


def handlers(
    connection: Connection,
    fleet: Fleet,
    reconciler: Reconciler,
    *,
    start: Callable[[], None],
    stop: Callable[[], None],
) -> kopf.OperatorRegistry:
    """What kopf is to do."""
    registry = kopf.OperatorRegistry()

    @kopf.on.login(registry=registry)
    async def login(**_: Any) -> kopf.AiohttpSession:
        return connection_info(connection)

    @kopf.on.startup(registry=registry)
    def begin(**_: Any) -> None:
        start()

    @kopf.on.cleanup(registry=registry)
    def end(**_: Any) -> None:
        stop()

    @kopf.on.event(*MODEL_SERVICES, registry=registry)
    async def model_service(event: Any, **_: Any) -> None:
        seen = dict(event["object"])
        key = key_of(seen)
        if event["type"] == "DELETED":
            fleet.forget_service(key)
            reconciler.forget(key)
            reconciler.queue.add(key)
        elif fleet.see_service(seen):
            reconciler.queue.add(key, GATHERING)

    @kopf.on.event(*CONFIG_MAPS, registry=registry)
    async def base_config(event: Any, **_: Any) -> None:
        gone = event["type"] == "DELETED"
        for key in fleet.see_base_config(dict(event["object"]), gone=gone):
            reconciler.queue.add(key, GATHERING)

    return registry


class _NeverGivenUp:
    """Pauses in seconds. After the last kopf ends, with all its streams: one namespace that has no
    role yet, or none any more, would end the work for all others.
    """

    def __iter__(self) -> Iterator[float]:
        return itertools.chain((1, 1, 2, 3, 5, 8), itertools.repeat(LONGEST_PAUSE))


class _NothingKept(kopf.DiffBaseStorage):
    """Only handlers of changes ask what is new; kopf would copy each object to find it out."""

    def build(self, **_: Any) -> kopf.BodyEssence:
        return kopf.BodyEssence()

    def fetch(self, **_: Any) -> None:
        return None

    def store(self, **_: Any) -> None:
        return None


def settings() -> kopf.OperatorSettings:
    """kopf without what the operator does itself: events, finalizers, a look at all definitions."""
    result = kopf.OperatorSettings()
    result.posting.enabled = False
    result.scanning.disabled = True
    result.watching.chunk_size = 500
    result.queueing.idle_timeout = EVENT_PAUSE
    result.queueing.exit_timeout = 1.0
    result.networking.error_backoffs = _NeverGivenUp()
    result.persistence.diffbase_storage = _NothingKept()
    return result


def connection_info(connection: Connection) -> kopf.AiohttpSession:
    """The same connection for kopf."""
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, ssl=connection.tls or False),
        headers={**connection.encoding, **connection.credential(True)},
        proxy=connection.proxy,
        middlewares=[_named(connection.server_name)] if connection.server_name else [],
    )
    return kopf.AiohttpSession(
        aiohttp_session=session,
        server=connection.server,
        default_namespace=connection.namespace,
        expiration=datetime.now(UTC) + LOGIN_LIFETIME,
    )


def _named(server: str) -> aiohttp.ClientMiddlewareType:
    """Greets the server by the name that its certificate is to have."""

    async def send(
        request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        request.server_hostname = server
        return await handler(request)

    return send
