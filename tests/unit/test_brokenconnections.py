"""A server closes kept connections when it likes: what may be asked again is, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest
from httpservers import Quiet, listening

from msvc_pulumi.cluster import ClusterError
from msvc_pulumi.cluster.apiserver import APPLY, BREAKS, ApiServer
from msvc_pulumi.cluster.kubeconfig import Connection


class Server(Quiet, BaseHTTPRequestHandler):
    """Hangs up at ``broken`` requests, once it has read them, and answers all others."""

    protocol_version = "HTTP/1.1"
    broken = seen = 0

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        type(self).seen += 1
        if self.broken:
            type(self).broken -= 1
            self.close_connection = True
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_PATCH = do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815


@pytest.fixture
def server() -> type[Server]:
    Server.broken = Server.seen = 0
    return Server


@pytest.fixture
def client(server: type[Server]) -> Iterator[ApiServer]:
    """One with a connection that it keeps."""
    with listening(server) as address:
        client = ApiServer(Connection(address, "default", None, lambda _refresh: {}))
        client.request("GET", "/version")
        yield client
        client.close()


@pytest.mark.parametrize("broken", range(BREAKS + 1))
@pytest.mark.parametrize(
    ("method", "kind"), [("GET", ""), ("PATCH", APPLY)], ids=["read", "applied"]
)
def test_what_changes_nothing_twice_is_asked_again(
    server: type[Server], client: ApiServer, method: str, kind: str, broken: int
) -> None:
    server.broken = broken
    content = b"{}" if kind else None
    assert client.request(method, "/version", content=content, content_type=kind) == {}
    assert server.seen == 2 + broken


@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT"])
def test_what_might_be_done_twice_is_not(
    server: type[Server], client: ApiServer, method: str
) -> None:
    server.broken = 1
    with pytest.raises(ClusterError) as failed:
        client.request(method, "/version", content=b"{}")
    assert [one.code for one in failed.value.diagnostics] == ["cluster-unreachable"]
    assert server.seen == 2


def test_it_is_not_asked_for_ever(server: type[Server], client: ApiServer) -> None:
    server.broken = BREAKS + 1
    with pytest.raises(ClusterError) as failed:
        client.request("GET", "/version")
    assert [one.code for one in failed.value.diagnostics] == ["cluster-unreachable"]
    assert server.seen == 2 + BREAKS
