"""The Kubernetes client against a real API server: what it returns, and what failures look like."""

from __future__ import annotations

import socket
import ssl
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from accounts import bearing, token_of
from services import is_established

from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.cluster.kubeconfig import load_connection
from msvc_pulumi.local import LocalControlPlane


def config_map(namespace: str, name: str = "it", **data: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def code_of(error: pytest.ExceptionInfo[ClusterError]) -> str:
    codes = {item.code for item in error.value.diagnostics}
    assert all(item.help for item in error.value.diagnostics)
    [code] = codes
    return code


def test_apply_get_delete(cluster: Cluster, namespace: str) -> None:
    """What is applied is there, what is deleted is None, and to delete it twice is no error."""
    cluster.apply(config_map(namespace, key="value"))
    found = cluster.get("v1", "ConfigMap", "it", namespace)
    assert found is not None
    assert found["data"] == {"key": "value"}

    assert cluster.delete("v1", "ConfigMap", "it", namespace)
    assert not cluster.delete("v1", "ConfigMap", "it", namespace)
    assert cluster.get("v1", "ConfigMap", "it", namespace) is None


def test_a_dry_run_changes_nothing(cluster: Cluster, namespace: str) -> None:
    """A dry run answers as the server would, and leaves nothing."""
    answer = cluster.apply(config_map(namespace, key="value"), dry_run=True)

    assert answer["metadata"]["uid"]
    assert cluster.get("v1", "ConfigMap", "it", namespace) is None


def test_another_owner_is_a_conflict(cluster: Cluster, namespace: str) -> None:
    """A field that somebody else applied is kept unless forced, and the field is named."""
    cluster.apply(config_map(namespace, key="theirs"), field_manager="they")

    with pytest.raises(ClusterError) as refused:
        cluster.apply(config_map(namespace, key="ours"))

    assert code_of(refused) == "cluster-conflict"
    assert [str(item.field) for item in refused.value.diagnostics] == ["data.key"]
    assert cluster.apply(config_map(namespace, key="ours"), force=True)["data"] == {"key": "ours"}


def test_invalid_fields_are_all_named(cluster: Cluster, namespace: str) -> None:
    """Every field the server refuses is a diagnostic with its path."""
    port = {"port": 0, "protocol": "NONE"}
    service = {**config_map(namespace), "kind": "Service", "spec": {"ports": [port]}}
    del service["data"]

    with pytest.raises(ClusterError) as refused:
        cluster.apply(service)

    assert code_of(refused) == "cluster-rejected"
    assert {"spec.ports[0].port", "spec.ports[0].protocol"} <= {
        str(item.field) for item in refused.value.diagnostics
    }


def test_lists_are_whole(cluster: Cluster, namespace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list longer than a page comes whole, each item saying what it is; selectors narrow it."""
    monkeypatch.setattr("msvc_pulumi.cluster.reader.PAGE", 3)
    for number in range(7):
        labelled = config_map(namespace, f"number-{number}")
        labelled["metadata"]["labels"] = {"odd": str(number % 2)}
        cluster.apply(labelled)

    odd, _ = cluster.list("v1", "ConfigMap", namespace, labels="odd=1")
    everything, _ = cluster.list("v1", "ConfigMap", namespace, labels="odd")

    assert [item["metadata"]["name"] for item in odd] == ["number-1", "number-3", "number-5"]
    assert len(everything) == 7
    assert {(item["apiVersion"], item["kind"]) for item in everything} == {("v1", "ConfigMap")}


def test_a_watch_tells_what_happened(cluster: Cluster, namespace: str) -> None:
    """A watch from a list's version yields each later change, and ends after its time."""
    _, version = cluster.list("v1", "ConfigMap", namespace)
    cluster.apply(config_map(namespace, key="1"))
    cluster.apply(config_map(namespace, key="2"))
    cluster.delete("v1", "ConfigMap", "it", namespace)

    events = [
        (kind, item["metadata"]["name"], (item.get("data") or {}).get("key"))
        for kind, item in cluster.watch(
            "v1", "ConfigMap", namespace, resource_version=version, timeout=1
        )
        if kind != "BOOKMARK" and item["metadata"]["name"] == "it"
    ]

    assert events == [("ADDED", "it", "1"), ("MODIFIED", "it", "2"), ("DELETED", "it", "2")]


def test_waiting_ends_when_it_holds_or_in_time(cluster: Cluster, namespace: str) -> None:
    """Wait returns the object that satisfies, and names what it waited for when time is up."""
    later = threading.Timer(0.3, cluster.apply, [config_map(namespace, key="value")])
    later.start()
    found = cluster.wait("v1", "ConfigMap", "it", namespace, until=bool, timeout=300)
    later.join()
    assert found
    assert found["data"] == {"key": "value"}

    with pytest.raises(ClusterError) as late:
        cluster.wait("v1", "ConfigMap", "never", namespace, until=bool, timeout=0.2)

    assert code_of(late) == "cluster-timeout"


def test_an_unknown_kind_is_told_from_a_missing_object(cluster: Cluster) -> None:
    """A kind the cluster lacks is an error of its own, with what to install."""
    assert not cluster.serves("example.invalid/v1", "Thing")
    assert not cluster.serves("apps/v1", "Deploymint")
    with pytest.raises(ClusterError) as unknown:
        cluster.get("example.invalid/v1", "Thing", "x")

    assert code_of(unknown) == "kind-not-served"


def test_a_kind_installed_later_is_found(cluster: Cluster) -> None:
    """What was not served is asked for again: a definition may have come meanwhile."""
    group, kind = "later.invalid", "Late"
    assert not cluster.serves(f"{group}/v1", kind)
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object"}},
    }
    names = {"kind": kind, "plural": "lates", "singular": "late"}
    cluster.apply(
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"lates.{group}"},
            "spec": {"group": group, "names": names, "scope": "Cluster", "versions": [version]},
        }
    )
    cluster.wait(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        f"lates.{group}",
        until=is_established,
        timeout=300,
    )

    try:
        assert cluster.serves(f"{group}/v1", kind)
    finally:
        cluster.delete("apiextensions.k8s.io/v1", "CustomResourceDefinition", f"lates.{group}")


def test_a_wrong_token_is_unauthorized(control_plane: LocalControlPlane) -> None:
    """A token the server does not know leads to the remedy, not to a retry for ever."""
    with (
        Cluster(bearing(control_plane.kubeconfig, "wrong")) as client,
        pytest.raises(ClusterError) as refused,
    ):
        client.get("v1", "Node", "any")

    assert code_of(refused) == "cluster-unauthorized"


def test_an_account_without_rights_is_forbidden(
    control_plane: LocalControlPlane, cluster: Cluster, namespace: str
) -> None:
    """What a service account may not do is refused with the permission that is missing."""
    token = token_of(cluster, namespace)
    with (
        Cluster(bearing(control_plane.kubeconfig, token)) as client,
        pytest.raises(ClusterError) as refused,
    ):
        client.list("v1", "Secret", namespace)

    assert code_of(refused) == "cluster-forbidden"
    assert "secrets is forbidden" in refused.value.diagnostics[0].summary
    assert token not in str(refused.value)


def test_another_server_is_not_trusted(control_plane: LocalControlPlane) -> None:
    """A server with another certificate gets no token: the certificate is the problem named."""
    connection = replace(
        load_connection(control_plane.kubeconfig), tls=ssl.create_default_context()
    )
    with Cluster(connection) as client, pytest.raises(ClusterError) as refused:
        client.get("v1", "Node", "any")

    assert code_of(refused) == "cluster-certificate"


def test_an_unreachable_server_is_named(control_plane: LocalControlPlane) -> None:
    """No answer at all: which server, and what to do."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        server = f"https://127.0.0.1:{closed.getsockname()[1]}"
        connection = replace(load_connection(control_plane.kubeconfig), server=server)
        with Cluster(connection) as client, pytest.raises(ClusterError) as failed:
            client.get("v1", "Node", "any")

    assert code_of(failed) == "cluster-unreachable"
    assert server in failed.value.diagnostics[0].summary


def test_loopback_needs_no_proxy(kubeconfig: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy for the outside world is not asked for the local control plane."""
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    with Cluster.connect() as client:
        assert client.get("v1", "Namespace", "default")
