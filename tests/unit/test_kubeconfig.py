"""Connections are chosen and credentials made as kubectl does it; what is wrong has a remedy."""

from __future__ import annotations

import base64
import os
import ssl
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import yaml
from httpservers import Quiet, listening

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.cluster.errors import ClusterError, field_path
from msvc_pulumi.cluster.kubeconfig import load_connection
from msvc_pulumi.errors import FieldPath


def entry(name: str, *, user: object = None, **cluster: object) -> dict[str, Any]:
    """A kubeconfig with one context; cluster, user and context share ``name``."""
    return {
        "clusters": [{"name": name, "cluster": {"server": f"http://{name}.invalid", **cluster}}],
        "users": [{"name": name, "user": user or {}}],
        "contexts": [
            {"name": name, "context": {"cluster": name, "user": name, "namespace": f"of-{name}"}}
        ],
        "current-context": name,
    }


def write(file: Path, config: object) -> Path:
    file.write_text(yaml.safe_dump(config))
    return file


@pytest.fixture(autouse=True)
def _no_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("KUBECONFIG", raising=False)


def code_of(error: pytest.ExceptionInfo[ClusterError]) -> str:
    [diagnostic] = error.value.diagnostics
    assert diagnostic.help
    return diagnostic.code


def test_a_list_of_files_is_merged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of KUBECONFIG's files the first decides the context; entries of all are known."""
    first = write(tmp_path / "one", entry("one"))
    second = write(tmp_path / "two", entry("two"))
    absent = tmp_path / "absent"
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join(map(str, (absent, first, second))))

    assert load_connection().server == "http://one.invalid"
    assert load_connection(context="two").namespace == "of-two"


def test_the_first_statement_of_an_entry_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name stated twice keeps the value of the file that comes first."""
    first = write(tmp_path / "one", entry("same", server="http://first.invalid/"))
    second = write(tmp_path / "two", entry("same", server="http://second.invalid"))
    monkeypatch.setenv("KUBECONFIG", f"{first}{os.pathsep}{second}")

    assert load_connection().server == "http://first.invalid"


def test_home_is_the_fallback(tmp_path: Path) -> None:
    """Without KUBECONFIG the file in the home folder is read."""
    folder = tmp_path / "home" / ".kube"
    folder.mkdir(parents=True)
    write(folder / "config", entry("home"))

    assert load_connection().server == "http://home.invalid"


def test_a_token_file_is_relative_and_read_again(tmp_path: Path) -> None:
    """tokenFile is beside its kubeconfig; a refusal makes it be read again, as tokens rotate."""
    config = write(tmp_path / "config", entry("one", user={"tokenFile": "token"}))
    (tmp_path / "token").write_text("old\n")
    credential = load_connection(config).credential
    assert credential(False) == {"Authorization": "Bearer old"}

    (tmp_path / "token").write_text("new\n")

    assert credential(False) == {"Authorization": "Bearer old"}
    assert credential(True) == {"Authorization": "Bearer new"}


@pytest.mark.parametrize(
    ("user", "header"),
    [
        ({"token": "abc"}, "Bearer abc"),
        (
            {"username": "me", "password": "pw"},
            f"Basic {base64.b64encode(b'me:pw').decode()}",
        ),
        ({}, None),
    ],
    ids=["token", "password", "none"],
)
def test_static_credentials(tmp_path: Path, user: dict[str, Any], header: str | None) -> None:
    """Token and password become the header that says so."""
    connection = load_connection(write(tmp_path / "config", entry("one", user=user)))

    assert connection.credential(False).get("Authorization") == header
    assert "abc" not in repr(connection)


def plugin(tmp_path: Path, script: str) -> Path:
    program = tmp_path / "plugin"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    execute = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": "./plugin",
        "args": ["login"],
        "env": [{"name": "REALM", "value": "test"}],
        "installHint": "install the plugin",
    }
    return write(tmp_path / "config", entry("one", user={"exec": execute}))


def test_a_credential_program_is_asked_once_until_refused(tmp_path: Path) -> None:
    """An exec plugin gets its arguments and environment, and runs again only when it must."""
    config = plugin(
        tmp_path,
        'echo x >> "$(dirname "$0")/runs"\n'
        'count=$(wc -l < "$(dirname "$0")/runs" | tr -d " ")\n'
        'echo "{\\"status\\": {\\"token\\": \\"$1-$REALM-$count\\"}}"',
    )
    credential = load_connection(config).credential

    assert credential(False) == {"Authorization": "Bearer login-test-1"}
    assert credential(False) == {"Authorization": "Bearer login-test-1"}
    assert credential(True) == {"Authorization": "Bearer login-test-2"}


def test_an_expired_credential_is_renewed(tmp_path: Path) -> None:
    """What a plugin says has expired is not used."""
    config = plugin(
        tmp_path,
        'echo x >> "$(dirname "$0")/runs"\n'
        'echo \'{"status": {"token": "t", "expirationTimestamp": "2020-01-01T00:00:00Z"}}\'',
    )
    credential = load_connection(config).credential
    credential(False)
    credential(False)

    assert (tmp_path / "runs").read_text().count("x") == 2


def test_a_failing_credential_program_is_named(tmp_path: Path) -> None:
    """A plugin that fails gives its own hint how to be installed."""
    connection = load_connection(plugin(tmp_path, "exit 1"))

    with pytest.raises(ClusterError) as failed:
        connection.credential(False)

    assert code_of(failed) == "cluster-credential"
    assert failed.value.diagnostics[0].help == "install the plugin"


@pytest.mark.parametrize(
    "answer",
    [
        '{"status": null}',
        "[]",
        '{"status": {"token": "t", "expirationTimestamp": "soon"}}',
    ],
)
def test_what_a_credential_program_says_may_be_misshapen(tmp_path: Path, answer: str) -> None:
    connection = load_connection(plugin(tmp_path, f"echo '{answer}'"))

    with pytest.raises(ClusterError) as failed:
        connection.credential(False)

    assert code_of(failed) == "cluster-credential"


@pytest.mark.parametrize("change", [{"command": None}, {"args": [1]}, {"env": [{"name": "A"}]}])
def test_how_a_credential_program_is_called_may_be_misshapen(
    tmp_path: Path, change: dict[str, object]
) -> None:
    config = yaml.safe_load(plugin(tmp_path, "exit 0").read_text())
    config["users"][0]["user"]["exec"] |= change
    connection = load_connection(write(tmp_path / "config", config))

    with pytest.raises(ClusterError) as failed:
        connection.credential(False)

    assert code_of(failed) == "cluster-credential"


@pytest.mark.parametrize("server", ["https://one.invalid", "HTTPS://one.invalid"])
def test_a_scheme_in_capitals_is_verified_as_well(tmp_path: Path, server: str) -> None:
    connection = load_connection(write(tmp_path / "config", entry("one", server=server)))

    assert connection.tls is not None
    assert connection.tls.verify_mode is ssl.CERT_REQUIRED


@pytest.mark.parametrize(
    ("config", "context", "code"),
    [
        (entry("one"), "on", "kubeconfig-context"),
        ({**entry("one"), "current-context": ""}, None, "kubeconfig-context"),
        ({**entry("one"), "clusters": []}, None, "kubeconfig-invalid"),
        (entry("one", server=""), None, "kubeconfig-invalid"),
        (
            entry(
                "one", server="https://one.invalid", **{"certificate-authority-data": "bm9uZQ=="}
            ),
            None,
            "kubeconfig-invalid",
        ),
        (
            entry("one", server="https://one.invalid", **{"certificate-authority": "absent.crt"}),
            None,
            "kubeconfig-invalid",
        ),
        (entry("one", server="one.invalid:6443"), None, "kubeconfig-invalid"),
        (entry("one", server="https://[::1"), None, "kubeconfig-invalid"),
        (entry("one", server=6443), None, "kubeconfig-invalid"),
        (entry("one", **{"proxy-url": "proxy.invalid"}), None, "kubeconfig-invalid"),
        (
            entry("one", server="https://one.invalid", **{"certificate-authority-data": "!!!"}),
            None,
            "kubeconfig-invalid",
        ),
        (entry("one", user={"token": "tök"}), None, "cluster-credential"),
        (entry("one", user={"token": "two\nlines"}), None, "cluster-credential"),
        ("just text", None, "kubeconfig-invalid"),
        ({"clusters": [{"name": "x"}]}, None, "kubeconfig-invalid"),
    ],
    ids=[
        *("context", "no-context", "dangling", "no-server", "bad-ca", "absent-ca"),
        *("no-scheme", "no-url", "number", "proxy", "no-base64", "letters", "lines"),
        *("text", "shape"),
    ],
)
def test_a_broken_kubeconfig_is_one_diagnostic(
    tmp_path: Path, config: object, context: str | None, code: str
) -> None:
    """Whatever is wrong with the file is a ClusterError with a remedy."""
    with pytest.raises(ClusterError) as failed:
        load_connection(write(tmp_path / "config", config), context)

    assert code_of(failed) == code


@pytest.mark.parametrize(
    ("stated", "accepted"),
    [({}, True), ({"disable-compression": False}, True), ({"disable-compression": True}, False)],
    ids=["unsaid", "compressed", "plain"],
)
def test_answers_are_packed_unless_that_is_switched_off(
    tmp_path: Path, stated: dict[str, object], accepted: bool
) -> None:
    asked: list[str] = []

    class Server(Quiet, BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers["Accept-Encoding"])
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

    with listening(Server) as address:
        file = write(tmp_path / "config", entry("one", server=address, **stated))
        with Cluster.connect(file) as cluster:
            cluster.server.request("GET", "/version")
    assert ["gzip" in each for each in asked] == [accepted]


def test_the_near_miss_of_a_context_is_named(tmp_path: Path) -> None:
    """A misspelt context is answered with the one that was most likely meant."""
    with pytest.raises(ClusterError) as failed:
        load_connection(write(tmp_path / "config", entry("staging")), "stagign")

    assert "'staging'" in failed.value.diagnostics[0].help


def test_no_kubeconfig_at_all(tmp_path: Path) -> None:
    """Without any configuration the local control plane is offered."""
    with pytest.raises(ClusterError) as failed:
        load_connection()

    assert code_of(failed) == "kubeconfig-missing"
    assert "msvc local up" in failed.value.diagnostics[0].help


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("token", None),
        ("namespace", None),
        ("ca.crt", None),
        ("ca.crt", b"none"),
        ("ca.crt", b"\xff"),
        ("token", b"\xff"),
    ],
)
def test_a_broken_service_account_is_one_diagnostic(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes | None
) -> None:
    """A file that is missing, or no longer there when it is read again, or is something else."""
    monkeypatch.setattr("msvc_pulumi.cluster.kubeconfig.SERVICE_ACCOUNT", tmp_path)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "fd00::1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    for each, whole in (("token", "secret\n"), ("namespace", "here\n"), ("ca.crt", "")):
        (tmp_path / each).write_text(whole)
    connection = load_connection()
    assert (connection.server, connection.namespace) == ("https://[fd00::1]:443", "here")
    assert connection.credential(False) == {"Authorization": "Bearer secret"}

    if content is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ClusterError) as failed:
        (connection if name == "token" else load_connection()).credential(True)
    assert code_of(failed) == "cluster-credential"


def test_a_folder_is_no_kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is there, and so what is missing is said to be a file."""
    monkeypatch.setenv("KUBECONFIG", str(tmp_path))
    with pytest.raises(ClusterError) as failed:
        load_connection()
    assert f"no file {tmp_path}" in str(failed.value)


@pytest.mark.parametrize(
    "path",
    [
        FieldPath.of("spec", "containers", 0, "name"),
        FieldPath.of("metadata", "annotations", "example.com/a.b"),
        FieldPath.of(),
    ],
    ids=repr,
)
def test_field_paths_of_the_server_are_read(path: FieldPath) -> None:
    """A field that the API server names is the FieldPath that prints so."""
    assert field_path(str(path)) == path
