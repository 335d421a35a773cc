"""`Kubelet`: starts the process of the kubelet, opens doors into its network, ends it."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import yaml

from kubelet import isolation, relay
from kubelet.images import Image, dump
from kubelet.network import API_ADDRESS, API_PORT

__all__ = ["Kubelet"]

START_TIMEOUT = 60.0
END_TIMEOUT = 30.0
TESTS = Path(__file__).resolve().parents[1]
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


class Kubelet:
    """A kubelet of the cluster that ``kubeconfig`` names; use it in ``with``.

    ``folder`` is for its files. Raises RuntimeError where it cannot start (`isolation.obstacle`).
    """

    def __init__(self, kubeconfig: Path, folder: Path, images: Mapping[str, Image]) -> None:
        self.folder, self.logs = folder, folder / "logs"
        self._kubeconfig, self._images = kubeconfig, images

    def __enter__(self) -> Self:
        if problem := isolation.obstacle():
            raise RuntimeError(problem)
        self.logs.mkdir(parents=True)
        # Paths of Unix sockets are short; those of a test's folders need not be.
        self._doors = Path(tempfile.mkdtemp(prefix="kubelet-"))
        host = self._write_files()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        serving = relay.serve_api_outside(self._doors / "api", host[0], host[1])
        self._relay = asyncio.run_coroutine_threadsafe(serving, self._loop).result()
        environment = {
            name: value for name, value in os.environ.items() if name.lower() not in PROXIES
        }
        with (self.logs / "kubelet.log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    *isolation.command(),
                    sys.executable,
                    "-m",
                    "kubelet",
                    str(self.folder),
                    str(self._doors),
                ],
                env={**environment, "PYTHONPATH": str(TESTS)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        assert self._process.stdout is not None
        if self._process.stdout.readline() != b"ready\n":
            self.stop()
            raise RuntimeError(f"the kubelet did not start: {self._own_log()}")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The process outside its namespaces; when it is killed, everything ends."""
        return self._process.pid

    def stop(self) -> None:
        """Everything that it started has ended; its nodes stay in the cluster as they were."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(END_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        asyncio.run_coroutine_threadsafe(self._relay.close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        shutil.rmtree(self._doors, ignore_errors=True)

    def connect(self, address: str, port: int) -> socket.socket:
        """A connection with a pod. Raises ConnectionError if nobody listens there."""
        return relay.connect(self._doors / "pods", address, port)

    def log(self, namespace: str, pod: str, container: str) -> str:
        """What a container wrote, with the kubelet's notes on it."""
        file = self.logs / f"{namespace}_{pod}_{container}.log"
        return file.read_text(errors="replace") if file.exists() else ""

    def _write_files(self) -> tuple[str, int]:
        """Host and port of the API server; the kubelet's own files lie in the folder."""
        config = yaml.safe_load(self._kubeconfig.read_text())
        cluster = config["clusters"][0]["cluster"]
        server = urlsplit(cluster["server"])
        cluster["server"] = f"https://{API_ADDRESS}:{API_PORT}"
        kubeconfig = self.folder / "kubeconfig"
        kubeconfig.touch(mode=0o600)
        kubeconfig.write_text(json.dumps(config))
        dump(self._images, self.folder / "images.json")
        return server.hostname or "", server.port or 443

    def _own_log(self) -> str:
        return (self.logs / "kubelet.log").read_text(errors="replace")[-2000:]
