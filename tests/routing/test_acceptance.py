"""Real endpoint pickers run with what we generate: words, environment, probes, token, rights."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from typing import Any

import grpc
import pytest
from audit import requests, verbs
from gateway.channel import channel
from kubelet import Kubelet
from kubelet.probes import HEALTH_METHOD, health_answer, health_question
from routed import CASES, ROUTED, Routed, is_ready
from services import eventually
from standins import generation, only_router

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.local import LocalControlPlane

READY_WITHIN = 120.0  # seconds; two cores run all of them at once
SERVICE = "envoy.service.ext_proc.v3.ExternalProcessor"
# Granted and yet not to be seen in the log: why.
LISTED = (
    "who may list them all may read each; charts of the pickers grant it, and a release may ask"
)
NOT_SERVED = "the local plane has no definitions of the llm-d router"
WATCHED = "pickers of v1 list by a watch where the server can, and list where it cannot"
ROUTER_VERBS = ("get", "list", "watch")
ELECTED = "charts of the pickers grant it; a lock is read, made and updated, and no more"
REPEATED = "an event that repeats an earlier one within minutes"
UNSEEN = {
    **{
        (group, resource, "get"): LISTED
        for group, resource in (
            ("", "pods"),
            ("inference.networking.x-k8s.io", "inferencepools"),
            ("inference.networking.x-k8s.io", "inferencemodels"),
            ("inference.networking.x-k8s.io", "inferenceobjectives"),
            ("inference.networking.x-k8s.io", "inferencemodelrewrites"),
            ("inference.networking.k8s.io", "inferencepools"),
        )
    },
    **{
        (group, resource, "list"): WATCHED
        for group, resource in (
            ("inference.networking.x-k8s.io", "inferenceobjectives"),
            ("inference.networking.x-k8s.io", "inferencemodelrewrites"),
            ("inference.networking.k8s.io", "inferencepools"),
        )
    },
    **{
        ("coordination.k8s.io", "leases", verb): ELECTED
        for verb in ("list", "watch", "patch", "delete")
    },
    ("", "events", "patch"): REPEATED,
    **{
        ("llm-d.ai", resource, verb): NOT_SERVED
        for resource in ("inferenceobjectives", "inferencemodelrewrites")
        for verb in ROUTER_VERBS
    },
}


def runs(one: Routed) -> Routed:
    """Skips, with the reason, what no program from a registry can stand for."""
    if reason := only_router(one.plan):
        pytest.skip(reason)
    return one


def container(one: Routed) -> Mapping[str, Any]:
    [found] = one.picker["spec"]["template"]["spec"]["containers"]
    return found


@pytest.mark.parametrize("name", [*ROUTED, *CASES])
def test_picker_becomes_ready(
    routed: Mapping[str, Routed], cluster: Cluster, kubelet: Kubelet, name: str
) -> None:
    """It never ends, is denied nothing, and its health says SERVING."""
    one = runs(routed[name])
    assert generation(container(one)["image"]), "no program stands for it"

    pods = one.picker_pods
    elects = any("leader-election" in word for word in container(one)["args"])
    expected = 1 if elects else one.picker["spec"].get("replicas", 1)
    eventually(lambda: sum(map(is_ready, pods(cluster))) == expected, READY_WITHIN)

    for pod in pods(cluster):
        [state] = pod["status"]["containerStatuses"]
        log = kubelet.log(one.name, pod["metadata"]["name"], "epp")
        assert state["restartCount"] == 0, log
        assert "forbidden" not in log.lower()
        if is_ready(pod):
            eventually(lambda pod=pod: health(kubelet, pod, container(one)) == "SERVING", 30)


def health(kubelet: Kubelet, pod: Mapping[str, Any], picker: Mapping[str, Any]) -> str:
    """What the picker's health service says of its own service."""
    words = " ".join(picker["args"])
    stated = re.search(r"grpc-?[hH]ealth-?[pP]ort[= ](\d+)", words)
    port = int(stated[1]) if stated else 9003
    with channel(kubelet.connect, pod["status"]["podIP"], port, secure=False) as opened:
        ask = opened.unary_unary(HEALTH_METHOD)
        try:
            return health_answer(ask(health_question(SERVICE), timeout=30))
        except grpc.RpcError as error:
            return str(error)


def test_rights_granted_are_rights_used(
    routed: Mapping[str, Routed], cluster: Cluster, control_plane: LocalControlPlane
) -> None:
    """No picker asks for what it may not, and all that Roles grant some picker asks for."""
    working = {name: one for name, one in routed.items() if not only_router(one.plan)}
    for one in working.values():
        eventually(lambda one=one: any(map(is_ready, one.picker_pods(cluster))), READY_WITHIN)
    granted = {name: verbs(one.rules) for name, one in working.items()}
    wanted = set().union(*granted.values()) - UNSEEN.keys()

    def used() -> dict[str, set[tuple[str, str, str]]]:
        return {name: asked(control_plane, one) for name, one in working.items()}

    with contextlib.suppress(AssertionError):
        eventually(lambda: set().union(*used().values()) >= wanted, 30)
    found = used()
    assert wanted <= set().union(*found.values())
    for name in working:
        assert found[name] <= granted[name]
    assert set().union(*granted.values()) >= UNSEEN.keys(), "reasons for what is not granted"


def asked(control_plane: LocalControlPlane, one: Routed) -> set[tuple[str, str, str]]:
    """(group, resource, verb) of the picker's requests, of which none was refused."""
    account = one.picker["spec"]["template"]["spec"]["serviceAccountName"]
    user = f"system:serviceaccount:{one.name}:{account}"
    made = requests(control_plane.layout.audit, user=user)
    assert not [each for each in made if each.forbidden]
    return {(each.group, each.resource, each.verb) for each in made}
