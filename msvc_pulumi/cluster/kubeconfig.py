"""Reads how to reach a cluster, as kubectl does: `load_connection` returns a `Connection`.

Order: a named file, KUBECONFIG (a list; who states an entry first wins), ~/.kube/config, the
service account of the pod. Format: client-go ``tools/clientcmd/api/v1/types.go``.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from msvc_pulumi.cluster.addresses import PROXIES, scheme_of
from msvc_pulumi.cluster.credentials import Credential, credential_of, text_of, token_file
from msvc_pulumi.cluster.errors import cluster_error
from msvc_pulumi.cluster.trust import trusting
from msvc_pulumi.nearest import nearest

__all__ = ["Connection", "load_connection"]

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


@dataclass(frozen=True, slots=True)
class Connection:
    """Where the API server is, how to trust it and who we are. Holds secrets: never print it."""

    server: str
    namespace: str
    tls: ssl.SSLContext | None
    credential: Credential
    context: str = ""
    proxy: str | None = None
    server_name: str | None = None
    compresses: bool = True

    @property
    def encoding(self) -> Mapping[str, str]:
        """The request headers that say how answers may be packed; {} leaves it to the client."""
        return {} if self.compresses else {"Accept-Encoding": "identity"}

    def __repr__(self) -> str:
        return f"Connection(server={self.server!r}, context={self.context!r})"


def load_connection(kubeconfig: Path | None = None, context: str | None = None) -> Connection:
    """The connection that kubectl would use; no request is made.

    Raises ClusterError: kubeconfig-missing, -invalid, -context, cluster-credential.
    """
    listed = os.environ.get("KUBECONFIG", "")
    home = Path.home() / ".kube" / "config"
    if kubeconfig is not None:
        files = [kubeconfig]
    elif listed:
        files = [Path(name).expanduser() for name in listed.split(os.pathsep) if name]
    else:
        files = [home]
    present = [file for file in files if file.is_file()]
    if present:
        return _connection(_merged(present), context)
    if kubeconfig is None and not listed and (SERVICE_ACCOUNT / "token").is_file():
        return _in_cluster()
    raise cluster_error(
        "kubeconfig-missing",
        f"no cluster is configured: there is no file {' or '.join(map(str, files))}",
        "set KUBECONFIG to the file of your cluster, or start one here with `msvc local up`",
    )


def _merged(files: Sequence[Path]) -> dict[str, Any]:
    merged: dict[str, Any] = {"clusters": {}, "users": {}, "contexts": {}, "current-context": ""}
    for file in files:
        try:
            stated = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
            for entry in ("cluster", "user", "context"):
                for item in stated.get(f"{entry}s") or ():
                    # Files that an entry names are relative to its kubeconfig, kept under "".
                    value = {**(item[entry] or {}), "": file.resolve().parent}
                    merged[f"{entry}s"].setdefault(item["name"], value)
            merged["current-context"] = merged["current-context"] or stated.get(
                "current-context", ""
            )
        except (OSError, ValueError, yaml.YAMLError, AttributeError, KeyError, TypeError) as bad:
            raise cluster_error(
                "kubeconfig-invalid",
                f"{file} is not a kubeconfig: {type(bad).__name__}",
                "check it with `kubectl config view`",
            ) from bad
    return merged


def _connection(config: Mapping[str, Any], context: str | None) -> Connection:
    name = context or config["current-context"]
    contexts = config["contexts"]
    if name not in contexts:
        near = nearest(name, contexts) if name else None
        raise cluster_error(
            "kubeconfig-context",
            f"the kubeconfig has no context {name!r}" if name else "no context is selected",
            f"did you mean {near!r}?" if near else "list them with `kubectl config get-contexts`",
        )
    chosen = contexts[name]
    cluster = config["clusters"].get(chosen.get("cluster"))
    user = config["users"].get(chosen.get("user"), {})
    if cluster is None or not cluster.get("server"):
        raise cluster_error(
            "kubeconfig-invalid",
            f"context {name!r} names cluster {chosen.get('cluster')!r}, which has no server",
            "check it with `kubectl config view`",
        )
    scheme = scheme_of(cluster, "server", ("https", "http"))
    scheme_of(cluster, "proxy-url", PROXIES)
    tls = None
    if scheme == "https":
        try:
            tls = trusting(
                text_of(cluster, "certificate-authority"),
                anybody=bool(cluster.get("insecure-skip-tls-verify")),
            )
        except ssl.SSLError as problem:
            raise cluster_error(
                "kubeconfig-invalid", f"its certificate-authority is none: {problem}", "renew it"
            ) from problem
    return Connection(
        server=cluster["server"].rstrip("/"),
        namespace=chosen.get("namespace") or "default",
        tls=tls,
        credential=credential_of(user, tls),
        context=name,
        proxy=cluster.get("proxy-url") or None,
        server_name=cluster.get("tls-server-name"),
        compresses=not cluster.get("disable-compression"),
    )


def _in_cluster() -> Connection:
    host, port = (os.environ.get(f"KUBERNETES_SERVICE_{part}", "") for part in ("HOST", "PORT"))
    try:
        namespace = (SERVICE_ACCOUNT / "namespace").read_text(encoding="utf-8").strip()
        tls = trusting((SERVICE_ACCOUNT / "ca.crt").read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise cluster_error(
            "cluster-credential",
            f"the service account of this pod is not usable: {problem}",
            f"mount its token, ca.crt and namespace at {SERVICE_ACCOUNT}",
        ) from problem
    return Connection(
        server=f"https://{f'[{host}]' if ':' in host else host}:{port}",
        namespace=namespace or "default",
        tls=tls,
        credential=token_file(SERVICE_ACCOUNT / "token"),
        context="in-cluster",
    )
