"""Which plugins the engine runs with: `choose` finds the official ones, else names the stand-ins.

The engine takes a plugin from PATH before it looks among the installed ones
(``sdk/go/common/workspace/plugins.go``), so a stand-in is put on PATH, last, only where there is no
official plugin at all.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from msvc_pulumi.engine.sdk import kubernetes_version
from msvc_pulumi.errors import Diagnostic, ModelServiceError

__all__ = ["KUBERNETES", "LANGUAGE_HOST", "Plugin", "Plugins", "choose"]

TOOLS = Path(__file__).resolve().parents[2] / "tools"
LANGUAGE_HOST, KUBERNETES = "pulumi-language-python", "pulumi-resource-kubernetes"
STAND_INS = {LANGUAGE_HOST: TOOLS / "language-host", KUBERNETES: TOOLS / "kubernetes-provider"}
INSTALL_SECONDS = 300.0  # a plugin of 30 MB over a slow line


class PluginError(ModelServiceError):
    """A plugin is neither installed nor replaceable."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class Plugin:
    """One plugin program; ``stand_in`` if it is this project's."""

    name: str
    path: Path
    stand_in: bool


@dataclass(frozen=True, slots=True)
class Plugins:
    """The language host and the Kubernetes provider of a run."""

    language_host: Plugin
    kubernetes: Plugin

    @property
    def stand_ins(self) -> tuple[Plugin, ...]:
        return tuple(one for one in (self.language_host, self.kubernetes) if one.stand_in)

    def search_path(self, path: str) -> str:
        """PATH for the engine: ``path`` without any stand-in, then those that are needed."""
        folders = [entry for entry in path.split(os.pathsep) if not _is_stand_in(Path(entry))]
        return os.pathsep.join([*folders, *(str(one.path.parent) for one in self.stand_ins)])


def choose(pulumi: Path, environment: Mapping[str, str]) -> Plugins:
    """The plugins that ``pulumi`` is to use under ``environment``.

    A real installation of Pulumi, known by its language host, is asked to install the Kubernetes
    plugin where that is missing; where it cannot, the stand-in is used.

    Raises:
        PluginError: a plugin is missing and this installation of the project has no stand-in.
    """
    language_host = official(LANGUAGE_HOST, pulumi, environment)
    kubernetes = official(KUBERNETES, pulumi, environment)
    if kubernetes is None and language_host is not None and _installed(pulumi, environment):
        kubernetes = official(KUBERNETES, pulumi, environment)
    return Plugins(_plugin(LANGUAGE_HOST, language_host), _plugin(KUBERNETES, kubernetes))


def official(name: str, pulumi: Path, environment: Mapping[str, str]) -> Path | None:
    """The official plugin ``name`` where the engine would find it, or None."""
    return next(_candidates(name, pulumi, environment), None)


def _candidates(name: str, pulumi: Path, environment: Mapping[str, str]) -> Iterator[Path]:
    on_path = environment.get("PATH", "").split(os.pathsep)
    if environment.get("PULUMI_IGNORE_AMBIENT_PLUGINS", "").lower() in ("1", "true"):
        on_path = []
    installed = sorted(home(environment).glob(f"plugins/{name.removeprefix('pulumi-')}-v*"))
    beside = pulumi.resolve().parent if name == LANGUAGE_HOST else None
    for folder in [*filter(None, [*map(Path, filter(None, on_path)), beside]), *installed]:
        program = folder / name
        unfinished = folder.with_name(f"{folder.name}.partial").exists()
        if os.access(program, os.X_OK) and not _is_stand_in(program.resolve().parent):
            if unfinished:  # the engine, too, ignores a plugin whose download broke off
                continue
            yield program


def home(environment: Mapping[str, str]) -> Path:
    """Pulumi's own folder."""
    return Path(environment.get("PULUMI_HOME") or Path.home() / ".pulumi")


def _is_stand_in(folder: Path) -> bool:
    return folder.resolve() in {known.resolve() for known in STAND_INS.values()}


def _installed(pulumi: Path, environment: Mapping[str, str]) -> bool:
    command = [str(pulumi), "plugin", "install", "resource", "kubernetes", kubernetes_version()]
    try:
        done = subprocess.run(
            command,
            env=dict(environment),
            capture_output=True,
            timeout=INSTALL_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _plugin(name: str, found: Path | None) -> Plugin:
    if found is not None:
        return Plugin(name, found, stand_in=False)
    program = STAND_INS[name] / name
    if shutil.which(str(program)) is None:
        part = "Python language host" if name == LANGUAGE_HOST else "Kubernetes plugin"
        raise PluginError(
            [
                Diagnostic(
                    "plugin-missing",
                    f"Pulumi's {part}, {name}, is not installed",
                    help="install Pulumi (https://www.pulumi.com/docs/install/); it brings the "
                    f"language host, and `pulumi plugin install resource kubernetes "
                    f"{kubernetes_version()}` the Kubernetes plugin",
                )
            ]
        )
    return Plugin(name, program, stand_in=True)
