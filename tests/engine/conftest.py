"""One real control plane for all engine tests, and a namespace of its own for each."""

from __future__ import annotations

import gc
import itertools
import os
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.engine.plugins import KUBERNETES
from msvc_pulumi.engine.session import Session
from msvc_pulumi.local import LocalControlPlane

OFFICIAL = os.environ.get("MSVC_OFFICIAL_KUBERNETES_PLUGIN", "")
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
    # Applied: a request that is made again after it got no answer may find it made.
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    cluster.wait("v1", "ServiceAccount", "default", name, until=bool, timeout=300)
    yield name
    cluster.delete("v1", "Namespace", name)


@pytest.fixture
def session(
    kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Session]:
    """An engine with its state in a folder of the test's own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
    for variable in [name for name in os.environ if name.startswith("PULUMI_")]:
        monkeypatch.delenv(variable)
    with Session.open(kubeconfig) as opened:
        yield opened
    _collect()


@pytest.fixture
def official_session(
    session: Session, kubeconfig: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Session]:
    """The same engine and state with the official Kubernetes plugin, where
    MSVC_OFFICIAL_KUBERNETES_PLUGIN names the folder of its program."""
    if not OFFICIAL:
        pytest.skip("MSVC_OFFICIAL_KUBERNETES_PLUGIN is not set")
    assert session.plugins.kubernetes.stand_in
    monkeypatch.setenv("PATH", f"{OFFICIAL}{os.pathsep}{os.environ['PATH']}")
    with Session.open(kubeconfig) as opened:
        assert opened.plugins.kubernetes.path == Path(OFFICIAL, KUBERNETES)
        yield opened
    _collect()


def _collect() -> None:
    # The SDK leaves the event loop of a program open whose engine ended before it.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
