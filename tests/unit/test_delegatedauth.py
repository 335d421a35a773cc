"""Who may read metrics: what the cluster says of a caller, and for how long it counts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import httpx
import pytest
from httpservers import Quiet, listening
from storageservers import free_port

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.cluster.kubeconfig import Connection
from msvc_pulumi.operator.serving import delegatedauth
from msvc_pulumi.operator.serving.delegatedauth import (
    ALLOWED_SECONDS,
    REFUSED_SECONDS,
    DelegatedAuth,
)
from msvc_pulumi.operator.serving.endpoints import Endpoints
from msvc_pulumi.operator.serving.health import Health
from msvc_pulumi.operator.serving.httpserver import Request
from msvc_pulumi.operator.serving.metrics import Metrics
from msvc_pulumi.operator.settings import Settings

REVIEWS = {
    "/apis/authentication.k8s.io/v1": "TokenReview",
    "/apis/authorization.k8s.io/v1": "SubjectAccessReview",
}
USERS = {"reader": "prometheus", "stranger": "nobody"}
"""Token → user."""


def address() -> str:
    return f"127.0.0.1:{free_port()}"


class Reviewer:
    """An API server that answers reviews; the real one is asked by tests/operator."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.readers = {"prometheus"}
        self.broken = False
        reviewer = self

        class Handler(Quiet, BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                kind = REVIEWS[self.path]
                plural = f"{kind.lower()}s"
                self._say({"resources": [{"kind": kind, "name": plural, "namespaced": False}]})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                reviewer.asked[body["kind"]] += 1
                if reviewer.broken:
                    self.send_error(503)
                else:
                    self._say({"status": reviewer.review(body["kind"], body["spec"])})

            def _say(self, answer: dict[str, Any]) -> None:
                content = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        self.handler = Handler

    def review(self, kind: str, spec: dict[str, Any]) -> dict[str, Any]:
        if kind == "TokenReview":
            user = USERS.get(spec["token"])
            return {"authenticated": bool(user), "user": {"username": user, "groups": ["g"]}}
        wanted = {"path": "/metrics", "verb": "get"}
        known = spec["groups"] == ["g"] and spec["nonResourceAttributes"] == wanted
        return {"allowed": known and spec["user"] in self.readers}


@pytest.fixture
def reviewer() -> Reviewer:
    return Reviewer()


@pytest.fixture
def cluster(reviewer: Reviewer) -> Iterator[Cluster]:
    with (
        listening(reviewer.handler) as server,
        Cluster(Connection(server, "default", None, lambda _: {})) as made,
    ):
        yield made


@pytest.fixture
def auth(cluster: Cluster) -> Iterator[DelegatedAuth]:
    made = DelegatedAuth(cluster)
    yield made
    made.close()


def request(token: str, path: str = "/metrics") -> Request:
    return Request("GET", path, {"authorization": f"Bearer {token}"})


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (None, 401),
        ("Basic cmVhZGVyOng=", 401),
        ("Bearer", 401),
        ("Bearer unknown", 401),
        ("Bearer stranger", 403),
        ("Bearer reader", 200),
        ("bearer  reader", 200),
    ],
)
def test_metrics_are_for_those_who_may_get_them(
    auth: DelegatedAuth, authorization: str | None, status: int
) -> None:
    """As the cluster says; health is for everybody, for kubelet brings no token."""
    settings = Settings(metrics_address=address(), health_address=address(), metrics_secure=True)
    headers = {"Authorization": authorization} if authorization else {}
    with Endpoints(settings, Metrics(), Health().page, auth.refusal):
        url = f"https://{settings.metrics_address}"
        answer = httpx.get(f"{url}/metrics", headers=headers, verify=False)
        assert answer.status_code == status
        assert ("msvc_failures_total" in answer.text) == (status == 200)
        assert ("www-authenticate" in answer.headers) == (status == 401)
        # Nobody learns what else there is.
        other = httpx.get(f"{url}/other", headers=headers, verify=False)
        assert other.status_code in (401, 403)
        assert httpx.get(f"http://{settings.health_address}/healthz").status_code == 200
        with pytest.raises(httpx.TransportError):
            httpx.get(f"http://{settings.metrics_address}/metrics", headers=headers)


@pytest.mark.parametrize(
    ("token", "seconds", "reviews"),
    [("reader", ALLOWED_SECONDS, 2), ("stranger", REFUSED_SECONDS, 2), ("no", REFUSED_SECONDS, 1)],
)
def test_an_answer_is_good_for_a_while(
    cluster: Cluster, reviewer: Reviewer, token: str, seconds: float, reviews: int
) -> None:
    now = [0.0]
    auth = DelegatedAuth(cluster, clock=lambda: now[0])
    first = auth.refusal(request(token))
    now[0] = seconds - 0.1
    assert auth.refusal(request(token)) == first
    assert reviewer.asked.total() == reviews
    now[0] = seconds + 0.1
    assert auth.refusal(request(token)) == first
    assert reviewer.asked.total() == 2 * reviews
    auth.close()


def test_a_grant_that_goes_is_noticed(cluster: Cluster, reviewer: Reviewer) -> None:
    now = [0.0]
    auth = DelegatedAuth(cluster, clock=lambda: now[0])
    assert auth.refusal(request("reader")) is None
    reviewer.readers.clear()
    now[0] = ALLOWED_SECONDS + 0.1
    refused = auth.refusal(request("reader"))
    assert refused is not None
    assert refused.status == 403
    auth.close()


def test_few_answers_are_remembered(
    auth: DelegatedAuth, reviewer: Reviewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many tokens are tried; of those the oldest is forgotten first."""
    monkeypatch.setattr(delegatedauth, "ENTRIES", 3)
    for token in ("reader", "a", "b", "c"):
        auth.refusal(request(token))
    assert len(auth._remembered) == 3
    before = reviewer.asked["TokenReview"]
    auth.refusal(request("c"))
    assert reviewer.asked["TokenReview"] == before
    auth.refusal(request("reader"))
    assert reviewer.asked["TokenReview"] == before + 1


def test_an_answer_for_one_path_is_none_for_another(auth: DelegatedAuth) -> None:
    assert auth.refusal(request("reader")) is None
    refused = auth.refusal(request("reader", "/other"))
    assert refused is not None
    assert refused.status == 403


def test_who_cannot_be_checked_is_refused(auth: DelegatedAuth, reviewer: Reviewer) -> None:
    """While the cluster does not answer, and no longer."""
    reviewer.broken = True
    refused = auth.refusal(request("reader"))
    assert refused is not None
    assert refused.status == 500
    reviewer.broken = False
    assert auth.refusal(request("reader")) is None
