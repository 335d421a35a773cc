"""A busy server is asked again, one that is not there only as long as that is allowed."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import yaml
from httpservers import Quiet, listening

from msvc_pulumi.cluster import Cluster, ClusterError, Patience, patience
from msvc_pulumi.cluster.errors import cluster_error, refusal, unreachable

CASES = [
    (refusal("GET /", 429, {"message": "slow down"}), "busy"),
    (refusal("GET /", 503, "the server is currently unable to handle the request"), "busy"),
    (refusal("GET /", 504, "gateway timeout"), "busy"),
    (refusal("PATCH /", 500, {"message": "etcdserver: request timed out"}), "busy"),
    (refusal("PATCH /", 500, {"message": "Timeout: request did not complete"}), "busy"),
    (
        refusal(
            "PATCH /",
            500,
            {
                "message": "failed to create typed patch object (n/r; HTTPRoute): "
                ".spec.rules[0].timeouts.request: expected string, got &value.valueUnstructured{10}"
            },
        ),
        "no",
    ),
    (refusal("PATCH /", 500, {"message": "a bug"}), "no"),
    (refusal("GET /", 404, {"message": "not found"}), "no"),
    (refusal("GET /", 403, {"message": "forbidden"}), "no"),
    (refusal("GET /", 422, {"message": "field is wrong"}), "no"),
    (unreachable("https://x", OSError("_ssl.c:989: The handshake operation timed out")), "busy"),
    (unreachable("https://x", OSError("timed out")), "busy"),
    (unreachable("https://x", OSError("[Errno 104] Connection reset by peer")), "busy"),
    (unreachable("https://x", OSError("[Errno 111] Connection refused")), "absent"),
    (unreachable("https://x", OSError("[Errno -2] Name or service not known")), "absent"),
    (unreachable("https://x", OSError("CERTIFICATE_VERIFY_FAILED: self-signed")), "no"),
    (cluster_error("kubeconfig-missing", "no kubeconfig", "make one"), "no"),
]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PAUSE", 0.01)


@pytest.mark.parametrize(("error", "kind"), CASES, ids=lambda value: str(value)[:40])
def test_only_what_passes_is_tried_again(error: ClusterError, kind: str) -> None:
    """What is refused for good is raised at once, with or without patience."""
    for allowed, patient in (("busy", Patience(60, str)), ("absent", Patience(0, str, absent=60))):
        if kind == allowed:
            patient.pause(error, patience.time.monotonic())
        else:
            with pytest.raises(ClusterError) as raised:
                patient.pause(error, patience.time.monotonic())
            assert raised.value is error


def test_it_says_what_it_waits_for_once_a_minute() -> None:
    said: list[str] = []
    patient = Patience(60, said.append)
    error = refusal("GET /", 503, "starting")
    for _ in range(3):
        patient.pause(error, patience.time.monotonic())
    assert len(said) == 1
    assert "waiting for the cluster" in said[0] and "starting" in said[0]


class Busy(Quiet, BaseHTTPRequestHandler):
    """Turns the first two requests away."""

    seen = 0

    def do_GET(self) -> None:
        type(self).seen += 1
        is_busy = type(self).seen <= 2
        self.send_response(503 if is_busy else 200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b'{"message": "starting"}' if is_busy else b'{"gitVersion": "v1"}')


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Iterator[Path]:
    """Of a server that is busy with its first two requests."""
    Busy.seen = 0
    with listening(Busy) as address:
        file = tmp_path / "kubeconfig"
        config = {
            "clusters": [{"name": "c", "cluster": {"server": address}}],
            "contexts": [{"name": "c", "context": {"cluster": "c"}}],
            "current-context": "c",
        }
        file.write_text(yaml.safe_dump(config))
        yield file


def test_a_request_is_made_again_until_it_is_answered(kubeconfig: Path) -> None:
    with Cluster.connect(kubeconfig, patience=Patience(30, str)) as cluster:
        assert cluster.server.request("GET", "/version") == {"gitVersion": "v1"}
    assert Busy.seen == 3


def test_without_patience_the_first_answer_counts(kubeconfig: Path) -> None:
    with Cluster.connect(kubeconfig) as cluster, pytest.raises(ClusterError):
        cluster.server.request("GET", "/version")
    assert Busy.seen == 1


def test_lost_patience_ends_the_waiting(kubeconfig: Path) -> None:
    with Cluster.connect(kubeconfig, patience=Patience(30, str)) as cluster:
        cluster.lose_patience()
        with pytest.raises(ClusterError):
            cluster.server.request("GET", "/version")
    assert Busy.seen == 1
