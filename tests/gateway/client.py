"""`Gateway.post`: one request from a client to a model server and back."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
from collections.abc import Mapping
from typing import Any

import grpc

from gateway.answer import Answer
from gateway.channel import Connect, channel
from gateway.picking import Decision, Picking
from gateway.route import RouteError, resolve
from msvc_pulumi.cluster import Cluster

__all__ = ["Gateway"]

DESTINATION = "x-gateway-destination-endpoint"
TIMEOUT = 30.0
NUMBERS = itertools.count(1)


class Gateway:
    """A gateway of one cluster; ``connect`` reaches its pods."""

    def __init__(self, cluster: Cluster, connect: Connect) -> None:
        self._cluster, self._connect = cluster, connect

    def post(
        self,
        namespace: str,
        route: str,
        path: str,
        body: Mapping[str, Any],
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """What a client gets for a request of that route.

        Raises RouteError where no picker can be asked or one does not answer.
        """
        address, port = resolve(self._cluster, namespace, route, path).pickers[0]
        content = json.dumps(body).encode()
        asked = {
            ":method": "POST",
            ":path": path,
            ":authority": "gateway.test",
            ":scheme": "http",
            "content-type": "application/json",
            "content-length": str(len(content)),
            "x-request-id": f"test-{next(NUMBERS)}",
            **(headers or {}),
        }
        with channel(self._connect, address, port, secure=True) as opened:
            picking = Picking(opened)
            try:
                return self._exchange(picking, path, asked, content)
            except grpc.RpcError as error:
                raise RouteError(f"the picker at {address}:{port} fails: {error}") from error
            finally:
                picking.close()

    def _exchange(
        self, picking: Picking, path: str, asked: Mapping[str, str], content: bytes
    ) -> Answer:
        decision = picking.request(asked, content)
        if decision.status:
            return Answer(decision.status, decision.added, decision.own)
        destination = decision.added.get(DESTINATION, "").split(",")[0]
        if not destination:
            raise RouteError("the picker names no destination")
        sent = content if decision.body is None else decision.body
        address, _, port = destination.rpartition(":")
        headers = _headers(asked, decision, len(sent))
        connection = http.client.HTTPConnection(address, int(port), timeout=TIMEOUT)
        with contextlib.closing(connection):
            connection.sock = self._connect(address, int(port))
            connection.request("POST", path, sent, headers)
            response = connection.getresponse()
            body = response.read()
        answered = {name.lower(): value for name, value in response.getheaders()}
        added = picking.response(response.status, answered, body)
        return Answer(
            response.status,
            {**answered, **added},
            body,
            destination,
            decision.added,
            json.loads(sent),
        )


def _headers(asked: Mapping[str, str], decision: Decision, length: int) -> dict[str, str]:
    """What is sent to the model server; what begins with a colon is HTTP/2's first line."""
    headers = {**asked, **decision.added, "content-length": str(length)}
    left_out = {*decision.removed, *(name for name in headers if name.startswith(":"))}
    return {name: value for name, value in headers.items() if name not in left_out}
