"""One request's talk with an endpoint picker (Envoy's external processing, bodies streamed)."""

from __future__ import annotations

import queue
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import grpc

from gateway.messages import METHOD, ProcessingRequest, ProcessingResponse

__all__ = ["Decision", "Picking"]

TIMEOUT = 30.0
Message = Any


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
        self._outgoing: queue.SimpleQueue[Message] = queue.SimpleQueue()
        process = channel.stream_stream(
            METHOD, ProcessingRequest.SerializeToString, ProcessingResponse.FromString
        )
        self._incoming = process(iter(self._outgoing.get, None), timeout=TIMEOUT)

    def close(self) -> None:
        """Ends the stream."""
        self._outgoing.put(None)
        self._incoming.cancel()

    def request(self, headers: Mapping[str, str], body: bytes) -> Decision:
        """The picker's decision. Raises grpc.RpcError where there is none."""
        self._send(request_headers={"headers": _headers(headers)})
        self._send(request_body={"body": body, "end_of_stream": True})
        decision = Decision()
        for answer in self._incoming:
            part = answer.WhichOneof("response")
            if part == "immediate_response":
                own = answer.immediate_response
                decision.status, decision.own = own.status.code, own.body
                decision.added = dict(_added(own.headers))
                return decision
            changes = getattr(answer, part).response
            decision.added.update(_added(changes.header_mutation))
            decision.removed += changes.header_mutation.remove_headers
            if part == "request_body" and _take(changes.body_mutation, decision):
                return decision
        return decision

    def response(self, status: int, headers: Mapping[str, str], body: bytes) -> dict[str, str]:
        """Headers that the picker adds to the model server's response."""
        answered = _headers({":status": str(status), **headers})
        self._send(response_headers={"headers": answered})
        self._send(response_body={"body": body, "end_of_stream": True})
        added: dict[str, str] = {}
        for answer in self._incoming:
            part = answer.WhichOneof("response")
            if part == "response_headers":
                added.update(_added(answer.response_headers.response.header_mutation))
            if part == "response_body":
                break
        return added

    def _send(self, **part: Message) -> None:
        self._outgoing.put(ProcessingRequest(**part))


def _take(mutation: Message, decision: Decision) -> bool:
    """Whether the new body is whole now."""
    kind = mutation.WhichOneof("mutation")
    if kind == "streamed_response":
        decision.body = (decision.body or b"") + mutation.streamed_response.body
        return bool(mutation.streamed_response.end_of_stream)
    if kind == "body":
        decision.body = mutation.body
    return True


def _headers(values: Mapping[str, str]) -> Message:
    return {
        "headers": [{"key": name, "raw_value": value.encode()} for name, value in values.items()]
    }


def _added(mutation: Message) -> Iterator[tuple[str, str]]:
    for each in mutation.set_headers:
        yield each.header.key.lower(), each.header.raw_value.decode() or each.header.value
