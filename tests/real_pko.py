"""Run ModelServices through the real Pulumi Kubernetes Operator on a local control plane.

MSVC_PKO_BINARIES names a folder with its `manager` and `agent`, and in `rbac` what its repository
has in operator/config/rbac. There is no kubelet here: ../shared (or MSVC_SHARED) has one that runs
a pod's containers as plain processes. Prints a table, ends with 1 if something does not come about.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import yaml
from accounts import account_kubeconfig
from operator_process import OperatorProcess, kubeconfig_of
from pulumi_operator import install_definitions
from services import (
    API_VERSION,
    BASE_CONFIG,
    children,
    condition,
    create_namespace,
    get,
    model_service,
)

from msvc_pulumi.api.crd import custom_resource_definition
from msvc_pulumi.cluster import Cluster
from msvc_pulumi.engine.session import Session
from msvc_pulumi.installation.manifests import NAME, access
from msvc_pulumi.installation.options import InstallOptions
from msvc_pulumi.installation.permissions import WORKSPACE_ACCOUNT
from msvc_pulumi.local import LocalControlPlane
from msvc_pulumi.operator.executor import Key
from msvc_pulumi.operator.pko.names import STACK, Names, account_of
from msvc_pulumi.operator.pko.stackobject import PROGRAM

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("MSVC_SHARED", ROOT.parent / "shared"))
KUBELET = SHARED / "pko-lab" / "process_kubelet.py"
HOME, PULUMI, SPACE = "modelservice-system", "pulumi-kubernetes-operator", "demo"
STACKS = f"{HOME}-workspaces"
IMAGE, AGENT_IMAGE = "msvc:bench", "pko:bench"
NODE = {
    "nodeSelector": {"type": "process"},
    "tolerations": [{"key": "process-kubelet", "operator": "Exists"}],
}
# getopt of the real one takes the agent's `--` for its own.
TINI = '#!/bin/sh\nprogram=$1; shift; [ "$1" = -- ] && shift; exec "$program" "$@"\n'
PATIENCE = 240.0  # seconds
EDITS = 5


def row(what: str, seconds: float, note: str = "") -> None:
    print(f"{what:<58} {seconds:7.1f} s  {note}", flush=True)


def until(holds: Callable[[], object]) -> float:
    began = time.perf_counter()
    while not holds():
        if time.perf_counter() - began > PATIENCE:
            raise SystemExit("it did not come about")
        time.sleep(0.05)
    return time.perf_counter() - began


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def process(command: list[str], environment: Mapping[str, str], log: Path) -> Iterator[int]:
    with log.open("wb") as stream:
        started = subprocess.Popen(command, env=environment, stdout=stream, stderr=stream)
    try:
        yield started.pid
    finally:
        started.send_signal(signal.SIGTERM)
        started.wait(30)


def install(cluster: Cluster, binaries: Path) -> None:
    """Both operators' kinds, accounts and rights; a namespace with a BaseConfig."""
    install_definitions(cluster)
    cluster.apply(custom_resource_definition(), force=True)
    until(lambda: cluster.serves(API_VERSION, "ModelService"))
    for name in (HOME, STACKS, PULUMI, SPACE):
        create_namespace(cluster, name)
    for manifest in access(InstallOptions(IMAGE, HOME, executor="pko")):
        cluster.apply(manifest, force=True)
    for file in sorted((binaries / "rbac").glob("*.yaml")):
        for manifest in yaml.safe_load_all(file.read_text()):
            if manifest and "Cluster" not in manifest["kind"]:
                manifest["metadata"]["namespace"] = PULUMI
            for subject in (manifest or {}).get("subjects", ()):
                subject["namespace"] = PULUMI
            if manifest:
                cluster.apply(manifest, force=True)
    cluster.create({**BASE_CONFIG, "metadata": {**BASE_CONFIG["metadata"], "namespace": SPACE}})


@contextmanager
def running(binaries: Path, folder: Path) -> Iterator[tuple[Cluster, OperatorProcess]]:
    """A control plane with kubelet, Pulumi's operator and ours."""
    with ExitStack() as stack:
        plane = stack.enter_context(LocalControlPlane(folder / "plane"))
        cluster = stack.enter_context(plane.cluster())
        install(cluster, binaries)
        os.environ["XDG_STATE_HOME"] = str(folder / "state")
        session = stack.enter_context(Session.open(plane.kubeconfig))
        search = os.pathsep.join([str(Path(sys.executable).parent), str(session.pulumi.parent)])
        path = session.plugins.search_path(f"{search}{os.pathsep}{os.environ['PATH']}")
        plugin = session.plugins.kubernetes
        print(f"Kubernetes plugin: {plugin.path}", flush=True)

        admin = yaml.safe_load(plane.kubeconfig.read_text())
        token = folder / "token"
        token.write_text(admin["users"][0]["user"]["token"])
        tini = folder / "tini"
        tini.write_text(TINI)
        tini.chmod(0o755)
        images = folder / "images.json"
        agent = {"/agent": str(binaries / "agent"), "/tini": str(tini)}
        program = {PROGRAM: str(ROOT / "workspace")}
        names = {AGENT_IMAGE.partition(":")[0]: agent, IMAGE.partition(":")[0]: program}
        images.write_text(json.dumps(names))
        proxy = free_port()
        command = [sys.executable, str(KUBELET), "--server", cluster.connection.server]
        command += ["--token-file", str(token), "--root", str(folder / "kubelet")]
        command += ["--images", str(images), "--path", path, "--proxy-port", str(proxy)]
        stack.enter_context(process(command, os.environ, folder / "kubelet.log"))

        account = folder / "pulumi-kubeconfig"
        account_kubeconfig(cluster, plane.kubeconfig, PULUMI, "controller-manager", account)
        environment = {
            **os.environ,
            "KUBECONFIG": str(account),
            "HTTPS_PROXY": f"http://127.0.0.1:{proxy}",
            "POD_NAMESPACE": PULUMI,
            "POD_SA_NAME": "controller-manager",
            "AGENT_IMAGE": AGENT_IMAGE,
        }
        command = [str(binaries / "manager"), "--health-probe-bind-address=0"]
        command += [f"--program-fs-addr=127.0.0.1:{free_port()}"]
        stack.enter_context(process(command, environment, folder / "manager.log"))

        pod = folder / "pod.yaml"
        pod.write_text(yaml.safe_dump(NODE))
        own = kubeconfig_of(cluster, plane.kubeconfig, HOME, folder / "kubeconfig")
        flags = ["--executor=pko", f"--workspace-image={IMAGE}", f"--workspace-pod={pod}"]
        operator = OperatorProcess(own, folder, free_port(), *flags)
        operator.start()
        try:
            yield cluster, operator
        finally:
            print("operator ended with", operator.stop(), flush=True)


def applied(cluster: Cluster, name: str) -> bool:
    """Whether its status says that its present generation is in the cluster."""
    service = get(cluster, SPACE, name)
    found = condition(service, "Applied")
    seen = found.get("observedGeneration") == service["metadata"]["generation"]
    return seen and found.get("status") == "True"


def edit(cluster: Cluster, name: str, replicas: int) -> None:
    decode = {**model_service(SPACE, name)["spec"]["decode"], "replicas": replicas}
    body = {"spec": {"decode": decode}}
    cluster.patch(API_VERSION, "ModelService", name, SPACE, body=body)


def is_edited(cluster: Cluster, name: str, replicas: int) -> bool:
    found = cluster.get("apps/v1", "Deployment", f"{name}-decode", SPACE)
    return found is not None and found["spec"].get("replicas") == replicas


def kill_agent(name: str) -> bool:
    """Whether there was an agent of that ModelService's workspace; it is gone by SIGKILL."""
    workspace = Names(Key(SPACE, name)).stack
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().decode().split("\0")
        except (OSError, ValueError):
            continue
        if "serve" in words and workspace in words:
            os.kill(int(entry.name), signal.SIGKILL)
            return True
    return False


def is_running(cluster: Cluster, name: str) -> bool:
    stack = cluster.get(*STACK, Names(Key(SPACE, name)).stack, STACKS) or {}
    return bool((stack.get("status") or {}).get("currentUpdate"))


def remainder(cluster: Cluster) -> list[str]:
    """What is left of all the workspaces."""
    kinds = [
        STACK,
        ("v1", "PersistentVolumeClaim"),
        ("v1", "Secret"),
        ("v1", "Pod"),
        ("rbac.authorization.k8s.io/v1", "RoleBinding"),
    ]
    found = [item for kind in kinds for item in cluster.list(*kind, STACKS)[0]]
    binding = ("rbac.authorization.k8s.io/v1", "RoleBinding", WORKSPACE_ACCOUNT, SPACE)
    account = ("v1", "ServiceAccount", account_of(SPACE), STACKS)
    found += filter(None, [cluster.get(*binding), cluster.get(*account)])
    # The right to make Stacks was there before.
    found = [item for item in found if not item["metadata"]["name"].startswith(NAME)]
    return [f"{item['kind']} {item['metadata']['name']}" for item in found]


def measure(cluster: Cluster, operator: OperatorProcess, kubelet: Path) -> None:
    cluster.create(model_service(SPACE, "one"))
    row("create: to Applied, with a cold start", until(lambda: applied(cluster, "one")))

    times: list[tuple[float, float]] = []
    for number in range(EDITS):
        replicas = 3 + number
        edit(cluster, "one", replicas)
        first = until(partial(is_edited, cluster, "one", replicas))
        times.append((first, first + until(lambda: applied(cluster, "one"))))
    objects, statuses = zip(*times, strict=True)
    note = f"{min(objects):.1f} to {max(objects):.1f}, n={EDITS}"
    row("one edit: to the object, median", statistics.median(objects), note)
    note = f"{min(statuses):.1f} to {max(statuses):.1f}"
    row("one edit: to Applied, median", statistics.median(statuses), note)

    for name in ("two", "three"):
        cluster.create(model_service(SPACE, name))
    row(
        "create two at once: to Applied of both",
        until(lambda: applied(cluster, "two") and applied(cluster, "three")),
    )
    for name in ("two", "three"):
        edit(cluster, name, 5)
    row(
        "edit two at once: to Applied of both",
        until(lambda: applied(cluster, "two") and applied(cluster, "three")),
    )

    edit(cluster, "one", 11)
    until(lambda: is_running(cluster, "one"))
    time.sleep(0.7)
    if not kill_agent("one"):
        raise SystemExit("there is no agent to kill")
    row("agent killed in an edit's run: to Applied", until(lambda: applied(cluster, "one")))
    if not is_edited(cluster, "one", 11):
        raise SystemExit("the edit is not in the object")

    cluster.delete("apps/v1", "Deployment", "one-decode", SPACE)
    back = partial(cluster.get, "apps/v1", "Deployment", "one-decode", SPACE)
    until(lambda: back() is None)
    row("a Deployment removed by hand: until it is back", until(back))
    edit(cluster, "one", 12)
    until(partial(is_edited, cluster, "one", 12))
    until(partial(applied, cluster, "one"))

    refuse(cluster)

    cluster.delete(API_VERSION, "ModelService", "three", SPACE)
    gone = until(lambda: cluster.get(API_VERSION, "ModelService", "three", SPACE) is None)
    row("delete one: to its end", gone, f"{len(children(cluster, SPACE, 'three'))} objects left")
    for name in ("one", "two"):
        cluster.delete(API_VERSION, "ModelService", name, SPACE)
    row(
        "delete two at once: to their end",
        until(lambda: not cluster.list(API_VERSION, "ModelService", SPACE)[0]),
    )
    row("until nothing of the workspaces is left", until(lambda: not remainder(cluster)))
    log = operator.log.read_text()
    forbidden = [line for line in log.lower().splitlines() if "forbidden" in line]
    refused = [line for line in forbidden if "quota" not in line]
    print("forbidden:", len(refused), " tracebacks:", log.count("Traceback"))
    print("containers that ended:", kubelet.read_text().count("main ended"))


def refuse(cluster: Cluster) -> None:
    """An update that the API server refuses is told in the status, and heals with its cause."""
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "full", "namespace": SPACE},
        "spec": {"hard": {"count/roles.rbac.authorization.k8s.io": "0"}},
    }
    cluster.create(quota)
    cluster.create(model_service(SPACE, "four"))

    def told() -> bool:
        return "quota" in condition(get(cluster, SPACE, "four"), "Applied").get("message", "")

    row("create one that a quota refuses: to its status", until(told))
    print(condition(get(cluster, SPACE, "four"), "Applied")["message"], flush=True)
    cluster.delete("v1", "ResourceQuota", "full", SPACE)
    row("the quota goes: to Applied", until(lambda: applied(cluster, "four")))
    cluster.delete(API_VERSION, "ModelService", "four", SPACE)


def main() -> None:
    binaries = Path(os.environ.get("MSVC_PKO_BINARIES", ""))
    missing = [file for file in (binaries / "manager", KUBELET) if not file.is_file()]
    if missing:
        raise SystemExit(f"there is no {missing[0]}: {__doc__}")
    folder = Path(tempfile.mkdtemp(prefix="msvc-pko-"))
    print(f"logs in {folder}", flush=True)
    with running(binaries, folder) as (cluster, operator):
        measure(cluster, operator, folder / "kubelet.log")


if __name__ == "__main__":
    main()
