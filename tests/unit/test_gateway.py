"""The gateway of the tests reads routes as the Gateway API says, and loses no stream."""

from __future__ import annotations

import datetime
import socket
from collections.abc import Iterator
from concurrent import futures
from typing import Any

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from gateway.channel import channel
from gateway.messages import METHOD, ProcessingRequest, ProcessingResponse
from gateway.picking import Picking
from gateway.route import RouteError, backend_of

STREAMS = 12


def rule(name: str, *paths: tuple[str, str], weight: int = 1) -> dict[str, Any]:
    matches = [{"path": {"type": kind, "value": value}} for kind, value in paths]
    return {"matches": matches, "backendRefs": [{"name": name, "weight": weight}]}


RULES = [
    rule("all"),
    rule("v1", ("PathPrefix", "/v1")),
    rule("chat", ("Exact", "/v1/chat"), ("PathPrefix", "/v2/")),
    rule("none", ("PathPrefix", "/v1/off"), weight=0),
]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/", "all"),
        ("/v1", "v1"),
        ("/v1/models", "v1"),
        ("/v10", "all"),
        ("/v1/chat", "chat"),
        ("/v1/chat/more", "v1"),
        ("/v2/x", "chat"),
        ("/v1/off/x", "v1"),
    ],
)
def test_the_longest_match_wins(path: str, name: str) -> None:
    assert backend_of({"spec": {"rules": RULES}}, path)["name"] == name


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ([], "no rule of the HTTPRoute takes /x"),
        ([rule("a", ("PathPrefix", "/y"))], "no rule of the HTTPRoute takes /x"),
        ([rule("a", ("RegularExpression", "/.*"))], "this gateway cannot match"),
        ([{"matches": [{"headers": []}]}], "this gateway cannot match"),
    ],
)
def test_what_leads_nowhere_is_said(rules: list[dict[str, Any]], words: str) -> None:
    with pytest.raises(RouteError, match=words):
        backend_of({"spec": {"rules": rules}}, "/x")


@pytest.fixture(scope="module")
def picker() -> Iterator[int]:
    """The port of a processor that adds a header and names the length of bodies."""
    server = grpc.server(futures.ThreadPoolExecutor(4))
    service, _, method = METHOD.strip("/").partition("/")
    handler = grpc.stream_stream_rpc_method_handler(
        processed, ProcessingRequest.FromString, ProcessingResponse.SerializeToString
    )
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(service, {method: handler}),)
    )
    port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([pair()]))
    server.start()
    yield port
    server.stop(None).wait()


def processed(requests: Iterator[Any], _: grpc.ServicerContext) -> Iterator[Any]:
    for request in requests:
        if request.WhichOneof("request") == "request_headers":
            yield ProcessingResponse(request_headers={})
        else:
            length = str(len(request.request_body.body)).encode()
            added = [{"header": {"key": "X-Length", "raw_value": length}}]
            body = {"streamed_response": {"body": b"new", "end_of_stream": True}}
            changes = {"header_mutation": {"set_headers": added}, "body_mutation": body}
            yield ProcessingResponse(request_body={"response": changes})


def pair() -> tuple[bytes, bytes]:
    """A key and a certificate without a name, as pickers make them."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "picker")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return private, certificate.public_bytes(serialization.Encoding.PEM)


def connect(address: str, port: int) -> socket.socket:
    return socket.create_connection((address, port))


def test_every_stream_gets_through(picker: int) -> None:
    """Over TLS, each by a connection of its own, whatever the size of the body."""
    for number in range(STREAMS):
        with channel(connect, "127.0.0.1", picker, secure=True) as opened:
            picking = Picking(opened)
            decision = picking.request({":path": "/"}, b"x" * number * 9000)
            picking.close()
        assert (decision.added, decision.body) == ({"x-length": str(number * 9000)}, b"new")


def test_a_picker_that_is_not_there_is_an_error() -> None:
    with channel(connect, "127.0.0.1", 1, secure=True) as opened:
        picking = Picking(opened)
        with pytest.raises(grpc.RpcError):
            picking.request({}, b"")
        picking.close()
