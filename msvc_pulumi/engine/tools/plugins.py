"""Which plugins the engine runs with: `choose` finds the user's, else makes what is missing.

The engine takes a plugin from PATH before it looks among the installed ones
(``sdk/go/common/workspace/plugins.go``), so ours are put on PATH, last, only where there is no
other.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from msvc_pulumi.engine.tools.gobuild import ToolError
from msvc_pulumi.engine.tools.sdk import kubernetes_version
from msvc_pulumi.errors import Diagnostic, ModelServiceError

__all__ = ["KUBERNETES", "LANGUAGE_HOST", "Plugin", "Plugins", "choose", "installed"]

TOOLS = Path(__file__).resolve().parents[3] / "tools"
LANGUAGE_HOST, KUBERNETES = "pulumi-language-python", "pulumi-resource-kubernetes"
STAND_IN = TOOLS / "language-host" / LANGUAGE_HOST
SOURCES_MISSING = "tool-sources-missing"
INSTALL_SECONDS = 300.0  # a plugin of 30 MB over a slow line


class PluginError(ModelServiceError):
    """A plugin is neither installed nor replaceable."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class Plugin:
    """One plugin program; ``ours`` if this project brings it along or has built it."""

    name: str
    path: Path
    ours: bool


@dataclass(frozen=True, slots=True)
class Plugins:
    """The language host and the Kubernetes plugin of a run."""

    language_host: Plugin
    kubernetes: Plugin

    @property
    def ours(self) -> tuple[Plugin, ...]:
        return tuple(one for one in (self.language_host, self.kubernetes) if one.ours)

    def search_path(self, path: str) -> str:
        """PATH for the engine: ``path`` without our language host, then what is needed of ours."""
        folders = [entry for entry in path.split(os.pathsep) if not _is_stand_in(Path(entry))]
        return os.pathsep.join([*folders, *(str(one.path.parent) for one in self.ours)])


def choose(pulumi: Path, environment: Mapping[str, str], build: Callable[[str], Path]) -> Plugins:
    """The plugins that ``pulumi`` is to use under ``environment``.

    A real installation of Pulumi, known by its language host, is asked to install the Kubernetes
    plugin where that is missing; where it cannot, ``build`` is asked for it. The language host is
    replaced by a stand-in.

    Raises:
        PluginError: a plugin is missing, and this installation of the project has none to give.
        ToolError: the Kubernetes plugin cannot be built.
    """
    language_host = installed(LANGUAGE_HOST, pulumi, environment)
    kubernetes = installed(KUBERNETES, pulumi, environment)
    if kubernetes is None and language_host is not None and _install(pulumi, environment):
        kubernetes = installed(KUBERNETES, pulumi, environment)
    return Plugins(
        Plugin(LANGUAGE_HOST, language_host or _stand_in(), language_host is None),
        Plugin(KUBERNETES, kubernetes or _built(build), kubernetes is None),
    )


def installed(name: str, pulumi: Path, environment: Mapping[str, str]) -> Path | None:
    """The user's own plugin ``name`` where the engine would find it, or None."""
    return next(_candidates(name, pulumi, environment), None)


def _candidates(name: str, pulumi: Path, environment: Mapping[str, str]) -> Iterator[Path]:
    on_path = environment.get("PATH", "").split(os.pathsep)
    if environment.get("PULUMI_IGNORE_AMBIENT_PLUGINS", "").lower() in ("1", "true"):
        on_path = []
    cached = sorted(home(environment).glob(f"plugins/{name.removeprefix('pulumi-')}-v*"))
    beside = pulumi.resolve().parent if name == LANGUAGE_HOST else None
    for folder in [*filter(None, [*map(Path, filter(None, on_path)), beside]), *cached]:
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
    return folder.resolve() == STAND_IN.resolve().parent


def _install(pulumi: Path, environment: Mapping[str, str]) -> bool:
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


def _stand_in() -> Path:
    if shutil.which(str(STAND_IN)) is None:
        raise _missing(f"Python language host, {LANGUAGE_HOST},", "it brings the language host")
    return STAND_IN


def _built(build: Callable[[str], Path]) -> Path:
    try:
        return build(KUBERNETES)
    except ToolError as error:
        if error.diagnostics[0].code != SOURCES_MISSING:
            raise
        command = f"`pulumi plugin install resource kubernetes {kubernetes_version()}`"
        raise _missing(f"Kubernetes plugin, {KUBERNETES},", f"run {command}") from error


def _missing(what: str, how: str) -> PluginError:
    return PluginError(
        [
            Diagnostic(
                "plugin-missing",
                f"Pulumi's {what} is not installed",
                help=f"install Pulumi (https://www.pulumi.com/docs/install/); {how}",
            )
        ]
    )
