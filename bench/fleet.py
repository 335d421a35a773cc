"""Time the operator with a fleet of ModelServices on a local control plane of its own.

`bench/fleet.py [N] [--without-nodes]`, 30 unless stated. Prints a table: create, one edit, a
BaseConfig edit, restart, delete; beside it a raw server-side apply of the same objects, the floor.
With MSVC_GO_BINARY naming the original's program, that operator creates the same fleet. Without
nodes no pod is ever scheduled, and the processors are left to the controller manager and to what is
measured. Asserts nothing.
"""

from __future__ import annotations

import argparse
import copy
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from processes import Processes

from msvc_pulumi.api.crd import custom_resource_definition
from msvc_pulumi.cluster import Cluster
from msvc_pulumi.cluster.modelservices import API_VERSION, KIND
from msvc_pulumi.local import DEFAULT_NODES, LocalControlPlane
from msvc_pulumi.plan import PlanOptions, plan_model_service

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "samples" / "facebook"
SERVICE = yaml.safe_load((SAMPLE / "msvc.yaml").read_text())
BASE = yaml.safe_load((SAMPLE / "baseconfig.yaml").read_text())
for _key, _text in BASE["data"].items():  # a fleet needs more GPUs than the plane's nodes have
    for _large, _small in (('cpu: "4"', "cpu: 1m"), ("memory: 16Gi", "memory: 1Mi")):
        _text = _text.replace(_large, _small)
    BASE["data"][_key] = _text.replace("nvidia.com/gpu: 1", "memory: 32Gi")
MODEL_SERVICE = (API_VERSION, KIND)
OURS = [sys.executable, "-m", "msvc_pulumi", "operator", "run", "--health-probe-bind-address=0"]
CLIENTS = 8  # more make one API server slower
SHARE = 100  # ModelServices of a namespace; the controller manager looks through all its Services
PATIENCE = 900.0  # seconds
# Seconds between two looks, for so many objects: looking costs the API server as much as the work.
PAUSE, LOOKED_AT = 0.2, 300


def services(count: int, fleet: str) -> list[dict[str, Any]]:
    found = []
    for number in range(count):
        service = copy.deepcopy(SERVICE)
        service["metadata"] = {"name": f"m{number:04d}", "namespace": f"{fleet}-{number // SHARE}"}
        found.append(service)
    return found


def made(count: int) -> Counter[tuple[str, str]]:
    """How many objects of each kind so many ModelServices are."""
    plan = plan_model_service(services(1, "fleet")[0], BASE, PlanOptions())
    kinds = Counter((item.manifest["apiVersion"], item.manifest["kind"]) for item in plan)
    return Counter({kind: number * count for kind, number in kinds.items()})


def row(what: str, seconds: float, note: str = "") -> None:
    print(f"{what:<52} {seconds:8.2f} s  {note}", flush=True)


def until(holds: Callable[[], bool], objects: int = 0) -> float:
    began = time.perf_counter()
    while not holds():
        if time.perf_counter() - began > PATIENCE:
            raise SystemExit("it did not come about")
        time.sleep(PAUSE * max(1.0, objects / LOOKED_AT))
    return time.perf_counter() - began


def all_at_once(act: Callable[[Any], object], items: list[Any]) -> None:
    with ThreadPoolExecutor(CLIENTS) as pool:
        for result in [pool.submit(act, item) for item in items]:
            result.result()


def base_configs(count: int, fleet: str) -> list[dict[str, Any]]:
    """One in each namespace."""
    spaces = [f"{fleet}-{number}" for number in range(-(-count // SHARE))]
    return [{**BASE, "metadata": {**BASE["metadata"], "namespace": space}} for space in spaces]


def prepare(cluster: Cluster, count: int, fleet: str) -> None:
    for config in base_configs(count, fleet):
        space = config["metadata"]["namespace"]
        cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}})
        cluster.wait("v1", "ServiceAccount", "default", space, until=bool, timeout=60)
        cluster.apply(config)


def listed(cluster: Cluster, kind: tuple[str, str], fleet: str) -> list[dict[str, Any]]:
    """The objects of that kind in the namespaces of a fleet."""
    found, _ = cluster.list(*kind)
    return [item for item in found if item["metadata"]["namespace"].startswith(f"{fleet}-")]


def until_there(cluster: Cluster, wanted: Mapping[tuple[str, str], int], fleet: str) -> None:
    """Wait for so many children of each kind; a kind is not asked for again once it is there."""
    for kind, count in wanted.items():
        until(partial(_has, cluster, kind, fleet, count), count)


def _has(cluster: Cluster, kind: tuple[str, str], fleet: str, count: int) -> bool:
    """Whether ModelServices own so many objects of that kind."""
    owned = [item["metadata"].get("ownerReferences") for item in listed(cluster, kind, fleet)]
    return sum(map(bool, owned)) == count


def told(cluster: Cluster, fleet: str, wanted: str, count: int) -> bool:
    """Whether the statuses of all say ``wanted``, the type of a condition that holds."""
    found = listed(cluster, MODEL_SERVICE, fleet)
    conditions = [item.get("status", {}).get("conditions", ()) for item in found]
    done = [any(c["type"] == wanted and c["status"] == "True" for c in some) for some in conditions]
    return sum(done) == count


def replicas(cluster: Cluster, namespace: str, service: str) -> int:
    found = cluster.get("apps/v1", "Deployment", f"{service}-decode", namespace)
    return int(found["spec"]["replicas"]) if found else 0


def deployed(cluster: Cluster, fleet: str, field: str, value: Any) -> int:
    found = listed(cluster, ("apps/v1", "Deployment"), fleet)
    mine = [item for item in found if item["metadata"]["name"].endswith("-decode")]
    return sum(item["spec"].get(field) == value for item in mine)


@contextmanager
def operator(
    command: list[str], kubeconfig: Path, folder: Path
) -> Iterator[subprocess.Popen[bytes]]:
    environment = {
        **os.environ,
        "KUBECONFIG": str(kubeconfig),
        "XDG_STATE_HOME": str(folder / "state"),
        "PULUMI_HOME": str(folder / "none"),
    }
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(60)


def floor(cluster: Cluster, count: int) -> None:
    prepare(cluster, count, "floor")
    objects = [
        planned.manifest
        for service in services(count, "floor")
        for planned in plan_model_service(service, BASE, PlanOptions())
    ]
    began = time.perf_counter()
    all_at_once(lambda item: cluster.apply(item, field_manager="floor"), objects)
    row("floor: raw server-side apply", time.perf_counter() - began, f"{len(objects)} objects")


def ours(cluster: Cluster, kubeconfig: Path, folder: Path, count: int, wanted: str) -> None:
    prepare(cluster, count, "fleet")
    every, total = services(count, "fleet"), made(count)
    log = folder / "log"
    with operator(OURS, kubeconfig, folder) as process, Processes(process.pid) as family:
        until(lambda: " ready" in log.read_text())
        quiet = family.steady()
        began = time.perf_counter()
        all_at_once(cluster.create, every)
        until_there(cluster, total, "fleet")
        taken = time.perf_counter() - began
        row(f"create {count}: all objects exist", taken, f"{total.total()} objects")
        until(lambda: told(cluster, "fleet", wanted, count), count)
        note = (
            f"{family.peak()} MB at most, {family.steady()} MB in the controller (before: {quiet})"
        )
        row(f"create {count}: all {wanted.lower()}", time.perf_counter() - began, note)

        time.sleep(3)
        began = time.perf_counter()
        decode = {**every[0]["spec"]["decode"], "replicas": 1}
        edit = {"spec": {"decode": decode}}
        cluster.patch(*MODEL_SERVICE, "m0000", "fleet-0", body=edit)
        until(lambda: replicas(cluster, "fleet-0", "m0000") == 1)
        row(f"one edit among {count}: applied", time.perf_counter() - began)

        time.sleep(3)
        began = time.perf_counter()
        text = BASE["data"]["decodeDeployment"].replace("spec:", "spec:\n  minReadySeconds: 1", 1)
        body = {"data": {"decodeDeployment": text}}
        for config in base_configs(count, "fleet"):
            metadata = config["metadata"]
            cluster.patch("v1", "ConfigMap", metadata["name"], metadata["namespace"], body=body)
        until(lambda: deployed(cluster, "fleet", "minReadySeconds", 1) == count, 3 * count)
        took = time.perf_counter() - began
        row(f"BaseConfig edit under {count}: applied", took, f"{family.peak()} MB at most")
        until(lambda: told(cluster, "fleet", wanted, count), count)
        time.sleep(3)


def ours_again(cluster: Cluster, kubeconfig: Path, folder: Path, count: int) -> None:
    """A restart over the fleet that `ours` made, then its end."""
    log = folder / "log"
    before = log.stat().st_size
    began = time.perf_counter()
    with operator(OURS, kubeconfig, folder) as process, Processes(process.pid) as family:
        until(lambda: " ready" in log.read_text()[before:])
        row(f"restart over {count} unchanged: ready", time.perf_counter() - began)
        time.sleep(3)
        runs = log.read_text()[before:].count(" applied ")
        note = f"{runs} updates, {family.steady()} MB in the controller"
        row(f"restart over {count} unchanged: then quiet", 3.0, note)
        family.peak()
        began = time.perf_counter()
        named = [one["metadata"] for one in services(count, "fleet")]
        all_at_once(
            lambda each: cluster.delete(*MODEL_SERVICE, each["name"], each["namespace"]), named
        )
        until(lambda: not listed(cluster, MODEL_SERVICE, "fleet"), count)
        until_there(cluster, dict.fromkeys(made(count), 0), "fleet")
        took = time.perf_counter() - began
        row(f"delete {count}: nothing left", took, f"{family.peak()} MB at most")


def original(cluster: Cluster, kubeconfig: Path, folder: Path, count: int, binary: str) -> None:
    prepare(cluster, count, "original")
    every = services(count, "original")
    command = [binary, "run", "--epp-cluster-role=view", "--health-probe-bind-address=0"]
    with operator(command, kubeconfig, folder):
        time.sleep(5)
        began = time.perf_counter()
        all_at_once(cluster.create, every)
        until(lambda: deployed(cluster, "original", "replicas", 2) == count, 3 * count)
        row(f"Go operator, create {count}: last Deployment", time.perf_counter() - began)


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started has to end
    parser = argparse.ArgumentParser()
    parser.add_argument("count", type=int, nargs="?", default=30)
    parser.add_argument("--without-nodes", action="store_true")
    arguments = parser.parse_args()
    count, nodes = arguments.count, () if arguments.without_nodes else DEFAULT_NODES
    load = os.getloadavg()[0]
    print(f"{count} ModelServices; {os.cpu_count()} processors, load {load:.1f} at the start")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with LocalControlPlane(folder / "plane", nodes=nodes) as plane, plane.cluster() as cluster:
            cluster.apply(custom_resource_definition(), force=True)
            (folder / "ours").mkdir()
            wanted = "Ready" if nodes else "Applied"
            ours(cluster, plane.kubeconfig, folder / "ours", count, wanted)
            ours_again(cluster, plane.kubeconfig, folder / "ours", count)
            if binary := os.environ.get("MSVC_GO_BINARY"):
                (folder / "original").mkdir()
                original(cluster, plane.kubeconfig, folder / "original", count, binary)
            else:
                print("Go operator: not timed, MSVC_GO_BINARY is not set")
            floor(cluster, count)


if __name__ == "__main__":
    main()
