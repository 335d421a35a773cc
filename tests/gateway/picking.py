"""One request's talk with an endpoint picker (Envoy's external processing, bodies streamed)."""

from __future__ import annotations

import queue
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import grpc
from envoy.config.core.v3 import base_pb2
from envoy.service.ext_proc.v3 import external_processor_pb2 as messages
from envoy.service.ext_proc.v3 import external_processor_pb2_grpc as service

__all__ = ["Decision", "Picking"]

TIMEOUT = 30.0


@dataclass(slots=True)
class Decision:
    """What the picker made of a request: changes, or an answer of its own."""

    added: dict[str, str] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    body: bytes | None = None
    """The new body; none where it stays."""
    status: int = 0
    """Of the picker's own answer; 0 where the request goes on."""
    own: bytes = b""


class Picking:
    """A stream of its own for one request; `close` it."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._outgoing: queue.SimpleQueue[messages.ProcessingRequest | None] = queue.SimpleQueue()
        stub = service.ExternalProcessorStub(channel)
        self._incoming = stub.Process(iter(self._outgoing.get, None), timeout=TIMEOUT)

    def close(self) -> None:
        """Ends the stream."""
        self._outgoing.put(None)
        self._incoming.cancel()

    def request(self, headers: Mapping[str, str], body: bytes) -> Decision:
        """The picker's decision. Raises grpc.RpcError where there is none."""
        self._send(request_headers=messages.HttpHeaders(headers=_headers(headers)))
        self._send(request_body=messages.HttpBody(body=body, end_of_stream=True))
        decision = Decision()
        for answer in self._incoming:
            if answer.HasField("immediate_response"):
                own = answer.immediate_response
                decision.status, decision.own = own.status.code, own.body
                decision.added = dict(_added(own.headers))
                return decision
            part = answer.WhichOneof("response")
            common = getattr(answer, part).response
            decision.added.update(_added(common.header_mutation))
            decision.removed += common.header_mutation.remove_headers
            if part == "request_body" and _take(common.body_mutation, decision):
                return decision
        return decision

    def response(self, status: int, headers: Mapping[str, str], body: bytes) -> dict[str, str]:
        """Headers that the picker adds to the model server's response."""
        answered = _headers({":status": str(status), **headers})
        self._send(response_headers=messages.HttpHeaders(headers=answered))
        self._send(response_body=messages.HttpBody(body=body, end_of_stream=True))
        added: dict[str, str] = {}
        for answer in self._incoming:
            part = answer.WhichOneof("response")
            if part == "response_headers":
                added.update(_added(answer.response_headers.response.header_mutation))
            if part == "response_body":
                break
        return added

    def _send(self, **part: object) -> None:
        self._outgoing.put(messages.ProcessingRequest(**part))


def _take(mutation: object, decision: Decision) -> bool:
    """Whether the new body is whole now."""
    kind = mutation.WhichOneof("mutation")  # type: ignore[attr-defined]
    if kind == "streamed_response":
        streamed = mutation.streamed_response  # type: ignore[attr-defined]
        decision.body = (decision.body or b"") + streamed.body
        return bool(streamed.end_of_stream)
    if kind == "body":
        decision.body = mutation.body  # type: ignore[attr-defined]
    return True


def _headers(values: Mapping[str, str]) -> base_pb2.HeaderMap:
    return base_pb2.HeaderMap(
        headers=[
            base_pb2.HeaderValue(key=name, raw_value=value.encode())
            for name, value in values.items()
        ]
    )


def _added(mutation: messages.HeaderMutation) -> Iterator[tuple[str, str]]:
    for each in mutation.set_headers:
        header = each.header
        yield header.key.lower(), header.raw_value.decode() or header.value
