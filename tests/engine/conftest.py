"""One real control plane for all engine tests, and a namespace of its own for each."""

from __future__ import annotations

import gc
import itertools
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.engine.session import Session
from msvc_pulumi.local import LocalControlPlane

NUMBERS = itertools.count(1)


@pytest.fixture(scope="package")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalControlPlane]:
    """A running control plane in a directory of its own, never the user's."""
    with LocalControlPlane(tmp_path_factory.mktemp("plane") / "local") as plane:
        yield plane


@pytest.fixture(scope="package")
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


def _collect() -> None:
    # The SDK leaves the event loop of a program open whose engine ended before it, and since 3.27x
    # what is left of the program looks for that loop when it is collected.
    before = sys.unraisablehook
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        sys.unraisablehook = lambda it: None if "run_in_stack" in repr(it.object) else before(it)
        try:
            gc.collect()
        finally:
            sys.unraisablehook = before
