"""`Start`: the components that are not running are started, in order, each when it can work."""

from __future__ import annotations

import json
import re
import secrets
import socket
import time
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.cluster.errors import ClusterError
from msvc_pulumi.engine.processes.interruption import Interruption
from msvc_pulumi.local.components import COMPONENTS, Layout, command, stages
from msvc_pulumi.local.failure import LocalError, component_failed, local_error
from msvc_pulumi.local.process import Process, stop_all
from msvc_pulumi.local.state import State, write_private
from msvc_pulumi.progress import Display, Progress, Task

__all__ = ["Start"]

SERVER_STARTS = 3
# What an API server writes that ended of something the next may not meet. Another program took the
# free port first; or its first look at the addresses of Services met an error, which it neither
# tries again nor survives by a minute (kubernetes#136288, kubernetes#141220). A kubelet starts it
# again as well.
PORT_TAKEN, PASSING = "address already in use", re.compile(r'PostStartHook "[^"]+" failed')
POLL = 0.1  # seconds


@dataclass(slots=True)
class Start:
    """One attempt; ``started`` are the processes it is to be blamed for."""

    layout: Layout
    state: State
    programs: Mapping[str, Path]
    progress: Progress
    interruption: Interruption
    started: list[Process] = field(default_factory=list)

    def missing(self, timeout: float) -> None:
        """Every component runs and the API server answers to the token in the kubeconfig.

        Raises LocalError (local-component, local-timeout).
        """
        self.layout.logs.mkdir(mode=0o700, exist_ok=True)
        self.state.save(self.layout.state)
        if not self.layout.tokens.exists():
            write_private(
                self.layout.tokens, f'{secrets.token_urlsafe(32)},admin,admin,"system:masters"\n'
            )
        write_private(self.layout.stages, stages(self.programs["kwok"]))
        server = "kube-apiserver"
        if self._ended("etcd"):
            # A server that lost its etcd waits for it up to two minutes; a new one does not.
            stop_all([item for item in [self.state.alive().get(server)] if item], grace=0)
            self._launch("etcd")
        for attempt in range(SERVER_STARTS):
            if self._ended(server):
                self._choose_port()
                self._launch(server)
            try:
                with Display.of(self.progress).task("waiting for the API server") as task:
                    self._await_server(timeout, task)
                break
            except LocalError:
                if attempt + 1 == SERVER_STARTS or not self._ended_in_passing(server):
                    raise
                self.progress(f"{server} ended while it began, which may pass")
        for component in COMPONENTS[2:]:
            if self._ended(component):
                self._launch(component)

    def check(self, components: Sequence[str] = COMPONENTS) -> None:
        """Raises if one of ``components`` has ended (LocalError), or if the user interrupts."""
        self.interruption.check()
        for component in components:
            if self._ended(component):
                raise component_failed(component, self.layout.log(component))

    def _ended(self, component: str) -> bool:
        process = self.state.processes.get(component)
        return process is None or not process.alive()

    def _launch(self, component: str) -> None:
        self.progress(f"starting {component}")
        arguments = command(component, self.programs[component], self.layout, self.state.port)
        log = self.layout.log(component)
        log.unlink(missing_ok=True)
        process = Process.start(arguments, folder=self.layout.root, log=log)
        if process is None:
            raise component_failed(component, log)
        self.started.append(process)
        self.state.processes[component] = process
        self.state.save(self.layout.state)

    def _choose_port(self) -> None:
        """The port of before, so that kubeconfigs stay right, or else a free one."""
        port = self.state.port
        if port and not self._port_was_taken() and _is_free(port):
            return
        self.state.port = _free_port()
        if port:
            self.progress(f"port {port} is taken, using {self.state.port}")
        # They know the port from the file they read when they began.
        clients = [self.state.processes.pop(name, None) for name in COMPONENTS[2:]]
        stop_all([client for client in clients if client], grace=2)

    def _port_was_taken(self) -> bool:
        return PORT_TAKEN in self._log("kube-apiserver")

    def _ended_in_passing(self, component: str) -> bool:
        written = self._log(component)
        return self._ended(component) and bool(PORT_TAKEN in written or PASSING.search(written))

    def _log(self, component: str) -> str:
        log = self.layout.log(component)
        return log.read_text(errors="replace") if log.exists() else ""

    def _await_server(self, timeout: float, task: Task) -> None:
        end = time.monotonic() + timeout
        answer = ""
        while answer != "ok":
            self.check(COMPONENTS[:2])
            if time.monotonic() > end:
                raise local_error(
                    "local-timeout",
                    f"the API server is not ready after {timeout:.0f} s: {answer}",
                    f"the machine may be too busy; read {self.layout.log('kube-apiserver')}",
                )
            time.sleep(POLL)
            if not _answers(self.state.port):
                continue  # its certificate may be half written
            try:
                self._write_kubeconfig()
                with Cluster.connect(self.layout.kubeconfig) as cluster:
                    # Only ours has this certificate and knows this token.
                    answer = cluster.server.request("GET", "/readyz", timeout=5)
            except (ClusterError, OSError) as error:
                answer = task.note = str(error)

    def _write_kubeconfig(self) -> None:
        token = self.layout.tokens.read_text(encoding="utf-8").partition(",")[0]
        authority = b64encode(self.layout.certificate.read_bytes()).decode()
        name = "msvc-local"
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {
                    "name": name,
                    "cluster": {
                        "server": f"https://127.0.0.1:{self.state.port}",
                        "certificate-authority-data": authority,
                        # The plugin asks for the whole schema at each of its starts, and nothing
                        # is gained by packing it on its way to the same machine.
                        "disable-compression": True,
                    },
                }
            ],
            "users": [{"name": name, "user": {"token": token}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "current-context": name,
        }
        # JSON is YAML, and needs no library to be written.
        write_private(self.layout.kubeconfig, json.dumps(config, indent=1) + "\n")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As Go's listener does; else a port stays taken a minute after its server ended.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
