"""One real control plane for all engine tests, and a namespace of its own for each."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.local import LocalControlPlane

NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalControlPlane]:
    """A running control plane in a directory of its own, never the user's."""
    with LocalControlPlane(tmp_path_factory.mktemp("plane") / "local") as plane:
        yield plane


@pytest.fixture(scope="session")
def cluster(control_plane: LocalControlPlane) -> Iterator[Cluster]:
    """A client of the control plane, as administrator."""
    with control_plane.cluster() as client:
        yield client


@pytest.fixture
def kubeconfig(control_plane: LocalControlPlane, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The kubeconfig of the control plane, in KUBECONFIG as well."""
    monkeypatch.setenv("KUBECONFIG", str(control_plane.kubeconfig))
    return control_plane.kubeconfig


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    """A new namespace in which pods can start; its deletion begins after the test."""
    name = f"test-{next(NUMBERS)}"
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    cluster.wait("v1", "ServiceAccount", "default", name, until=bool, timeout=30)
    yield name
    cluster.delete("v1", "Namespace", name)
