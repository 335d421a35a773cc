"""`msvc operator uninstall` leaves nothing, or says what is in the way."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from operator_process import OperatorProcess, kubeconfig_of
from services import (
    API_VERSION,
    BASE_CONFIG,
    children,
    create_namespace,
    eventually,
    model_service,
    wait_ready,
)
from storageservers import free_port

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.installation.manifests import manifests
from msvc_pulumi.installation.options import InstallOptions
from msvc_pulumi.local import LocalControlPlane

OPTIONS = InstallOptions("example.invalid/operator")
DEFINITION = ("apiextensions.k8s.io/v1", "CustomResourceDefinition", "modelservices.llm-d.ai")


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalControlPlane]:
    """A control plane without the operator of the other tests: here the definition goes."""
    with LocalControlPlane(tmp_path_factory.mktemp("uninstall") / "local") as started:
        yield started


@pytest.fixture(scope="module")
def admin(plane: LocalControlPlane) -> Iterator[Cluster]:
    with plane.cluster() as client:
        yield client


@pytest.fixture
def installed(
    plane: LocalControlPlane, admin: Cluster, tmp_path: Path
) -> Iterator[OperatorProcess]:
    """What the manifests have is in the cluster, applied twice; a process is the operator."""
    for _ in range(2):
        for manifest in manifests(OPTIONS):
            admin.apply(manifest)
    eventually(lambda: admin.serves(API_VERSION, "ModelService"))
    kubeconfig = kubeconfig_of(admin, plane.kubeconfig, OPTIONS.namespace, tmp_path / "kubeconfig")
    process = OperatorProcess(kubeconfig, tmp_path, free_port())
    process.start()
    yield process
    if process.runs():
        process.kill()


@pytest.fixture
def home(installed: OperatorProcess, admin: Cluster, request: pytest.FixtureRequest) -> str:
    """A namespace with a ModelService that is ready."""
    name = "".join(request.node.name.split("_")[-1:])
    create_namespace(admin, name)
    admin.create({**BASE_CONFIG, "metadata": {**BASE_CONFIG["metadata"], "namespace": name}})
    admin.create(model_service(name, "one"))
    wait_ready(admin, name, ["one"])
    return name


def uninstall(plane: LocalControlPlane, *flags: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "msvc_pulumi", "operator", "uninstall", *flags],
        env={**os.environ, "KUBECONFIG": str(plane.kubeconfig)},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


def remains(cluster: Cluster, options: InstallOptions = OPTIONS) -> set[str]:
    """Kinds of the manifests that are still there."""
    return {
        item["kind"]
        for item in manifests(options)
        if cluster.get(
            item["apiVersion"],
            item["kind"],
            item["metadata"]["name"],
            item["metadata"].get("namespace"),
        )
    }


def test_nothing_is_left(
    plane: LocalControlPlane, installed: OperatorProcess, admin: Cluster, home: str
) -> None:
    """The ModelServices and their objects go, then the operator, then the definition."""
    done = uninstall(plane)

    assert done.returncode == 0, done.stderr
    assert not remains(admin)
    assert not children(admin, home, "one")


def test_without_its_operator(
    plane: LocalControlPlane, installed: OperatorProcess, admin: Cluster, home: str
) -> None:
    """Without an operator it says so and how to get out, and what it says works: `kubectl delete
    -f` took the operator first, and the definition and its namespace wait for each other."""
    installed.stop()
    for manifest in reversed(manifests(OPTIONS)):
        metadata = manifest["metadata"]
        space = metadata.get("namespace")
        admin.delete(manifest["apiVersion"], manifest["kind"], metadata["name"], space)
    admin.delete("v1", "Namespace", home)

    stuck = uninstall(plane)
    assert stuck.returncode == 3
    assert "error[operator-missing]" in stuck.stderr
    assert "--abandon" in stuck.stderr
    assert "CustomResourceDefinition" in remains(admin)

    done = uninstall(plane, "--abandon")
    assert done.returncode == 0, done.stderr
    assert not remains(admin)
    eventually(lambda: admin.get("v1", "Namespace", home) is None)


def test_the_next_operator_goes_on(
    plane: LocalControlPlane, installed: OperatorProcess, admin: Cluster, home: str
) -> None:
    """Undeployed without its ModelServices, it leaves them, their objects and its state."""
    before = {key: item["metadata"]["uid"] for key, item in children(admin, home, "one").items()}
    installed.stop()
    done = uninstall(plane, "--keep-modelservices")

    assert done.returncode == 0, done.stderr
    assert remains(admin) == {"CustomResourceDefinition", "Namespace", "PersistentVolumeClaim"}
    after = {key: item["metadata"]["uid"] for key, item in children(admin, home, "one").items()}
    assert after == before
    assert uninstall(plane, "--abandon").returncode == 0


def test_of_some_namespaces(
    plane: LocalControlPlane, installed: OperatorProcess, admin: Cluster, home: str
) -> None:
    """An operator of some namespaces goes with its Roles wherever they are; another installation,
    its ModelServices and their definition stay."""
    own = InstallOptions("example.invalid/operator", "second", executor="pko", namespaces=("mine",))
    for name in ("mine", "second"):
        create_namespace(admin, name)
    for manifest in manifests(own):
        admin.apply(manifest, force=True)
    admin.create(model_service("mine", "two"))

    done = uninstall(plane, "--operator-namespace=second", "--abandon")
    assert done.returncode == 0, done.stderr
    assert f"{home}/one" in done.stderr
    assert remains(admin, own) == {"CustomResourceDefinition"}
    assert remains(admin) == {item["kind"] for item in manifests(OPTIONS)}
    assert admin.get(API_VERSION, "ModelService", "one", home)
    assert not admin.list(API_VERSION, "ModelService", "mine")[0]
    assert uninstall(plane).returncode == 0
    assert not remains(admin)
