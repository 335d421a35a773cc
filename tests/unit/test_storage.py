"""Storage: a backend's URL means to us what it means to the engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from msvc_pulumi.engine.state.bucket import BucketError
from msvc_pulumi.engine.state.postgresbucket import parameters
from msvc_pulumi.engine.state.storage import open_bucket


def test_a_folder(tmp_path: Path) -> None:
    """A file URL is the folder of that name."""
    (tmp_path / "a b").mkdir()
    bucket = open_bucket((tmp_path / "a b").as_uri(), {})
    bucket.write("x/y.json", b"1")
    assert (tmp_path / "a b" / "x" / "y.json").read_bytes() == b"1"
    assert not bucket.remote


@pytest.mark.parametrize("url", ["", "https://api.example.com", "gs://bucket", "azblob://b"])
def test_what_is_not_supported_is_refused(url: str) -> None:
    """Another service is named, and what to do instead is said."""
    with pytest.raises(BucketError) as caught:
        open_bucket(url, {})
    [problem] = caught.value.diagnostics
    assert problem.code == "backend-unsupported"
    assert problem.help is not None and "postgres://" in problem.help


def test_postgres_as_the_engine_connects() -> None:
    """Its own parameters are taken out, unknown ones set in the session, no socket is assumed."""
    found, table = parameters("postgres://u:p%40x@h:1/db?table=T&search_path=s", {})
    assert table == "T"
    assert found == {
        "host": "h",
        "port": 1,
        "user": "u",
        "password": "p@x",
        "dbname": "db",
        "options": "-c search_path=s",
    }
    assert parameters("postgres:///db?sslmode=disable", {})[0] == {
        "host": "localhost",
        "dbname": "db",
        "sslmode": "disable",
    }
    assert parameters("postgres:///db", {"PGHOST": "h"})[0] == {"dbname": "db"}
