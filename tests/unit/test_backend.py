"""Where state goes: the user's choice, else folders of ours that nobody else can read."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from msvc_pulumi.engine.backend import Backend


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"XDG_STATE_HOME": str(tmp_path / "state"), "PULUMI_HOME": str(tmp_path / "home")}


def test_own_folder_and_passphrase(environment: dict[str, str]) -> None:
    """Without a login state goes to a folder, under a passphrase that only the user can read."""
    backend = Backend.of("cluster-a", environment)
    assert backend.folder is not None
    assert backend.variables["PULUMI_BACKEND_URL"] == f"{backend.folder.as_uri()}?metadata=skip"
    passphrase = Path(backend.variables["PULUMI_CONFIG_PASSPHRASE_FILE"])
    assert stat.S_IMODE(passphrase.stat().st_mode) == 0o600
    assert len(passphrase.read_text()) >= 32
    assert passphrase.read_text() not in repr(backend)


def test_again_is_the_same(environment: dict[str, str]) -> None:
    """The second time gives the same folder and passphrase."""
    first = Backend.of("cluster-a", environment)
    secret = Path(first.variables["PULUMI_CONFIG_PASSPHRASE_FILE"]).read_text()
    second = Backend.of("cluster-a", environment)
    assert second == first
    assert Path(second.variables["PULUMI_CONFIG_PASSPHRASE_FILE"]).read_text() == secret


def test_clusters_share_no_state(environment: dict[str, str]) -> None:
    """Another cluster has another folder, and the same passphrase."""
    one, two = (Backend.of(identity, environment) for identity in ("cluster-a", "cluster-b"))
    assert one.folder != two.folder
    key = "PULUMI_CONFIG_PASSPHRASE_FILE"
    assert one.variables[key] == two.variables[key]


@pytest.mark.parametrize(
    "choice",
    [
        {"PULUMI_BACKEND_URL": "s3://bucket"},
        {"PULUMI_ACCESS_TOKEN": "token"},
        "login",
        "login elsewhere",
        "encrypted login",
    ],
)
def test_the_users_backend_stays(choice: object, environment: dict[str, str]) -> None:
    """A backend in the environment or a login is used, and nothing is put in its place."""
    if isinstance(choice, dict):
        environment |= choice
    else:
        home = Path(environment["PULUMI_HOME"])
        if choice == "login elsewhere":
            home = home.with_name("credentials")
            environment["PULUMI_CREDENTIALS_PATH"] = str(home)
        credentials: object = {"current": "https://example.com"}
        if choice == "encrypted login":  # nobody but the engine can tell where to
            credentials = {"$pulumiSecureStore": 1, "backend": "keyring", "data": "bm90aGluZw=="}
        home.mkdir()
        (home / "credentials.json").write_text(json.dumps(credentials))
    backend = Backend.of("cluster-a", environment)
    assert backend.folder is None
    assert "PULUMI_BACKEND_URL" not in backend.variables


@pytest.mark.parametrize("name", ["PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"])
def test_the_users_passphrase_stays(name: str, environment: dict[str, str]) -> None:
    """Also an empty one: it is a valid passphrase."""
    backend = Backend.of("cluster-a", environment | {name: ""})
    assert not any("PASSPHRASE" in key for key in backend.variables)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"current": ""}'])
def test_a_logout_is_no_login(text: str, environment: dict[str, str]) -> None:
    """Credentials that name no current backend, or cannot be read, count as none."""
    home = Path(environment["PULUMI_HOME"])
    home.mkdir()
    (home / "credentials.json").write_text(text)
    assert Backend.of("cluster-a", environment).folder is not None


def test_pulumi_home_of_a_user_stays(
    environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder in which Pulumi was used is used; an untouched machine gets one of ours."""
    del environment["PULUMI_HOME"]
    monkeypatch.setenv("HOME", str(tmp_path))
    assert str(tmp_path / "state") in Backend.of("a", environment).variables["PULUMI_HOME"]
    (tmp_path / ".pulumi" / "plugins").mkdir(parents=True)
    assert "PULUMI_HOME" not in Backend.of("a", environment).variables


def test_postgres_is_listed_one_at_a_time(environment: dict[str, str]) -> None:
    """The engine's listing hangs there otherwise; what the user sets stays."""
    name = "PULUMI_DIY_BACKEND_PARALLEL"
    environment["PULUMI_BACKEND_URL"] = "postgres://user@host/db"
    assert Backend.of("cluster-a", environment).variables[name] == "1"
    assert name not in Backend.of("cluster-a", {**environment, name: "3"}).variables
    environment["PULUMI_BACKEND_URL"] = "s3://bucket"
    assert name not in Backend.of("cluster-a", environment).variables
