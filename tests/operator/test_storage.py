"""State on S3 and on Postgres: the operator's machine keeps nothing that it cannot do without."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
import yaml
from operator_process import OperatorProcess, kubeconfig_of
from services import (
    API_VERSION,
    BASE_CONFIG,
    children,
    eventually,
    get,
    is_ready,
    model_service,
    wait_ready,
)
from storageservers import PASSPHRASE, SECRET, Storage, free_port

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.engine.state.storage import open_bucket
from msvc_pulumi.engine.tools.toolchain import find_or_build
from msvc_pulumi.local import LocalControlPlane

NAMES = ["one", "two", "three"]
HOME = "modelservice-system"
LOCKS = ".pulumi/locks/"


@pytest.fixture(params=["s3", "postgres"])
def storage(request: pytest.FixtureRequest) -> Storage:
    found: Storage = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def remote(  # noqa: PLR0917  fixtures
    storage: Storage,
    control_plane: LocalControlPlane,
    cluster: Cluster,
    operator: OperatorProcess,
    namespace: str,
    tmp_path: Path,
) -> Iterator[OperatorProcess]:
    """An operator for the namespace alone; the other one rests."""
    kubeconfig = kubeconfig_of(cluster, control_plane.kubeconfig, HOME, tmp_path / "kubeconfig")
    flags = (f"--namespace={namespace}",)
    process = OperatorProcess(
        kubeconfig, tmp_path, free_port(), *flags, variables=storage.environment
    )
    operator.stop()
    process.start()
    with pytest.MonkeyPatch.context() as environment:
        for name, value in storage.environment.items():
            environment.setenv(name, value)
        yield process
    process.stop()
    operator.start()  # it keeps its stacks where it did before


def lose_the_machine(operator: OperatorProcess) -> None:
    """Operator and engines are gone at once, and all that they had on disk."""
    operator.pause()
    engines = [pid for pid, line in command_lines() if f"{operator.state}/" in line]
    for pid in engines:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    operator.kill()
    eventually(lambda: not {*engines} & {pid for pid, _ in command_lines()})
    shutil.rmtree(operator.state)


def command_lines() -> list[tuple[int, str]]:
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if line := file.read_text(errors="replace"):
                found.append((int(file.parent.name), line))
    return found


def listed(storage: Storage, folder: Path) -> dict[str, int]:
    """Stack → number of resources, as ``pulumi stack ls`` tells any user of the same URL."""
    (folder / "Pulumi.yaml").write_text("name: modelservice\nruntime: python\n")
    environment = {
        **os.environ,
        **storage.environment,
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_DIY_BACKEND_PARALLEL": "1",  # more hang on Postgres (docs/decisions/0011)
    }
    done = subprocess.run(
        [find_or_build("pulumi"), "stack", "ls", "--json"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return {item["name"]: item.get("resourceCount", 0) for item in json.loads(done.stdout)}


def test_life_and_death(
    storage: Storage,
    remote: OperatorProcess,
    cluster: Cluster,
    namespace: str,
    tmp_path: Path,
) -> None:
    """Services live as on a folder; a lost machine is replaced by one that goes on from the state.

    No secret is in a log, in a file or in a command line, and nothing is left behind.
    """
    bucket = open_bucket(storage.url, os.environ)
    # Tests before this one have used the server, too; the operator makes its own things anew.
    others = {key for key in bucket.keys("") if namespace not in key}
    secrets = [text for text in (SECRET, PASSPHRASE, storage.url) if text]
    seen: set[str] = set()
    for name in NAMES:
        cluster.create(model_service(namespace, name))

    def are_ready() -> bool:
        seen.update(line for _, line in command_lines() if str(remote.state) in line)
        return all(is_ready(get(cluster, namespace, name)) for name in NAMES)

    eventually(are_ready)
    stacks = listed(storage, tmp_path)
    assert all(stacks[f"{namespace}.{name}"] > 10 for name in NAMES)

    # Replaced by another machine, nothing is done again.
    assert remote.stop() == 0
    shutil.rmtree(remote.state)
    remote.start()
    eventually(lambda: remote.metric("msvc_queue_depth") + remote.metric("msvc_active") == 0)
    assert remote.metric("msvc_engine_runs_total") == 0

    # Lost in the middle of an update, with its lock and some of its objects.
    crashed: list[str] = []
    while not (crashed and bucket.keys(LOCKS)):
        remote.go_on()
        crashed.append(f"crash-{len(crashed)}")
        cluster.create(model_service(namespace, crashed[-1]))
        eventually(lambda: bucket.keys(LOCKS))
        remote.pause()  # and with it the program that the engine asks; it may have been done
    lose_the_machine(remote)
    assert bucket.keys(LOCKS)
    edit = {"spec": {"decode": {**model_service(namespace, "x")["spec"]["decode"], "replicas": 1}}}
    cluster.patch(API_VERSION, "ModelService", "one", namespace, body=edit)
    cluster.delete(API_VERSION, "ModelService", "two", namespace)
    remote.start()
    wait_ready(cluster, namespace, ["one", *crashed])
    assert get(cluster, namespace, "one")["status"]["decodeReady"] == "1/1"
    eventually(lambda: cluster.get(API_VERSION, "ModelService", "two", namespace) is None)
    eventually(lambda: not children(cluster, namespace, "two"))

    for name in ("one", "three", *crashed):
        cluster.delete(API_VERSION, "ModelService", name, namespace)
    eventually(lambda: not cluster.list(API_VERSION, "ModelService", namespace)[0])
    eventually(lambda: remote.metric("msvc_active") == 0)
    assert [key for key in listed(storage, tmp_path) if key != "operator-seed"] == []
    left = {key for key in bucket.keys("") if "operator-seed" not in key}
    assert left - others == {".pulumi/meta.yaml", "msvc-operator.json"} - others
    bucket.close()

    files = [remote.log, *(path for path in remote.state.rglob("*") if path.is_file())]
    texts = {
        "command lines": " ".join(seen),
        **{str(path): path.read_text("latin-1") for path in files},
    }
    assert not [place for place, text in texts.items() for secret in secrets if secret in text]


@pytest.mark.parametrize("storage", ["postgres"], indirect=True)
def test_what_msvc_up_made_is_taken_over(  # noqa: PLR0917  fixtures
    storage: Storage,
    remote: OperatorProcess,
    control_plane: LocalControlPlane,
    cluster: Cluster,
    namespace: str,
    tmp_path: Path,
) -> None:
    """`msvc up` works from any machine, clears its own dead lock, and the operator goes on."""
    file = tmp_path / "one.yaml"
    config = {**BASE_CONFIG, "metadata": {**BASE_CONFIG["metadata"], "namespace": namespace}}
    file.write_text(yaml.safe_dump_all([model_service(namespace, "one"), config]))

    def msvc(machine: str, *arguments: str) -> None:
        environment = {**remote.environment, "XDG_STATE_HOME": str(tmp_path / machine)}
        environment["KUBECONFIG"] = str(control_plane.kubeconfig)
        environment["PULUMI_HOME"] = str(tmp_path / machine / "home")
        command = [sys.executable, "-m", "msvc_pulumi", *arguments, "-m", str(file)]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    msvc("laptop", "up", "--skip-preview")
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    lock = {"pid": ended.pid, "username": "u", "hostname": socket.gethostname()}
    lock["timestamp"] = "2026-01-01T00:00:00Z"
    with closing(open_bucket(storage.url, remote.environment)) as bucket:
        folder = f".pulumi/locks/organization/modelservice/{namespace}.one"
        bucket.write(f"{folder}/x.json", json.dumps(lock).encode())
    msvc("desktop", "up", "--skip-preview", "--expect-no-changes")

    made = cluster.get("apps/v1", "Deployment", "one-decode", namespace)
    assert made is not None
    for name in NAMES:
        cluster.create(model_service(namespace, name))
    wait_ready(cluster, namespace, NAMES)
    taken = cluster.get("apps/v1", "Deployment", "one-decode", namespace)
    assert taken is not None and taken["metadata"]["uid"] == made["metadata"]["uid"]
    for name in NAMES:
        cluster.delete(API_VERSION, "ModelService", name, namespace)
    eventually(lambda: not cluster.list(API_VERSION, "ModelService", namespace)[0])
    eventually(lambda: remote.metric("msvc_active") == 0)


@pytest.mark.parametrize("storage", ["s3"], indirect=True)
def test_another_passphrase_is_refused(
    storage: Storage, remote: OperatorProcess, tmp_path: Path
) -> None:
    """An operator that cannot read the state says so at its start, and how to help it."""
    remote.stop()
    for variables, words in (
        ({"PULUMI_CONFIG_PASSPHRASE": "another one"}, "passphrase does not open"),
        ({"PULUMI_CONFIG_PASSPHRASE": None}, "set PULUMI_CONFIG_PASSPHRASE"),
    ):
        environment = {**remote.environment, **variables}
        done = subprocess.run(
            remote.command,
            env={name: value for name, value in environment.items() if value is not None},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 3, done.stderr
        assert words in done.stderr
        assert "Traceback" not in done.stderr
    remote.start()
