"""Chat completions: from a client by route, pool and picker to a model server, and back."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from gateway import Answer, Gateway, RouteError
from routed import CASES, ROUTED, Routed, is_ready
from services import eventually
from standins import missing, only_router

from msvc_pulumi.cluster import Cluster

READY_WITHIN = 180.0
PATH = "/v1/chat/completions"
TIMES = 12
TARGET = "granite-2"  # what the cases of our own rewrite to


def ask(gateway: Gateway, one: Routed, model: str, text: str) -> Answer:
    body = {"model": model, "messages": [{"role": "user", "content": text}], "max_tokens": 64}
    return gateway.post(one.name, one.route, PATH, body)


@pytest.fixture(params=[*ROUTED, *CASES])
def served(
    routed: Mapping[str, Routed], cluster: Cluster, request: pytest.FixtureRequest
) -> Routed:
    """A ModelService whose picker and decode pods are ready."""
    one = routed[request.param]
    if reason := only_router(one.plan) or missing(one.images()):
        pytest.skip(reason)

    def ready() -> bool:
        decode = one.role_pods(cluster, "decode")
        return all(map(is_ready, decode)) and any(map(is_ready, one.picker_pods(cluster)))

    eventually(ready, READY_WITHIN)
    return one


def test_requests_are_served_by_decode(served: Routed, gateway: Gateway, cluster: Cluster) -> None:
    """Every request reaches a decode pod under a name that it serves, and its answer the client."""
    port = served.app_port
    pods = {
        f"{pod['status']['podIP']}:{port}": pod["metadata"]["name"]
        for pod in served.role_pods(cluster, "decode")
    }
    eventually(lambda: is_answered(gateway, served), 30)  # pickers learn of pods a moment later
    for number in range(TIMES):
        text = f"question {number} " * 20
        answer = ask(gateway, served, served.model, text)

        assert answer.status == 200, answer
        assert answer.destination in pods
        assert answer.headers["x-inference-pod"] == pods[answer.destination]
        assert answer.sent["messages"] == [{"role": "user", "content": text}]
        assert answer.sent["model"] in served.targets
        assert answer.content["choices"][0]["message"]["content"].startswith("question")


def is_answered(gateway: Gateway, one: Routed) -> bool:
    try:
        return ask(gateway, one, one.model, "hello").status == 200
    except RouteError:
        return False


def test_unknown_models_are_refused(served: Routed, gateway: Gateway) -> None:
    """In v1alpha2 by the picker, which knows the InferenceModels; in v1 by the model server."""
    eventually(lambda: is_answered(gateway, served), 30)

    answer = ask(gateway, served, "nobody/knows-it", "hello")

    assert answer.status == 404
    assert bool(answer.destination) == (served.extension == "v1")
