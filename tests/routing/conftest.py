"""A control plane whose nodes are a test kubelet's: what is applied here really runs."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

import pytest
from gateway import Gateway
from kubelet import Image, Kubelet, obstacle
from routed import CASES, REFERENCES, ROUTED, Routed
from standins import images, only_router

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.local import LocalControlPlane

NUMBERS = itertools.count(1)


@pytest.fixture(scope="package")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalControlPlane]:
    """A running control plane without nodes; skips, with the reason, where pods cannot run."""
    if problem := obstacle():
        pytest.skip(problem)
    folder = tmp_path_factory.mktemp("plane") / "local"
    with LocalControlPlane(folder, nodes=(), audit=True) as plane:
        yield plane


@pytest.fixture(scope="package")
def cluster(control_plane: LocalControlPlane) -> Iterator[Cluster]:
    """A client of the control plane, as administrator."""
    with control_plane.cluster() as client:
        yield client


@pytest.fixture(scope="package")
def kubelet(
    control_plane: LocalControlPlane, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Kubelet]:
    """Runs pods with what stands for the images of the samples, and ``machine`` as it is."""
    standing = {**images(REFERENCES), "machine": Image(user=0)}
    folder = tmp_path_factory.mktemp("kubelet")
    with Kubelet(control_plane.kubeconfig, folder, standing) as running:
        yield running


@pytest.fixture(scope="package")
def gateway(cluster: Cluster, kubelet: Kubelet) -> Gateway:
    return Gateway(cluster, kubelet.connect)


@pytest.fixture(scope="package")
def routed(cluster: Cluster, kubelet: Kubelet) -> Mapping[str, Routed]:
    """Every sample and case with a picker; what can run is applied, each to its own namespace."""
    found = {name: Routed.of(cluster, name) for name in [*ROUTED, *CASES]}
    for each in found.values():
        if not only_router(each.plan):
            each.apply(cluster)
    return found


@pytest.fixture
def namespace(cluster: Cluster, kubelet: Kubelet) -> Iterator[str]:
    """A new namespace in which pods can start; its deletion begins after the test."""
    name = f"pods-{next(NUMBERS)}"
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    for kind, each in (("ServiceAccount", "default"), ("ConfigMap", "kube-root-ca.crt")):
        cluster.wait("v1", kind, each, name, until=bool, timeout=300)
    yield name
    cluster.delete("v1", "Namespace", name)
