"""The test kubelet does with pods what a node does with them, and leaves nothing behind."""

from __future__ import annotations

import copy
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubelet import Image, Kubelet
from kubelet.isolation import has_users
from routed import is_ready
from services import eventually

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.local import LocalControlPlane

CASES = yaml.safe_load((Path(__file__).parent / "pods.yaml").read_text())
WITHIN = 40.0
SLEEP = {"name": "main", "command": ["sleep"]}


def pod(namespace: str, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    """A pod of the machine's own programs where it names no image."""
    spec = copy.deepcopy(dict(spec))
    for container in [*spec.get("initContainers", ()), *spec["containers"]]:
        container.setdefault("image", "machine")
    spec.setdefault("terminationGracePeriodSeconds", 1)
    metadata = {"name": name, "namespace": namespace, "labels": {"role": "tested"}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def matches(found: Any, stated: Any) -> bool:
    """Whether ``found`` has what is stated; a restart count has to be reached."""
    if isinstance(stated, dict):
        return isinstance(found, dict) and all(
            found.get(key, 0) >= value if key == "restartCount" else matches(found.get(key), value)
            for key, value in stated.items()
        )
    if isinstance(stated, list):
        return len(found or ()) == len(stated) and all(map(matches, found, stated))
    return bool(found == stated)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_pods_run_as_on_a_node(
    case: Mapping[str, Any], cluster: Cluster, kubelet: Kubelet, namespace: str
) -> None:
    if case.get("root") and not has_users():
        pytest.skip("only root can give processes another user")
    for each in case.get("objects", ()):
        metadata = {**each["metadata"], "namespace": namespace}
        cluster.create({**each, "metadata": metadata})
    names = [f"pod-{number}" for number in range(case.get("copies", 1))]
    for name in names:
        cluster.create(pod(namespace, name, case["spec"]))

    for name in names:

        def as_stated(name: str = name) -> bool:
            found = cluster.get("v1", "Pod", name, namespace)
            assert found is not None
            ready = case["ready"] is None or is_ready(found) == case["ready"]
            return ready and matches(found["status"], case.get("status", {}))

        eventually(as_stated, WITHIN)
        for container, line in case.get("log", {}).items():
            eventually(
                lambda name=name, container=container, line=line: (
                    line in kubelet.log(namespace, name, container)
                ),
                WITHIN,
            )


def test_a_pod_ends_within_its_grace_period(
    cluster: Cluster, kubelet: Kubelet, namespace: str
) -> None:
    """Who does not end on SIGTERM is killed after it; sidecars end after the others."""
    stubborn = "trap '' TERM; echo up; while :; do sleep 0.1; done"
    polite = "trap 'date +%s.%N; exit 0' TERM; while :; do sleep 0.1; done"
    spec = {
        "terminationGracePeriodSeconds": 3,
        "initContainers": [
            {"name": "sidecar", "restartPolicy": "Always", "command": ["sh", "-c", polite]}
        ],
        "containers": [{"name": "main", "command": ["sh", "-c", stubborn]}],
    }
    cluster.create(pod(namespace, "ends", spec))
    eventually(lambda: "up" in kubelet.log(namespace, "ends", "main"), WITHIN)
    eventually(lambda: is_ready(cluster.get("v1", "Pod", "ends", namespace) or {}), WITHIN)

    began = time.monotonic()
    cluster.delete("v1", "Pod", "ends", namespace)
    cluster.wait("v1", "Pod", "ends", namespace, until=lambda found: found is None, timeout=WITHIN)

    assert 2.5 < time.monotonic() - began < 25
    assert "is killed 3 s after SIGTERM" in kubelet.log(namespace, "ends", "main")
    assert "sidecar ended with 0" in kubelet.log(namespace, "ends", "sidecar")


def test_a_token_is_void_when_its_pod_is_gone(
    cluster: Cluster, kubelet: Kubelet, namespace: str
) -> None:
    token = "/var/run/secrets/kubernetes.io/serviceaccount/token"
    spec = {
        "containers": [{"name": "main", "command": ["sh", "-c", f"cat {token}; echo; sleep 1000"]}]
    }
    cluster.create(pod(namespace, "holder", spec))
    eventually(lambda: "ey" in kubelet.log(namespace, "holder", "main"), WITHIN)
    log = kubelet.log(namespace, "holder", "main")
    [held] = [line for line in log.splitlines() if line.startswith("ey")]
    review = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenReview",
        "metadata": {"name": ""},
        "spec": {"token": held},
    }

    def reviewed() -> Mapping[str, Any]:
        path = "/apis/authentication.k8s.io/v1/tokenreviews"
        status: Mapping[str, Any] = cluster.server.request("POST", path, body=review)["status"]
        return status

    assert reviewed()["user"]["username"] == f"system:serviceaccount:{namespace}:default"
    cluster.delete("v1", "Pod", "holder", namespace)
    eventually(lambda: not reviewed().get("authenticated"), WITHIN)


def test_nothing_outlives_the_kubelet(kubelet: Kubelet, tmp_path: Path) -> None:
    """Neither a process nor a name of the network, also where it has no chance to tidy up; the
    next kubelet runs the pods that were bound to its nodes. All this beside another kubelet."""
    before, mark = set(os.listdir("/sys/class/net")), f"{os.getpid()}.5"
    with LocalControlPlane(tmp_path / "local", nodes=()) as plane, plane.cluster() as cluster:
        cluster.wait("v1", "ServiceAccount", "default", "default", until=bool, timeout=300)
        cluster.create(pod("default", "lasting", {"containers": [{**SLEEP, "args": [mark]}]}))
        for number, end in enumerate(("killed", "stopped")):
            folder = tmp_path / str(number)
            with Kubelet(plane.kubeconfig, folder, {"machine": Image(user=0)}) as running:
                eventually(lambda: processes(mark), WITHIN)
                if end == "killed":
                    os.kill(running.pid, signal.SIGKILL)
                    eventually(lambda: not processes(mark), WITHIN)
            assert not processes(mark)
            assert not processes(str(folder))
            eventually(lambda: set(os.listdir("/sys/class/net")) == before, WITHIN)


def processes(word: str) -> list[str]:
    """Those that have ``word`` in their command line."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if word in line:
            found.append(line)
    return found
