"""The local control plane schedules as a cluster does, mends itself, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.engine.tools.toolchain import find_or_build_all
from msvc_pulumi.local import DEFAULT_NODES, LocalControlPlane, LocalError, Node
from msvc_pulumi.local.components import COMPONENTS
from msvc_pulumi.local.contents import CRD as DEFINITION
from msvc_pulumi.local.contents import REMINDED, remind, settle
from msvc_pulumi.local.process import Process, find
from msvc_pulumi.local.starting import SERVER_STARTS
from msvc_pulumi.progress import Progress

KINDS = [
    ("gateway.networking.k8s.io/v1", "HTTPRoute"),
    ("gateway.networking.k8s.io/v1", "Gateway"),
    ("inference.networking.x-k8s.io/v1alpha2", "InferencePool"),
    ("inference.networking.x-k8s.io/v1alpha2", "InferenceModel"),
    ("inference.networking.x-k8s.io/v1alpha2", "InferenceObjective"),
    ("inference.networking.x-k8s.io/v1alpha2", "InferenceModelRewrite"),
    ("inference.networking.k8s.io/v1", "InferencePool"),
    ("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet"),
    ("keda.sh/v1alpha1", "ScaledObject"),
]


def deployment(name: str, namespace: str, *, replicas: int = 1, **pod: Any) -> dict[str, Any]:
    labels = {"app": name}
    container = {"name": "main", "image": "example.invalid/main:1"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [container], **pod},
            },
        },
    }


def available(found: dict[str, Any] | None) -> bool:
    conditions = (found or {}).get("status", {}).get("conditions", ())
    return any(item["type"] == "Available" and item["status"] == "True" for item in conditions)


def product_is(product: str) -> dict[str, Any]:
    term = {"key": "nvidia.com/gpu.product", "operator": "In", "values": [product]}
    required = {"nodeSelectorTerms": [{"matchExpressions": [term]}]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}


def test_status_tells_that_every_part_is_ready(control_plane: LocalControlPlane) -> None:
    """A plane that is up reports each component's process and each node, and that it is ready."""
    status = control_plane.status()

    assert status.ready
    assert set(COMPONENTS) == {name for name, pid in status.processes.items() if pid}
    assert {node.name: True for node in DEFAULT_NODES} == status.nodes
    assert str(status.kubeconfig) in str(status)


@pytest.mark.parametrize(("api_version", "kind"), KINDS, ids=str)
def test_optional_kinds_are_served(cluster: Cluster, api_version: str, kind: str) -> None:
    """Every kind this project may emit and Kubernetes itself lacks is installed."""
    assert cluster.serves(api_version, kind)


def test_nodes_offer_what_a_gpu_operator_reports(cluster: Cluster) -> None:
    """Nodes carry product label and allocatable GPUs as declared, and the CPU node has neither."""
    listed, _ = cluster.list("v1", "Node")
    offered = {
        node["metadata"]["name"]: (
            node["metadata"]["labels"].get("nvidia.com/gpu.product", ""),
            int(node["status"]["allocatable"].get("nvidia.com/gpu", 0)),
            int(node["status"]["allocatable"]["pods"]),
        )
        for node in listed
    }

    assert {
        node.name: (node.product, node.gpus if node.product else 0, node.pods)
        for node in DEFAULT_NODES
    } == offered


@pytest.mark.parametrize("product", sorted({node.product for node in DEFAULT_NODES} - {""}))
def test_affinity_decides_the_node(cluster: Cluster, namespace: str, product: str) -> None:
    """A Deployment becomes Available, with its pods on nodes of the GPU type it asks for."""
    cluster.apply(deployment("model", namespace, replicas=3, affinity=product_is(product)))
    cluster.wait("apps/v1", "Deployment", "model", namespace, until=available, timeout=300)

    pods, _ = cluster.list("v1", "Pod", namespace)
    fitting = {node.name for node in DEFAULT_NODES if node.product == product}
    assert len(pods) == 3
    assert {pod["spec"]["nodeName"] for pod in pods} <= fitting


def test_gpus_are_counted(cluster: Cluster, namespace: str) -> None:
    """A pod that asks for more GPUs than a node has stays pending for that reason."""
    limits = {"resources": {"limits": {"nvidia.com/gpu": "9"}}}
    wanted = deployment("greedy", namespace)
    wanted["spec"]["template"]["spec"]["containers"][0] |= limits
    cluster.apply(wanted)

    def unschedulable() -> str:
        pods, _ = cluster.list("v1", "Pod", namespace)
        conditions = [item for pod in pods for item in pod["status"].get("conditions", ())]
        return "".join(item.get("message", "") for item in conditions)

    end = time.monotonic() + 30
    while "Insufficient nvidia.com/gpu" not in unschedulable() and time.monotonic() < end:
        time.sleep(0.1)
    assert "Insufficient nvidia.com/gpu" in unschedulable()


def test_volumes_are_bound_and_images_mounted(cluster: Cluster, namespace: str) -> None:
    """A pod with a volume claim and an image volume becomes ready: model loading can be tried."""
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    cluster.apply(
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": "weights", "namespace": namespace},
            "spec": claim,
        }
    )
    volumes = [
        {"name": "weights", "persistentVolumeClaim": {"claimName": "weights"}},
        {"name": "image", "image": {"reference": "example.invalid/model:1"}},
    ]
    cluster.apply(deployment("reader", namespace, volumes=volumes))

    cluster.wait("apps/v1", "Deployment", "reader", namespace, until=available, timeout=300)


def test_up_again_changes_nothing(control_plane: LocalControlPlane) -> None:
    """A second up finds everything as it is: same processes, same server."""
    before = control_plane.status()
    said: list[str] = []
    same = LocalControlPlane(control_plane.layout.root, progress=said.append)

    assert before == same.up()
    assert said == ["the local control plane runs already"]


def test_secrets_are_private(control_plane: LocalControlPlane) -> None:
    """Nobody but the owner can read the administrator's token or reach the store."""
    layout = control_plane.layout
    for private in (layout.kubeconfig, layout.tokens, layout.state):
        assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert stat.S_IMODE(layout.root.stat().st_mode) == 0o700
    token = layout.tokens.read_text().partition(",")[0]
    assert all(token not in log.read_text(errors="replace") for log in layout.logs.iterdir())


def test_strangers_are_turned_away(control_plane: LocalControlPlane) -> None:
    """Without the token the API server tells nothing."""
    import httpx

    trust = ssl.create_default_context(cafile=str(control_plane.layout.certificate))
    server = control_plane.status().server
    answer = httpx.get(f"{server}/version", verify=trust, trust_env=False)

    assert answer.status_code == 401


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_only_loopback_is_listened_on(control_plane: LocalControlPlane) -> None:
    """The plane opens one port, on loopback; nothing of it can be reached from the network."""
    status = control_plane.status()
    sockets = {
        os.readlink(entry)
        for pid in status.processes.values()
        for entry in Path(f"/proc/{pid}/fd").iterdir()
        if entry.is_symlink()
    }
    tables = "".join(Path(f"/proc/net/{name}").read_text() for name in ("tcp", "tcp6"))
    rows = [line.split() for line in tables.splitlines()]
    listening = {row[1] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in sockets}

    port = int(status.server.rpartition(":")[2])
    assert {f"0100007F:{port:04X}"} == listening


@pytest.fixture(scope="module")
def fragile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalControlPlane]:
    """A small plane to be broken: one node, Gateway API only, with an audit log."""
    plane = LocalControlPlane(
        tmp_path_factory.mktemp("fragile") / "local",
        crds=["gateway-api"],
        nodes=[Node("only")],
        audit=True,
    )
    with plane:
        yield plane


def remember(plane: LocalControlPlane, name: str) -> None:
    with plane.cluster() as client:
        client.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}})


def remembers(plane: LocalControlPlane, name: str) -> bool:
    with plane.cluster() as client:
        return client.get("v1", "ConfigMap", name) is not None


def test_kinds_can_be_left_out(fragile: LocalControlPlane) -> None:
    """A plane brings only the sets of definitions it was asked for."""
    with fragile.cluster() as client:
        assert client.serves("gateway.networking.k8s.io/v1", "HTTPRoute")
        assert not client.serves("keda.sh/v1alpha1", "ScaledObject")
        assert not client.serves("inference.networking.x-k8s.io/v1alpha2", "InferencePool")


@pytest.mark.parametrize(
    "broken", [("etcd",), ("kube-apiserver", "kwok"), COMPONENTS], ids="+".join
)
def test_up_mends_what_has_crashed(fragile: LocalControlPlane, broken: tuple[str, ...]) -> None:
    """After a crash, up restarts what is missing or hangs for it; server, token, data stay."""
    name = f"before-{len(broken)}"
    remember(fragile, name)
    before = fragile.status()
    for component in broken:
        pid = before.processes[component]
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
    end = time.monotonic() + 5
    while set(broken) & set(find(COMPONENTS, fragile.layout.root).values()):
        assert time.monotonic() < end
    assert not fragile.status().ready

    after = fragile.up()

    assert after.ready
    assert before.server == after.server
    kept = {name for name, pid in after.processes.items() if pid == before.processes[name]}
    hanging = {"kube-apiserver"} if "etcd" in broken else set()
    assert set(COMPONENTS) - set(broken) - hanging == kept
    assert remembers(fragile, name)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_server_alone_can_be_restarted(
    fragile: LocalControlPlane, number: signal.Signals
) -> None:
    """Another API server answers at the same address with the same data; nothing else ended."""
    name = f"restart-{number}"
    remember(fragile, name)
    before = fragile.status()

    after = fragile.restart_server(number=number)

    assert after.ready
    assert after.server == before.server
    changed = {name for name, pid in after.processes.items() if pid != before.processes[name]}
    assert changed == {"kube-apiserver"}
    assert remembers(fragile, name)
    records = [json.loads(line) for line in fragile.layout.audit.read_text().splitlines()]
    written = [item for item in records if (item.get("objectRef") or {}).get("name") == name]
    assert [item["verb"] for item in written] == ["patch"]


@pytest.mark.parametrize(("failures", "good"), [(1, True), (SERVER_STARTS, False)])
def test_a_server_that_fails_in_passing_is_started_again(
    fragile: LocalControlPlane,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    failures: int,
    good: bool,
) -> None:
    """As a kubelet would, but not for ever; what it wrote last is told then."""
    last_words = 'F1 hooks.go:204] PostStartHook "start-service-ip-repair-controllers" failed'
    count = tmp_path / "count"
    count.write_text("")

    def found(*names: str, progress: Progress) -> Mapping[str, Path]:
        programs = dict(find_or_build_all(*names, progress=progress))
        failing = tmp_path / "kube-apiserver"
        failing.write_text(
            f"#!/bin/sh\nif [ $(wc -l < {count}) -lt {failures} ]\n"
            f"then sleep 1; echo >> {count}; echo '{last_words}'; exit 255\n"
            f'else exec {programs["kube-apiserver"]} "$@"; fi\n'
        )
        failing.chmod(0o700)
        return {**programs, "kube-apiserver": failing}

    monkeypatch.setattr("msvc_pulumi.local.plane.find_or_build_all", found)
    remember(fragile, f"failing-{failures}")
    if good:
        assert fragile.restart_server().ready
    else:
        with pytest.raises(LocalError) as failed:
            fragile.restart_server()
        [problem] = failed.value.diagnostics
        assert problem.code == "local-component"
        assert last_words in problem.notes
        monkeypatch.undo()
        assert fragile.up().ready
    assert len(count.read_text().splitlines()) == failures
    assert remembers(fragile, f"failing-{failures}")


def test_another_port_is_taken_when_the_old_one_is(fragile: LocalControlPlane) -> None:
    """Data kept by down is there again after up, on another port if a stranger has taken ours."""
    remember(fragile, "kept")
    before = fragile.status()
    fragile.down(keep=True)
    assert not fragile.status().running
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stranger.bind(("127.0.0.1", int(before.server.rpartition(":")[2])))
        stranger.listen()

        after = fragile.up()

    assert after.ready
    assert before.server != after.server
    assert remembers(fragile, "kept")


def test_down_leaves_nothing(fragile: LocalControlPlane) -> None:
    """After down there is no process and no file, and to do it again is no error."""
    fragile.up()
    fragile.down()
    fragile.down()

    assert not find(COMPONENTS, fragile.layout.root)
    assert not fragile.layout.root.exists()
    assert not fragile.status().running


UP = """
import sys
from pathlib import Path
from msvc_pulumi.local import LocalControlPlane
LocalControlPlane(Path(sys.argv[1]), progress=lambda line: print(line, flush=True)).up()
"""


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL], ids=lambda s: s.name
)
def test_an_interrupted_up_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    """What up started ends with it when it is interrupted, and with down when up was killed."""
    root = tmp_path / "local"
    with subprocess.Popen(
        [sys.executable, "-c", UP, root], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as command:
        assert command.stdout is not None
        for line in command.stdout:
            if "starting kube-apiserver" in line:
                command.send_signal(number)
                break
        command.communicate()
    assert command.returncode != 0
    if number is signal.SIGKILL:
        assert find(COMPONENTS, root)
        LocalControlPlane(root).down()

    assert not find(COMPONENTS, root)
    assert not [path for path in root.glob("*") if path.name != "logs"]


def test_a_recycled_process_id_is_spared(tmp_path: Path) -> None:
    """Down ends no process that merely has the id of one of ours."""
    plane = LocalControlPlane(tmp_path / "local")
    plane.layout.root.mkdir()
    with subprocess.Popen(["sleep", "60"]) as innocent:
        try:
            running = Process.of(innocent.pid)
            assert running is not None
            stated = {"port": 1, "crds": [], "processes": {"etcd": [innocent.pid, "long ago"]}}
            plane.layout.state.write_text(json.dumps(stated))

            plane.down()

            assert running.alive()
        finally:
            innocent.kill()


@pytest.mark.parametrize("action", ["up", "down", "status"])
def test_a_foreign_folder_is_refused(tmp_path: Path, action: str) -> None:
    """A folder that holds something else is neither used nor emptied."""
    precious = tmp_path / "certificates"
    precious.mkdir()

    with pytest.raises(LocalError) as refused:
        getattr(LocalControlPlane(tmp_path), action)()

    assert [item.code for item in refused.value.diagnostics] == ["local-directory"]
    assert precious.is_dir()


def test_a_component_that_cannot_start_is_named(tmp_path: Path) -> None:
    """A component that ends at once is named with its log, and all others are ended."""
    plane = LocalControlPlane(tmp_path / "local", progress=lambda line: None)
    plane.layout.root.mkdir()
    # A file in the place of etcd's folder, in a folder that is marked as ours.
    plane.layout.state.write_text("{}")
    plane.layout.data.write_text("")

    with pytest.raises(LocalError) as failed:
        plane.up()

    [problem] = failed.value.diagnostics
    assert problem.code == "local-component"
    assert "etcd" in problem.summary
    assert str(plane.layout.log("etcd")) in problem.help
    assert not find(COMPONENTS, plane.layout.root)


def test_what_is_not_served_is_named_with_its_reason(fragile: LocalControlPlane) -> None:
    """A definition that the API server keeps waiting is asked for again, and is served as soon as
    nothing is in its way; until then its reason is told."""
    fragile.up()
    with fragile.cluster() as client:
        for plural, group_kind in (("thieves", "Wanted"), ("wanteds", "Wanted")):
            client.apply(definition(plural, group_kind))
        with pytest.raises(ClusterError) as late:
            settle(client, [], timeout=2, check=lambda: None)
        assert "wanteds.example.invalid (" in str(late.value)
        assert "already in use" in str(late.value)

        client.delete(*DEFINITION, "thieves.example.invalid")
        settle(client, [], timeout=60, check=lambda: None)
        assert client.serves("example.invalid/v1", "Wanted")
        client.delete(*DEFINITION, "wanteds.example.invalid")


def has_names(accepted: str) -> Callable[[Mapping[str, Any] | None], bool]:
    """Whether a definition has the names it states, "True", or somebody else has, "False"."""
    wanted = {"type": "NamesAccepted", "status": accepted}

    def holds(item: Mapping[str, Any] | None) -> bool:
        conditions = (item or {}).get("status", {}).get("conditions") or ()
        return any(wanted.items() <= each.items() for each in conditions)

    return holds


def test_a_reminder_changes_nothing_but_a_note(fragile: LocalControlPlane) -> None:
    with fragile.cluster() as client:
        for plural, accepted in (("thieves", "True"), ("wanteds", "False")):
            client.apply(definition(plural, "Wanted"))
            name = f"{plural}.example.invalid"
            client.wait(*DEFINITION, name, until=has_names(accepted), timeout=300)
        before = client.get(*DEFINITION, "wanteds.example.invalid")
        remind(client)
        after = client.get(*DEFINITION, "wanteds.example.invalid")
        assert before and after and before["spec"] == after["spec"]
        assert REMINDED in after["metadata"]["annotations"]
        for plural in ("thieves", "wanteds"):
            client.delete(*DEFINITION, f"{plural}.example.invalid")


def definition(plural: str, kind: str) -> dict[str, Any]:
    """A definition that goes without a schema; two of one kind cannot both be served."""
    schema = {"openAPIV3Schema": {"type": "object"}}
    return {
        "apiVersion": DEFINITION[0],
        "kind": DEFINITION[1],
        "metadata": {"name": f"{plural}.example.invalid"},
        "spec": {
            "group": "example.invalid",
            "scope": "Namespaced",
            "names": {"plural": plural, "kind": kind},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
        },
    }
