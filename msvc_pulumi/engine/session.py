"""`Session`: a cluster, and an engine set up to work on it with nothing left to ask or install."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Self, TextIO

from msvc_pulumi.cluster import Cluster, ClusterError, Patience
from msvc_pulumi.engine.backend import Backend, cluster_identity
from msvc_pulumi.engine.diagnosis.failures import EngineError
from msvc_pulumi.engine.stack import Stack
from msvc_pulumi.engine.tools.plugins import Plugins, choose
from msvc_pulumi.engine.tools.sdk import kubernetes_version
from msvc_pulumi.engine.tools.toolchain import find_or_build
from msvc_pulumi.errors import Diagnostic
from msvc_pulumi.plan import Plan
from msvc_pulumi.progress import Progress, print_progress

__all__ = ["Session"]


@dataclass(frozen=True, slots=True)
class Session:
    """Everything that the stacks of one cluster share. Close it, or use it in ``with``."""

    cluster: Cluster
    pulumi: Path
    plugins: Plugins
    backend: Backend
    environment: Mapping[str, str] = field(repr=False)

    @classmethod
    def open(
        cls,
        kubeconfig: Path | None = None,
        *,
        progress: Progress = print_progress,
        patience: Patience | None = None,
    ) -> Self:
        """The session for the cluster of ``kubeconfig``, by default the one kubectl would use.

        Builds ``pulumi`` and its Kubernetes plugin where they are nowhere to be found;
        ``patience`` is for a busy cluster.

        Raises:
            ClusterError: the cluster does not answer.
            ToolError: pulumi or its Kubernetes plugin is missing and cannot be built.
            PluginError: its language host is missing and has no stand-in.
            EngineError: the folder for state cannot be made.
            SdkError: Pulumi's packages for Python are not installed.
        """
        kubernetes_version()  # without the SDK there is nothing to open
        environment = {"MSVC_PYTHON": sys.executable, **os.environ}
        if kubeconfig is not None:
            environment["KUBECONFIG"] = str(kubeconfig)
        cluster = Cluster.connect(kubeconfig, patience=patience)
        try:
            identity = cluster_identity(cluster)
            try:
                backend = Backend.of(identity, environment)
            except OSError as problem:
                raise _no_state(problem) from problem
            build = partial(find_or_build, progress=progress)
            pulumi = build("pulumi")
            plugins = choose(pulumi, {**environment, **backend.variables}, build)
        except BaseException:
            cluster.close()
            raise
        for plugin in plugins.ours:
            progress(f"{plugin.name} is not installed: using this project's own")
        return cls(cluster, pulumi, plugins, backend, environment)

    def stack(
        self,
        name: str,
        *,
        project: Path | None = None,
        program: Callable[[], None] | None = None,
        output: TextIO | int | None = None,
        plans: Sequence[Plan] | None = None,
        steps: bool = False,
    ) -> Stack:
        """The stack of that name, whose program is that of ``project``, or ``program``, or declares
        ``plans``.
        """
        return Stack(
            name,
            self.pulumi,
            self.plugins,
            self.backend,
            self.environment,
            project,
            program,
            output,
            plans,
            self.cluster,
            steps,
        )

    def ensure_namespaces(self, names: Iterable[str]) -> list[str]:
        """The namespaces that were not there and are now. Raises ClusterError."""
        made = []
        for name in sorted({*names} - {""}):
            if self.cluster.get("v1", "Namespace", name) is None:
                manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
                try:
                    self.cluster.create(manifest)
                except ClusterError as error:
                    if error.reason != "AlreadyExists":  # by a request that got no answer
                        raise
                made.append(name)
        return made

    def close(self) -> None:
        """End the connections to the cluster."""
        self.cluster.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _no_state(problem: OSError) -> EngineError:
    return EngineError(
        [
            Diagnostic(
                "state-folder",
                f"the folder for Pulumi's state cannot be used: {problem}",
                help="name a folder that you may write to in XDG_STATE_HOME",
            )
        ]
    )
