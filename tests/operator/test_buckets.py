"""A folder, S3 and Postgres keep the same things in the same way, and the engine sees them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from storageservers import PASSPHRASE, SECRET, Storage

from msvc_pulumi.engine.state.bucket import Bucket, BucketError
from msvc_pulumi.engine.state.storage import open_bucket
from msvc_pulumi.engine.tools.toolchain import find_or_build
from msvc_pulumi.operator.stacks.stackstore import StackStore

LOCKS = ".pulumi/locks/organization/modelservice"


@pytest.fixture(params=["folder", "s3", "postgres"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "folder":
        (tmp_path / "state").mkdir()
        return Storage((tmp_path / "state").as_uri())
    found: Storage = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def bucket(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    for name, value in storage.environment.items():
        monkeypatch.setenv(name, value)
    found = open_bucket(storage.url, os.environ)
    yield found
    found.close()


def pulumi(storage: Storage, folder: Path, *arguments: str) -> str:
    """What the engine prints, run by a user of the same backend."""
    (folder / "Pulumi.yaml").write_text("name: modelservice\nruntime: python\n")
    environment = {
        **os.environ,
        **storage.environment,
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    command = [find_or_build("pulumi"), *arguments, "--non-interactive"]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_engine_and_we_keep_stacks_alike(
    storage: Storage, bucket: Bucket, tmp_path: Path
) -> None:
    """What the engine writes we read where we look for it, and what we write the engine lists."""
    pulumi(storage, tmp_path, "stack", "init", "ns.first", "--no-select")
    key = ".pulumi/stacks/modelservice/ns.first.json"
    assert key in bucket.keys(".pulumi/stacks/")
    content = bucket.read(key)
    assert content is not None
    assert json.loads(content)["checkpoint"]["stack"] == "organization/modelservice/ns.first"

    other = key.replace("first", "second")
    bucket.write(other, content.replace(b"ns.first", b"ns.second"))
    bucket.write(other, content.replace(b"ns.first", b"ns.second"))
    assert bucket.exists(other)
    listed = json.loads(pulumi(storage, tmp_path, "stack", "ls", "--json"))
    assert {item["name"] for item in listed} >= {"ns.first", "ns.second"}
    assert "v1:" in pulumi(storage, tmp_path, "stack", "export", "--stack", "ns.second")

    bucket.remove([key, other, f"{other}.never"])
    assert not bucket.exists(key)
    assert bucket.read(other) is None
    prefix = ".pulumi/stacks/modelservice/ns."
    bucket.remove(bucket.keys(prefix))  # the engine keeps a backup
    assert bucket.keys(prefix) == []


def test_we_may_come_first(postgres: Storage, tmp_path: Path) -> None:
    """What is written before the engine made its table is in a table that the engine can use."""
    storage = Storage(f"{postgres.url}&table=Early", postgres.variables)
    with closing(open_bucket(storage.url, storage.environment)) as bucket:
        assert bucket.read("first") is None
        bucket.write("first", b"1")
        pulumi(storage, tmp_path, "stack", "init", "ns.one", "--no-select")
        assert bucket.read("first") == b"1"
        assert bucket.exists(".pulumi/stacks/modelservice/ns.one.json")


def test_a_lost_connection_is_made_anew(postgres: Storage) -> None:
    """A database that was restarted in between costs a moment and no failure."""
    with closing(open_bucket(postgres.url, postgres.environment)) as bucket:
        bucket.write("kept", b"1")
        with psycopg.connect(postgres.url, autocommit=True) as other:
            ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> %s "
            mine = other.info.backend_pid
            other.execute(f"{ended} AND backend_type = 'client backend'", [mine])
        assert bucket.read("kept") == b"1"
        bucket.remove(["kept"])


def test_keys_are_no_patterns(bucket: Bucket) -> None:
    """Characters that are special to a database or a shell stand for themselves."""
    for key in ("odd/a_b.json", "odd/axb.json", "odd/50%/x.json"):
        bucket.write(key, b"{}")

    assert bucket.keys("odd/a_") == ["odd/a_b.json"]
    assert bucket.keys("odd/50%/") == ["odd/50%/x.json"]
    assert bucket.keys("nowhere/") == []
    bucket.remove(bucket.keys("odd/"))
    assert bucket.keys("odd/") == []


def test_locks_of_former_hosts_go(bucket: Bucket, tmp_path: Path) -> None:
    """An operator clears what a pod before it has locked, and leaves other people's locks alone."""
    first = {"cluster": "a", "hosts": ["pod-1"]}
    bucket.write("msvc-operator.json", json.dumps(first).encode())
    for host in ("pod-1", "laptop"):
        lock = {"pid": 7, "username": "u", "hostname": host, "timestamp": "2026-01-01T00:00:00Z"}
        bucket.write(f"{LOCKS}/ns.{host}/x.json", json.dumps(lock).encode())
    store = StackStore(bucket, tmp_path)

    store.look(store.claim("a"))

    assert store.locked() == ["ns.laptop"]
    owner = json.loads(bucket.read("msvc-operator.json") or b"")
    assert owner == {"cluster": "a", "hosts": ["pod-1", socket.gethostname()]}
    with pytest.raises(BucketError, match="are of cluster a, and this is b"):
        store.claim("b")
    bucket.remove([*bucket.keys(LOCKS), "msvc-operator.json"])


def test_a_batch_is_told_from_a_stack(bucket: Bucket, tmp_path: Path) -> None:
    """A ModelService of a namespace called like a joined stack is none, and so not parted."""
    store = StackStore(bucket, tmp_path)
    empty = {"version": 3, "checkpoint": {}}
    store.write("batch-0a1b.one", empty)
    store.write("batch-0a1b.members", empty)
    store.create_batch("batch-0a1b", empty, {"one": "ns.one"})

    assert store.batches() == ["batch-0a1b"]
    assert store.members("batch-0a1b") == {"one": "ns.one"}
    store.remove("batch-0a1b")
    assert store.batches() == []
    assert store.read("batch-0a1b.one") == empty
    for name in ("one", "members"):
        store.remove(f"batch-0a1b.{name}")
    assert not bucket.keys(".pulumi/stacks/modelservice/batch-")


@pytest.mark.parametrize("kind", ["s3", "postgres"])
def test_a_refusal_names_no_secret(kind: str, request: pytest.FixtureRequest) -> None:
    """A backend that does not let us in is named with what is wrong, without the password."""
    storage: Storage = request.getfixturevalue(kind)
    url = storage.url.replace("/postgres?", "/missing?").replace("s3://state/", "s3://missing/")
    code = (
        "import os\nfrom msvc_pulumi.engine.state.storage import open_bucket\n"
        "from msvc_pulumi.errors import ModelServiceError\n"
        "try: open_bucket(os.environ['PULUMI_BACKEND_URL'], os.environ).keys('')\n"
        "except ModelServiceError as error: print(error)"
    )
    environment = {**os.environ, **storage.environment, "PULUMI_BACKEND_URL": url}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)

    assert "cannot be used" in done.stdout and "missing" in done.stdout
    assert SECRET not in done.stdout + done.stderr and PASSPHRASE not in done.stdout
