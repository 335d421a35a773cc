"""The operator as a process of its own, and the kubeconfig of its ServiceAccount."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from accounts import account_kubeconfig
from services import create_namespace

from msvc_pulumi.api.crd import custom_resource_definition
from msvc_pulumi.cluster import Cluster
from msvc_pulumi.installation.manifests import NAME, access
from msvc_pulumi.installation.options import InstallOptions

__all__ = [
    "HOME",
    "OperatorProcess",
    "install",
    "kubeconfig_of",
    "processor_seconds",
    "resident_bytes",
]

START_SECONDS = 240.0
HOME = "modelservice-system"


class OperatorProcess:
    """``msvc operator run`` with its state and its log in ``folder``."""

    def __init__(
        self,
        kubeconfig: Path,
        folder: Path,
        port: int,
        *flags: str,
        variables: Mapping[str, str] | None = None,
        log: str = "log",
    ) -> None:
        self.state, self.log = folder / "state", folder / log
        self.kubeconfig, self._port, self.flags = kubeconfig, port, flags
        self._variables = variables or {}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def command(self) -> list[str]:
        return [
            *(sys.executable, "-m", "msvc_pulumi", "operator", "run", "--log-level=debug"),
            "--health-probe-bind-address=0",
            f"--metrics-bind-address=127.0.0.1:{self._port}",
            "--metrics-secure=false",
            *self.flags,
        ]

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "KUBECONFIG": str(self.kubeconfig),
            "XDG_STATE_HOME": str(self.state),
            "PULUMI_HOME": str(self.state / "no-pulumi-home"),
            **self._variables,
        }

    def start(self, until: str = " ready") -> None:
        """It runs and has said ``until``: by default that it has looked at the whole cluster."""
        before = self.launch()
        process = self._process
        assert process is not None
        end = time.monotonic() + START_SECONDS
        while until not in self.log.read_text()[before:]:
            assert process.poll() is None, self.log.read_text()[before:]
            assert time.monotonic() < end, self.log.read_text()[before:]
            time.sleep(0.05)

    def launch(self) -> int:
        """It has been started; how long its log was before."""
        with self.log.open("ab") as stream:
            before = self.log.stat().st_size
            self._process = subprocess.Popen(
                self.command, env=self.environment, stderr=stream, stdout=stream
            )
        return before

    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def engines(self) -> list[int]:
        """Process ids of engines that work with its state."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                command = (entry / "cmdline").read_text(errors="replace").split("\0")
            except OSError:  # it has ended
                continue
            if Path(command[0]).name == "pulumi" and str(self.state) in " ".join(command):
                found.append(int(entry.name))
        return found

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def stop(self) -> int:
        """Its exit code after SIGTERM."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """It is gone without having been asked."""
        self._end(signal.SIGKILL)

    def wait(self, seconds: float) -> int:
        """Its exit code, once it has ended by itself."""
        assert self._process is not None
        return self._process.wait(seconds)

    def pause(self) -> None:
        """It does nothing more, until it goes on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def metric(self, name: str) -> float:
        """The value of a metric of the process that runs now."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/metrics", timeout=10) as page:
            found = re.search(rf"^{re.escape(name)} (\S+)$", page.read().decode(), re.MULTILINE)
        assert found, name
        return float(found[1])

    def files(self, pattern: str) -> list[Path]:
        """What of its state matches."""
        return sorted(self.state.glob(f"msvc-pulumi/clusters/*/{pattern}"))

    def _end(self, number: int) -> int:
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(60)


def install(cluster: Cluster) -> str:
    """The namespace of the operator, which may do now what its manifests say and no more."""
    cluster.apply(custom_resource_definition(), force=True)
    create_namespace(cluster, HOME)
    for manifest in access(InstallOptions("example.invalid/operator", HOME, replicas=2)):
        cluster.apply(manifest, force=True)
    return HOME


def kubeconfig_of(cluster: Cluster, admin: Path, namespace: str, file: Path) -> Path:
    """``file``, with which a client is the operator's ServiceAccount and nobody else."""
    return account_kubeconfig(cluster, admin, namespace, NAME, file)


def processor_seconds(pid: int) -> float:
    """What a process has spent so far, without its children."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_bytes(pid: int) -> int:
    """What a process has in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
