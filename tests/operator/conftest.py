"""One control plane and one operator process, under its own ServiceAccount, for all tests."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from operator_process import HOME, OperatorProcess, install, kubeconfig_of
from services import API_VERSION, BASE_CONFIG, create_namespace, eventually
from storageservers import Storage, free_port, postgres_server, s3_server

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.local import DEFAULT_NODES, LocalControlPlane

NUMBERS = itertools.count(1)


@pytest.fixture(scope="package")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalControlPlane]:
    folder = tmp_path_factory.mktemp("plane") / "local"
    nodes = [replace(node, gpus=1000) for node in DEFAULT_NODES]
    with LocalControlPlane(folder, nodes=nodes, audit=True) as plane:
        yield plane


@pytest.fixture(scope="package")
def cluster(control_plane: LocalControlPlane) -> Iterator[Cluster]:
    """A client of the control plane, as administrator; the operator is installed."""
    with control_plane.cluster() as client:
        install(client)
        yield client


@pytest.fixture(scope="package")
def operator(
    control_plane: LocalControlPlane, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OperatorProcess]:
    """The running operator, with no more rights than its manifests give it.

    In the end nothing that tests made it do was forbidden to it; a policy or a namespace that is
    being deleted may have forbidden it to anybody.
    """
    folder = tmp_path_factory.mktemp("operator")
    kubeconfig = kubeconfig_of(cluster, control_plane.kubeconfig, HOME, folder / "kubeconfig")
    process = OperatorProcess(kubeconfig, folder, free_port())
    process.start()
    yield process
    process.stop()
    lines = process.log.read_text().lower().splitlines()
    assert not [line for line in lines if 'forbidden: user "' in line]


@pytest.fixture
def namespace(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace with a BaseConfig, and ModelServices nowhere else; it takes its own with it."""
    shared = "operator" in request.fixturenames
    operator = request.getfixturevalue("operator") if shared else None
    eventually(lambda: not cluster.list(API_VERSION, "ModelService")[0])
    name = f"op-{next(NUMBERS)}"
    create_namespace(cluster, name)
    config = {**BASE_CONFIG, "metadata": {**BASE_CONFIG["metadata"], "namespace": name}}
    cluster.create(config)
    yield name
    if operator and not operator.runs():  # the test failed before it had started it again
        operator.start()
    if cluster.get("v1", "Namespace", name):
        cluster.delete("v1", "Namespace", name)
    # Finalizers go while an operator runs; the next test may stop it.
    eventually(lambda: not cluster.list(API_VERSION, "ModelService", name)[0])


@pytest.fixture(scope="package")
def s3() -> Iterator[Storage]:
    """A bucket of a running S3 server."""
    with tempfile.TemporaryDirectory() as folder, s3_server(Path(folder)) as storage:
        yield storage


@pytest.fixture(scope="package")
def postgres() -> Iterator[Storage]:
    """A database of a running Postgres."""
    # Not below pytest's own folder, which the user that Postgres runs as may not enter.
    with tempfile.TemporaryDirectory() as folder, postgres_server(Path(folder)) as storage:
        yield storage
