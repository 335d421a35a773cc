"""Templates that do not end, with nothing in the engines to stop them, stop nobody else."""

from __future__ import annotations

import copy
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from operator_process import HOME, OperatorProcess, kubeconfig_of
from services import (
    API_VERSION,
    BASE_CONFIG,
    condition,
    create_namespace,
    eventually,
    get,
    is_ready,
    model_service,
    wait_ready,
)
from storageservers import free_port

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.local import LocalControlPlane
from msvc_pulumi.operator.settings import Election

PROGRAM = Path(__file__).resolve().parents[1] / "unguarded_operator.py"
ENDLESS = {
    "go": "{{ range until 90000 }}{{ range until 90000 }}{{ end }}{{ end }}",
    "jinja2": "{% for a in range(90000) %}{% for b in range(90000) %}{% endfor %}{% endfor %}",
}
HANGING, GOOD = 10, 20
LATER = 15.0  # seconds that a good one may be ready later for the others, on a machine of its own
TOLD = 600.0  # seconds; what hangs gets little of a busy machine
SETTLE = 3.0  # seconds
PROBE_SECONDS = 1.0  # the kubelet's patience with a probe
BUSY = 2.0  # times as long as without the hanging ones, on a machine that has other things to do


class Unguarded(OperatorProcess):
    """The operator as it is, but for the meters in its planners."""

    @property
    def command(self) -> list[str]:
        program, *flags = super().command[1:3], *super().command[3:]
        assert program == ["-m", "msvc_pulumi"]
        return [sys.executable, str(PROGRAM), *flags]


class Probe:
    """Asks for a health page all the time, and keeps how long each answer took."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}/healthz"
        self._over = threading.Event()
        self.took: list[float] = []
        self._thread = threading.Thread(target=self._ask)
        self._thread.start()

    def end(self) -> float:
        """The longest that an answer took; infinite if one never came."""
        self._over.set()
        self._thread.join()
        return max(self.took)

    def _ask(self) -> None:
        while not self._over.wait(0.1):
            began = time.monotonic()
            try:
                with urllib.request.urlopen(self._url, timeout=10) as page:  # noqa: S310
                    good = page.status == 200
            except OSError:
                good = False
            self.took.append(time.monotonic() - began if good else float("inf"))


@pytest.fixture
def unguarded(
    control_plane: LocalControlPlane, cluster: Cluster, tmp_path: Path
) -> Iterator[tuple[OperatorProcess, int]]:
    """The operator, which leads, and the port of its health page."""
    eventually(lambda: not cluster.list(API_VERSION, "ModelService")[0])
    kubeconfig = kubeconfig_of(cluster, control_plane.kubeconfig, HOME, tmp_path / "kubeconfig")
    health = free_port()
    process = Unguarded(
        *(kubeconfig, tmp_path, free_port(), "--leader-elect"),
        *(f"--leader-election-namespace={HOME}", f"--health-probe-bind-address=127.0.0.1:{health}"),
    )
    process.start()
    yield process, health
    process.stop()


def ready_after(cluster: Cluster, namespace: str, services: list[dict[str, Any]]) -> list[float]:
    """How many seconds after it was asked for each of the good ones was ready, in order."""
    asked: dict[str, float] = {}
    for service in services:
        cluster.create(service)
        asked[service["metadata"]["name"]] = time.monotonic()
    good = {name for name in asked if name.startswith("good")}
    found: list[float] = []
    while good:
        assert time.monotonic() - max(asked.values()) < 120
        for item in cluster.list(API_VERSION, "ModelService", namespace)[0]:
            name = item["metadata"]["name"]
            if name in good and is_ready(item):
                good.discard(name)
                found.append(time.monotonic() - asked[name])
        time.sleep(0.05)
    return sorted(found)


def lease(cluster: Cluster) -> dict[str, Any]:
    found = cluster.get("coordination.k8s.io/v1", "Lease", Election(HOME).name, HOME)
    assert found
    spec: dict[str, Any] = found["spec"]
    return spec


def test_endless_templates_without_guards_hold_nobody_up(
    unguarded: tuple[OperatorProcess, int], cluster: Cluster
) -> None:
    """Ten hang while twenty are made: these are made as soon as without them, the operator is alive
    and leads, and the ten say why they cannot be. An edit mends one, and nothing tries the others
    again.
    """
    process, health = unguarded
    leads = lease(cluster)
    spaces = ["unguarded-first", "unguarded-alone", "unguarded-beside"]
    for space in spaces:
        create_namespace(cluster, space)
        cluster.create({**BASE_CONFIG, "metadata": {**BASE_CONFIG["metadata"], "namespace": space}})
    first, alone, beside = spaces
    cluster.create(model_service(first, "good"))  # whatever is done once is done
    wait_ready(cluster, first, ["good"])
    good = [f"good-{number}" for number in range(GOOD)]
    probe = Probe(health)
    try:
        without = ready_after(cluster, alone, [model_service(alone, name) for name in good])
    finally:
        undisturbed = probe.end()

    for dialect, text in ENDLESS.items():
        config = copy.deepcopy(BASE_CONFIG)
        annotations = {"llm-d.ai/template-dialect": dialect}
        config["metadata"] = {"name": dialect, "namespace": beside, "annotations": annotations}
        config["data"]["decodeDeployment"] = text
        cluster.create(config)
    hanging = [
        model_service(
            beside,
            f"hanging-{number}",
            baseConfigMapRef={"name": [*ENDLESS][number % len(ENDLESS)]},
        )
        for number in range(HANGING)
    ]
    sound = [model_service(beside, name) for name in good]
    mixed = [item for pair in zip(hanging, sound, strict=False) for item in pair]
    probe = Probe(health)
    try:
        beside_them = ready_after(cluster, beside, [*mixed, *sound[HANGING:]])
        for service in hanging:
            name = service["metadata"]["name"]
            eventually(lambda name=name: limited(cluster, beside, name), TOLD)
    finally:
        slowest = probe.end()
    print(*(f"{one:.1f}" for one in without), "alone")
    print(*(f"{one:.1f}" for one in beside_them), "beside")
    late = max(one - other for one, other in zip(beside_them, without, strict=True))
    print(f"alone {without[-1]:.1f} s, beside {beside_them[-1]:.1f} s, at most {late:.1f} s later")
    print(f"liveness: {len(probe.took)} answers, the slowest took {slowest:.3f} s")
    assert late < max(LATER, BUSY * without[-1])
    assert slowest < max(PROBE_SECONDS, BUSY * undisturbed)
    now = lease(cluster)
    assert now["holderIdentity"] == leads["holderIdentity"]
    assert now["leaseTransitions"] == leads["leaseTransitions"]

    failures = settled(process)
    edit = {"spec": {"baseConfigMapRef": {"name": BASE_CONFIG["metadata"]["name"]}}}
    cluster.patch(API_VERSION, "ModelService", "hanging-0", beside, body=edit)
    wait_ready(cluster, beside, ["hanging-0"])
    # One may have been looked at once more meanwhile; tried again, all of them would have failed.
    assert settled(process) - failures < HANGING - 1
    for space in spaces:
        cluster.delete("v1", "Namespace", space)
    eventually(lambda: not cluster.list(API_VERSION, "ModelService")[0])


def settled(process: Unguarded) -> float:
    """How many failures were told of, once no more come for a while."""
    told = -1.0
    while told != (now := process.metric("msvc_failures_total")):
        told = now
        time.sleep(SETTLE)
    return told


def limited(cluster: Cluster, namespace: str, name: str) -> bool:
    """Whether it says that planning takes too long."""
    ready = condition(get(cluster, namespace, name), "Ready")
    return ready.get("reason") == "TemplateLimit" and "processor time" in ready["message"]
