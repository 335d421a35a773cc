"""`LocalControlPlane`: starts, repairs, describes and ends the components of one control plane."""

from __future__ import annotations

import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from msvc_pulumi.cluster import Cluster, Patience
from msvc_pulumi.cluster.errors import ClusterError
from msvc_pulumi.engine.processes.interruption import Interruption
from msvc_pulumi.engine.tools.programs import CRD_SETS
from msvc_pulumi.engine.tools.toolchain import custom_resource_definitions, find_or_build_all
from msvc_pulumi.local.components import AUDIT_POLICY, COMPONENTS, Layout
from msvc_pulumi.local.contents import install, is_ready, settle
from msvc_pulumi.local.failure import explained
from msvc_pulumi.local.folder import clear, default_directory, held, refuse_foreign
from msvc_pulumi.local.nodes import DEFAULT_NODES, Node
from msvc_pulumi.local.process import Process, find, stop_all
from msvc_pulumi.local.requirements import require
from msvc_pulumi.local.starting import Start
from msvc_pulumi.local.state import State, Status, write_private
from msvc_pulumi.progress import Display, Progress, print_progress

__all__ = ["LocalControlPlane", "down", "status", "up"]

READY_WAIT = 600.0  # seconds; an idle machine needs 8, one that builds something many times that
STOP_WAIT = 10.0  # seconds a component may take to end when asked to
ABORT_WAIT = 2.0  # the same, for one that never worked
ABSENT_WAIT = 30.0  # seconds until a server that refuses connections is given up
STATUS_WAIT = 5.0  # seconds within which a server that is well answers


class LocalControlPlane:
    """One control plane in one directory, on a port of its own; ``with`` brings it up and down.

    ``crds`` are names of `CRD_SETS`: leave some out to see what happens where a kind is missing.
    With ``audit`` a new plane's API server writes every request to ``layout.audit``.
    """

    def __init__(
        self,
        directory: Path | None = None,
        *,
        crds: Sequence[str] = tuple(CRD_SETS),
        nodes: Sequence[Node] = DEFAULT_NODES,
        audit: bool = False,
        progress: Progress = print_progress,
    ) -> None:
        self.layout = Layout((directory or default_directory()).absolute())
        self.crds, self.nodes, self.progress = tuple(crds), tuple(nodes), progress
        self.audit = audit

    @property
    def kubeconfig(self) -> Path:
        """The file to point KUBECONFIG at; it holds an administrator's token."""
        return self.layout.kubeconfig

    def cluster(self) -> Cluster:
        """A client of this plane, for the caller to close."""
        patience = Patience(READY_WAIT, self.progress, absent=ABSENT_WAIT)
        return Cluster.connect(self.kubeconfig, patience=patience)

    def __enter__(self) -> Self:
        self.up()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.down()

    def up(self) -> Status:
        """The plane runs and is ready: what runs is left alone, what has ended is started again.

        Raises ToolError, LocalError or ClusterError. Then, and when it is interrupted, what it
        started is stopped, and what it made is removed but for the logs.
        """
        with explained(self.layout.root), held(self.layout):
            began, state = time.monotonic(), State.load(self.layout.state)
            new = not self.layout.state.exists()
            running = state.alive()
            if running:
                ended = [name for name in COMPONENTS if name not in running]
                self.progress(
                    f"the local control plane runs already, but not {', '.join(ended)}"
                    if ended
                    else "the local control plane runs already"
                )
            require(self.layout.root)
            programs = find_or_build_all(*COMPONENTS, progress=self.progress)
            definitions = custom_resource_definitions(progress=self.progress)
            with Interruption() as interruption:
                start = Start(self.layout, state, programs, self.progress, interruption)
                try:
                    stop_all(self._orphans(state), grace=STOP_WAIT)
                    if self.audit and new:
                        write_private(self.layout.audit_policy, AUDIT_POLICY)
                    start.missing(READY_WAIT)
                    self._fill(state, definitions, start)
                    interruption.check()
                except BaseException:
                    self.progress("that failed; stopping what was started")
                    stop_all(start.started, grace=ABORT_WAIT)
                    if new:
                        clear(self.layout, logs=False)
                    raise
            if start.started:
                self.progress(f"local control plane ready after {time.monotonic() - began:.1f} s")
            return self.status()

    def restart_server(self, *, number: signal.Signals = signal.SIGTERM) -> Status:
        """The API server is a new process on the same port with the same data, and answers.

        The old one was ended by ``number``; the other components stayed. Raises as `up`.
        """
        server = State.load(self.layout.state).processes.get(COMPONENTS[1])
        if server is not None:
            server.send(number)
            stop_all([server], grace=STOP_WAIT)
        return self.up()

    def down(self, *, keep: bool = False) -> None:
        """No process of the plane is left, and no file of it either unless its data is to be kept.

        Raises LocalError if a process cannot be ended.
        """
        with explained(self.layout.root), held(self.layout):
            state = State.load(self.layout.state)
            servers = [state.processes[name] for name in COMPONENTS[:2] if name in state.processes]
            clients = [process for process in state.processes.values() if process not in servers]
            # Each needs those that started before it, if only to say goodbye.
            for processes in ([*clients, *self._orphans(state)], servers[1:], servers[:1]):
                stop_all(processes, grace=STOP_WAIT)
            if not keep:
                clear(self.layout, logs=True)
            elif state.port:
                State(state.port).save(self.layout.state)

    def status(self) -> Status:
        """What there is now. Raises LocalError only for a directory that is none of ours."""
        refuse_foreign(self.layout)
        state = State.load(self.layout.state)
        running = state.alive()
        pids = {name: running[name].pid if name in running else None for name in COMPONENTS}
        if not running:
            return Status(self.layout.root, self.kubeconfig, pids)
        server = f"https://127.0.0.1:{state.port}"
        try:
            with Cluster.connect(self.kubeconfig, timeout=STATUS_WAIT) as cluster:
                version = cluster.server.request("GET", "/version")["gitVersion"]
                listed, _ = cluster.list("v1", "Node")
        except ClusterError as error:
            return Status(self.layout.root, self.kubeconfig, pids, server, problem=str(error))
        nodes = {node["metadata"]["name"]: is_ready(node) for node in listed}
        return Status(self.layout.root, self.kubeconfig, pids, server, version, nodes)

    def _fill(self, state: State, definitions: Mapping[str, Path], start: Start) -> None:
        with self.cluster() as cluster:
            if start.started or not set(self.crds) <= set(state.crds):
                self.progress("installing CustomResourceDefinitions and nodes")
                install(
                    cluster,
                    [definitions[name] for name in self.crds],
                    self.nodes,
                    check=start.check,
                )
            with Display.of(self.progress).task("waiting for nodes and definitions") as task:
                settle(cluster, self.nodes, timeout=READY_WAIT, check=start.check, task=task)
        state.crds = sorted({*state.crds, *self.crds})
        state.save(self.layout.state)

    def _orphans(self, state: State) -> list[Process]:
        """Processes of a command that was killed before it could note them down."""
        known = {process.pid for process in state.processes.values()}
        found = (Process.of(pid) for pid in find(COMPONENTS, self.layout.root) if pid not in known)
        return [process for process in found if process]


def up(
    directory: Path | None = None,
    *,
    crds: Sequence[str] = tuple(CRD_SETS),
    progress: Progress = print_progress,
) -> Status:
    """The user's control plane, ready (`LocalControlPlane.up`)."""
    return LocalControlPlane(directory, crds=crds, progress=progress).up()


def down(directory: Path | None = None, *, keep: bool = False) -> None:
    """Nothing of the user's control plane is left (`LocalControlPlane.down`)."""
    LocalControlPlane(directory).down(keep=keep)


def status(directory: Path | None = None) -> Status:
    """What there is of the user's control plane (`LocalControlPlane.status`)."""
    return LocalControlPlane(directory).status()
