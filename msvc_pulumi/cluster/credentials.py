"""Who we are to a cluster: `credential_of` returns the headers that a kubeconfig's user gives."""

from __future__ import annotations

import base64
import json
import os
import ssl
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from msvc_pulumi.cluster.errors import cluster_error

__all__ = ["Credential", "credential_of", "text_of", "token_file"]

TOKEN_LIFETIME = 60.0  # seconds a token read from a file is trusted; kubelet renews them in place

Credential = Callable[[bool], Mapping[str, str]]
"""Returns the request headers that identify us; True asks for fresh ones after a refusal."""


def credential_of(user: Mapping[str, Any], tls: ssl.SSLContext | None) -> Credential:
    """The credential of ``user``, whose certificate ``tls`` presents from now on.

    Raises ClusterError (kubeconfig-invalid, cluster-credential), as may the credential itself.
    """
    certificate, key = text_of(user, "client-certificate"), text_of(user, "client-key")
    if tls is not None and certificate and key:
        _present(tls, certificate, key)
    if user.get("exec") is not None:
        return _ExecPlugin(user["exec"], Path(user[""]), tls)
    if token := user.get("token"):
        headers = _bearer(token)
        return lambda _refresh: headers
    if file := user.get("tokenFile"):
        return token_file(Path(user[""]) / file)
    if user.get("username"):
        pair = base64.b64encode(f"{user['username']}:{user.get('password')}".encode()).decode()
        headers = {"Authorization": f"Basic {pair}"}
        return lambda _refresh: headers
    return lambda _refresh: {}


def text_of(entry: Mapping[str, Any], key: str) -> str | None:
    """The PEM text of ``key``, inline (``<key>-data``) or in the file it names."""
    try:
        if data := entry.get(f"{key}-data"):
            return base64.b64decode("".join(str(data).split()), validate=True).decode()
        if file := entry.get(key):
            return Path(entry[""], file).read_text(encoding="utf-8")
    except (OSError, ValueError) as problem:
        raise cluster_error(
            "kubeconfig-invalid",
            f"{key} of the kubeconfig cannot be read: {problem}",
            "check the file",
        ) from problem
    return None


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


def _bearer(token: object) -> Mapping[str, str]:
    value = f"Bearer {token}"
    if not (value.isascii() and value.isprintable()):  # it would be no header
        raise cluster_error(
            "cluster-credential", "the token has characters that no token has", "get it anew"
        )
    return {"Authorization": value}


def token_file(file: Path) -> Credential:
    """The token that ``file`` holds, read again once it is a minute old, or was refused."""
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
            held.update(_bearer(token))
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
            self._headers = _bearer(token) if token else {}
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
