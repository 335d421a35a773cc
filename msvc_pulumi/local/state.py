"""What is known of a plane: `State` is kept between two commands, `Status` is shown to the user."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msvc_pulumi.local.process import Process

__all__ = ["State", "Status", "write_private"]


@dataclass(slots=True)
class State:
    """What is remembered between two commands."""

    port: int = 0
    processes: dict[str, Process] = field(default_factory=dict)
    crds: list[str] = field(default_factory=list)
    """Sets of definitions that are installed, together with nodes and the rest."""

    @classmethod
    def load(cls, file: Path) -> State:
        """The state in ``file``; an empty one if there is none or it was not finished."""
        try:
            stated = json.loads(file.read_text(encoding="utf-8"))
            processes = {name: Process(*item) for name, item in stated["processes"].items()}
            return cls(int(stated["port"]), processes, list(stated["crds"]))
        except (OSError, ValueError, KeyError, TypeError):
            return cls()

    def save(self, file: Path) -> None:
        """``file`` holds either the state before or this one, never a part."""
        processes = {name: [item.pid, item.began] for name, item in self.processes.items()}
        stated = {"port": self.port, "processes": processes, "crds": self.crds}
        write_private(file, json.dumps(stated, indent=1))

    def alive(self) -> dict[str, Process]:
        """Component → process, for those that run."""
        return {name: process for name, process in self.processes.items() if process.alive()}


@dataclass(frozen=True, slots=True)
class Status:
    """What there is of a control plane; ``str()`` of it is for people."""

    directory: Path
    kubeconfig: Path
    processes: dict[str, int | None]
    """Component → process id, None where it has ended."""
    server: str = ""
    version: str = ""
    nodes: dict[str, bool] = field(default_factory=dict)
    """Node → whether it takes pods."""
    problem: str = ""
    """Why the API server does not answer."""

    @property
    def running(self) -> bool:
        """Whether any part of it runs."""
        return any(self.processes.values())

    @property
    def ready(self) -> bool:
        """Whether every component runs, the API answers and every node takes pods."""
        parts = (*self.processes.values(), *self.nodes.values())
        return all(parts) and bool(self.nodes) and not self.problem

    def plain(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "running": self.running,
            "ready": self.ready,
            "kubeconfig": str(self.kubeconfig),
            "directory": str(self.directory),
            "server": self.server,
            "version": self.version,
            "processes": dict(self.processes),
            "nodes": dict(self.nodes),
            "problem": self.problem,
        }

    def __str__(self) -> str:
        if not self.running:
            return f"no local control plane runs in {self.directory}"
        lines = [f"local control plane {'ready' if self.ready else 'NOT ready'} at {self.server}"]
        if self.version:
            lines.append(f"  Kubernetes {self.version}")
        for name, pid in self.processes.items():
            lines.append(f"  {name}: {f'process {pid}' if pid else 'ended'}")
        for name, ready in self.nodes.items():
            lines.append(f"  node {name}: {'ready' if ready else 'not ready'}")
        if self.problem:
            lines.append(f"  {self.problem}")
        return "\n".join([*lines, f"  export KUBECONFIG={self.kubeconfig}"])


def write_private(file: Path, text: str) -> None:
    """``file`` holds ``text``, whole at any moment and readable by its owner only."""
    partial = file.with_name(f".{file.name}.partial")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(text)
    partial.replace(file)
