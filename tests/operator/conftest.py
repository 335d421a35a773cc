"""One control plane and one operator process, under its own ServiceAccount, for all tests."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Iterator

import pytest
from operator_process import OperatorProcess, kubeconfig_of
from services import BASE_CONFIG, create_namespace

from msvc_pulumi.api.crd import custom_resource_definition
from msvc_pulumi.cluster import Cluster
from msvc_pulumi.local import LocalControlPlane
from msvc_pulumi.operator.manifests import access

NUMBERS = itertools.count(1)
HOME = "modelservice-system"


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalControlPlane]:
    with LocalControlPlane(tmp_path_factory.mktemp("plane") / "local") as plane:
        yield plane


@pytest.fixture(scope="session")
def cluster(control_plane: LocalControlPlane) -> Iterator[Cluster]:
    """A client of the control plane, as administrator; the operator is installed."""
    with control_plane.cluster() as client:
        client.apply(custom_resource_definition(), force=True)
        create_namespace(client, HOME)
        for manifest in access(HOME):
            client.apply(manifest, force=True)
        yield client


@pytest.fixture(scope="session")
def operator(
    control_plane: LocalControlPlane, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OperatorProcess]:
    """The running operator, with no more rights than its manifests give it."""
    folder = tmp_path_factory.mktemp("operator")
    kubeconfig = kubeconfig_of(cluster, control_plane.kubeconfig, HOME, folder / "kubeconfig")
    process = OperatorProcess(kubeconfig, folder, _free_port())
    process.start()
    yield process
    process.stop()


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    """A namespace with a BaseConfig."""
    name = f"op-{next(NUMBERS)}"
    create_namespace(cluster, name)
    config = {**BASE_CONFIG, "metadata": {**BASE_CONFIG["metadata"], "namespace": name}}
    cluster.create(config)
    yield name
    if cluster.get("v1", "Namespace", name):
        cluster.delete("v1", "Namespace", name)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
