"""ServiceAccounts of a real plane, as whom tests speak to it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import yaml

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.cluster.kubeconfig import Connection, load_connection

__all__ = ["account_kubeconfig", "bearing", "token_of"]


def token_of(cluster: Cluster, namespace: str, account: str = "default") -> str:
    """A new token of that ServiceAccount."""
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token"
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    return str(cluster.server.request("POST", path, body=request)["status"]["token"])


def bearing(kubeconfig: Path, token: str) -> Connection:
    """The connection of ``kubeconfig``, as whoever has ``token``."""
    header = {"Authorization": f"Bearer {token}"}
    return replace(load_connection(kubeconfig), credential=lambda refresh: header)


def account_kubeconfig(
    cluster: Cluster, admin: Path, namespace: str, account: str, file: Path
) -> Path:
    """``file``, with which a client is that ServiceAccount and nobody else."""
    config = yaml.safe_load(admin.read_text())
    for user in config["users"]:
        user["user"] = {"token": token_of(cluster, namespace, account)}
    file.write_text(yaml.safe_dump(config))
    file.chmod(0o600)
    return file
