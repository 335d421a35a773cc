"""Reads how to reach a cluster, as kubectl does: `load_connection` returns a `Connection`.

Order: a named file, KUBECONFIG (a list; who states an entry first wins), ~/.kube/config, the
service account of the pod. Format: client-go ``tools/clientcmd/api/v1/types.go``.
"""

from __future__ import annotations

import base64
import json
import os
import ssl
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from msvc_pulumi.cluster.addresses import PROXIES, scheme_of
from msvc_pulumi.cluster.errors import cluster_error
from msvc_pulumi.cluster.trust import trusting
from msvc_pulumi.nearest import nearest

__all__ = ["Connection", "load_connection"]

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
TOKEN_LIFETIME = 60.0  # seconds a token read from a file is trusted; kubelet renews them in place


Credential = Callable[[bool], Mapping[str, str]]
"""Returns the request headers that identify us; True asks for fresh ones after a refusal."""


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
                _text(cluster, "certificate-authority"),
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
        credential=_credential(user, tls),
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
        credential=_token_file(SERVICE_ACCOUNT / "token"),
        context="in-cluster",
    )


def _text(entry: Mapping[str, Any], key: str) -> str | None:
    """The PEM text of ``key``, inline (``<key>-data``) or in the file it names."""
    try:
        if data := entry.get(f"{key}-data"):
            return base64.b64decode(str(data)).decode()
        if file := entry.get(key):
            return Path(entry[""], file).read_text(encoding="utf-8")
    except (OSError, ValueError) as problem:
        raise cluster_error(
            "kubeconfig-invalid",
            f"{key} of the kubeconfig cannot be read: {problem}",
            "check the file",
        ) from problem
    return None


def _credential(user: Mapping[str, Any], tls: ssl.SSLContext | None) -> Credential:
    certificate, key = _text(user, "client-certificate"), _text(user, "client-key")
    if tls is not None and certificate and key:
        _present(tls, certificate, key)
    if user.get("exec") is not None:
        return _ExecPlugin(user["exec"], Path(user[""]), tls)
    if token := user.get("token"):
        headers = {"Authorization": f"Bearer {token}"}
        return lambda _refresh: headers
    if file := user.get("tokenFile"):
        return _token_file(Path(user[""]) / file)
    if user.get("username"):
        pair = base64.b64encode(f"{user['username']}:{user.get('password')}".encode()).decode()
        headers = {"Authorization": f"Basic {pair}"}
        return lambda _refresh: headers
    return lambda _refresh: {}


def _present(tls: ssl.SSLContext, certificate: str, key: str) -> None:
    # ssl reads client certificates from files only; ours is private to us and gone at once.
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(f"{certificate.rstrip()}\n{key}")
        file.flush()
        try:
            tls.load_cert_chain(file.name)
        except ssl.SSLError as problem:
            raise cluster_error(
                "cluster-credential", f"the client certificate is not usable: {problem}", "renew it"
            ) from problem


def _token_file(file: Path) -> Credential:
    held: dict[str, str] = {}
    until = 0.0

    def headers(refresh: bool) -> Mapping[str, str]:
        nonlocal until
        if refresh or time.monotonic() > until:
            try:
                token = file.read_text(encoding="utf-8").strip()
            except (OSError, ValueError) as problem:
                raise cluster_error(
                    "cluster-credential", f"the token cannot be read: {problem}", f"check {file}"
                ) from problem
            held["Authorization"] = f"Bearer {token}"
            until = time.monotonic() + TOKEN_LIFETIME
        return held

    return headers


class _ExecPlugin:
    """Credentials of an external program (client-go ``ExecConfig``), renewed when they expire."""

    def __init__(self, config: Mapping[str, Any], folder: Path, tls: ssl.SSLContext | None) -> None:
        self._config, self._folder, self._tls = config, folder, tls
        self._headers: Mapping[str, str] | None = None
        self._expires = float("inf")

    def __call__(self, refresh: bool) -> Mapping[str, str]:
        if self._headers is None or refresh or time.time() > self._expires - 10:
            try:
                status = self._run()
                if stamp := status.get("expirationTimestamp"):
                    self._expires = datetime.fromisoformat(stamp).timestamp()
            except (
                *(OSError, subprocess.SubprocessError, ValueError),
                *(KeyError, TypeError, AttributeError),  # its answer or the kubeconfig is misshapen
            ) as problem:
                raise cluster_error(
                    "cluster-credential",
                    f"the kubeconfig's credential program {self._config.get('command')!r} failed",
                    self._config.get("installHint") or "run it by hand to see why",
                ) from problem
            if self._tls is not None and status.get("clientCertificateData"):
                _present(
                    self._tls, status["clientCertificateData"], status.get("clientKeyData", "")
                )
            token = status.get("token")
            self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self._headers

    def _run(self) -> Mapping[str, Any]:
        command: str = self._config["command"]
        if os.sep in command:
            command = str(self._folder / command)
        version = self._config.get("apiVersion", "client.authentication.k8s.io/v1")
        request = {"apiVersion": version, "kind": "ExecCredential", "spec": {"interactive": False}}
        environment = {item["name"]: item["value"] for item in self._config.get("env") or ()}
        done = subprocess.run(
            [command, *(self._config.get("args") or ())],
            env={**os.environ, **environment, "KUBERNETES_EXEC_INFO": json.dumps(request)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            timeout=60,
            check=True,
        )
        status: Mapping[str, Any] = json.loads(done.stdout)["status"]
        return status
