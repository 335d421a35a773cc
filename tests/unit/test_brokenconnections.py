"""A server closes kept connections when it likes: what may be asked again is, and nothing else."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from msvc_pulumi.cluster import ClusterError
from msvc_pulumi.cluster.apiserver import BREAKS, ApiServer
from msvc_pulumi.cluster.kubeconfig import Connection

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
APPLIED = "application/apply-patch+yaml"


class Server:
    """Hangs up at ``broken`` requests, once it has read them, and answers all others."""

    def __init__(self) -> None:
        self.broken, self.seen = 0, 0
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self.listening.getsockname()[1]}"

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            with suppress(OSError), connection:
                while connection.recv(4096):
                    self.seen += 1
                    if self.broken:
                        self.broken -= 1
                        break
                    connection.sendall(ANSWER)


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve)
    thread.start()
    yield server
    with suppress(OSError):
        server.listening.shutdown(socket.SHUT_RDWR)
    thread.join()
    server.listening.close()


@pytest.fixture
def client(server: Server) -> Iterator[ApiServer]:
    """One with a connection that it keeps."""
    client = ApiServer(Connection(server.address, "default", None, lambda _refresh: {}))
    client.request("GET", "/version")
    yield client
    client.close()


@pytest.mark.parametrize("broken", range(BREAKS + 1))
@pytest.mark.parametrize(
    ("method", "kind"), [("GET", ""), ("PATCH", APPLIED)], ids=["read", "applied"]
)
def test_what_changes_nothing_twice_is_asked_again(
    server: Server, client: ApiServer, method: str, kind: str, broken: int
) -> None:
    server.broken = broken
    content = b"{}" if kind else None
    assert client.request(method, "/version", content=content, content_type=kind) == {}
    assert server.seen == 2 + broken


@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT"])
def test_what_might_be_done_twice_is_not(server: Server, client: ApiServer, method: str) -> None:
    server.broken = 1
    with pytest.raises(ClusterError) as failed:
        client.request(method, "/version", content=b"{}")
    assert [one.code for one in failed.value.diagnostics] == ["cluster-unreachable"]
    assert server.seen == 2


def test_it_is_not_asked_for_ever(server: Server, client: ApiServer) -> None:
    server.broken = BREAKS + 1
    with pytest.raises(ClusterError) as failed:
        client.request("GET", "/version")
    assert [one.code for one in failed.value.diagnostics] == ["cluster-unreachable"]
    assert server.seen == 2 + BREAKS
