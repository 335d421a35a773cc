"""Finds or builds the tools: `find_or_build` returns a program that runs here, or raises ToolError.

pulumi and kubectl come from PATH when they are there. Everything else, and they too where they are
missing, is built by Go from the modules pinned in ``tools/*/go.mod`` into a cache outside the tree,
once. The go.mod files are the only place that names versions.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from msvc_pulumi.engine.gobuild import Go, Progress, ToolError, tool_error
from msvc_pulumi.engine.tools import CRD_SETS, TOOLS, Tool

__all__ = [
    "Progress",
    "ToolError",
    "Toolchain",
    "custom_resource_definitions",
    "default_cache",
    "find_or_build",
    "find_or_build_all",
    "print_progress",
]

MINIMUM_PULUMI = (3, 230)  # the oldest that the tests were run with (docs/decisions/0019-…)


def print_progress(line: str) -> None:
    """One line on stderr, at once: the same on a terminal and in a CI log."""
    print(line, file=sys.stderr, flush=True)


def default_cache() -> Path:
    """The folder that finished tools are kept in."""
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "msvc-pulumi" / "tools"


@dataclass(frozen=True, slots=True)
class Toolchain:
    """The tools of one checkout and one cache."""

    sources: Path = Path(__file__).resolve().parents[2] / "tools"
    cache: Path = field(default_factory=default_cache)
    progress: Progress = print_progress

    def find_or_build(self, tool: Tool, *, ordinal: str = "") -> Path:
        """The program, ready to run; ``ordinal`` ("2 of 7") goes into the progress lines."""
        return self.find(tool) or self.build(tool, ordinal=ordinal)

    def find(self, tool: Tool) -> Path | None:
        """The program if it need not be built: from PATH where preferred, else from the cache."""
        if tool.from_path and (found := shutil.which(tool.name)):
            refused = _refusal(Path(found)) if tool.name == "pulumi" else ""
            if not refused:
                return Path(found)
            self.progress(f"{found} is not used: {refused}")
        built = self.entry(tool) / tool.name
        return built if built.is_file() else None

    def build(self, tool: Tool, *, ordinal: str = "") -> Path:
        """The program, built unless another process has done it meanwhile."""
        entry, version = self.entry(tool), self.version(tool)
        with self._held(entry, tool.name):
            if (entry / tool.name).is_file():
                return entry / tool.name
            go = Go.locate(self.sources / tool.folder, tool=tool.name, instead=tool.instead)
            go.require_space(tool=tool.name, size=tool.size, target=self.cache)
            with self._filled(entry) as partial:
                go.build(
                    tool.package,
                    linker_flags=_linker_flags(tool, version),
                    output=partial / tool.name,
                    log=self._log(entry),
                    title=f"{f'[{ordinal}] ' if ordinal else ''}building {tool.name} {version}",
                    progress=self.progress,
                )
                if tool.assets:
                    module = go.modules(tool.module)[self._versions(tool.folder)[tool.module]]
                    for asset in tool.assets:
                        _copy(module / asset, partial / asset)
        return entry / tool.name

    def custom_resource_definitions(self) -> dict[str, Path]:
        """Set name (`CRD_SETS`) → folder of its YAML files, downloaded unless in the cache."""
        entry = self.cache / f"crds-{self._digest('crds', repr(CRD_SETS))}"
        with self._held(entry, "the CustomResourceDefinitions"):
            if not entry.is_dir():
                go = Go.locate(self._folder("crds"), tool="the set of CustomResourceDefinitions")
                self.progress("downloading CustomResourceDefinitions …")
                versions, modules = self._versions("crds"), go.modules()
                with self._filled(entry) as partial:
                    for name, (module, patterns) in CRD_SETS.items():
                        for pattern in patterns:
                            for file in sorted(modules[versions[module]].glob(pattern)):
                                _copy(file, partial / name / file.name)
        return {name: entry / name for name in CRD_SETS}

    def version(self, tool: Tool) -> str:
        """The version that go.mod pins, as ``v1.2.3``."""
        return self._versions(tool.folder)[tool.module][1]

    def entry(self, tool: Tool) -> Path:
        """The tool's folder in the cache, another for another version, platform or setting."""
        version = self.version(tool)
        flags = _linker_flags(tool, version)
        settings = f"{flags} {tool.assets} {sys.platform} {platform.machine()}"
        return self.cache / f"{tool.name}-{version}-{self._digest(tool.folder, settings)}"

    def _folder(self, name: str) -> Path:
        folder = self.sources / name
        if not (folder / "go.mod").is_file():
            raise tool_error(
                "tool-sources-missing",
                f"there is no {folder / 'go.mod'} to build from",
                help="run from a clone of the repository (the package has no tool sources), "
                "or install pulumi and kubectl and point KUBECONFIG at a cluster",
            )
        return folder

    def _versions(self, name: str) -> dict[str, tuple[str, str]]:
        return _required((self._folder(name) / "go.mod").read_text(encoding="utf-8"))

    def _digest(self, name: str, settings: str) -> str:
        digest = hashlib.sha256(settings.encode())
        folder = self._folder(name)
        for file in (folder / "go.mod", folder / "go.sum", *sorted(folder.glob("*.go"))):
            digest.update(file.read_bytes())
        return digest.hexdigest()[:12]

    def _log(self, entry: Path) -> Path:
        folder = self.cache / "logs"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{entry.name}.log"

    @contextmanager
    def _held(self, entry: Path, what: str) -> Iterator[None]:
        """Only one process at a time fills ``entry``; a dead process holds no lock."""
        try:
            entry.parent.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise tool_error(
                "cache-unwritable",
                f"the tools' cache cannot be written: {problem}",
                help="set XDG_CACHE_HOME to a folder of yours",
            ) from problem
        with (entry.parent / f".{entry.name}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self.progress(f"waiting for another process that builds {what} …")
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @contextmanager
    def _filled(self, entry: Path) -> Iterator[Path]:
        """A folder that becomes ``entry`` when it is complete, and is removed when it is not."""
        partial = entry.with_name(f".{entry.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        try:
            yield partial
            partial.rename(entry)
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def find_or_build(name: str, *, progress: Progress = print_progress) -> Path:
    """The program of that name (a key of `TOOLS`), ready to run; raises ToolError if not."""
    return Toolchain(progress=progress).find_or_build(TOOLS[name])


def find_or_build_all(*names: str, progress: Progress = print_progress) -> dict[str, Path]:
    """Name → program for every one of ``names``, the missing ones built in this order.

    Raises ToolError for the first that can be had in no way.
    """
    toolchain = Toolchain(progress=progress)
    found = {name: toolchain.find(TOOLS[name]) for name in names}
    missing = [name for name, path in found.items() if path is None]
    if missing:
        progress(f"building {', '.join(missing)} from source; this takes minutes, once")
    built = {
        name: toolchain.build(TOOLS[name], ordinal=f"{position} of {len(missing)}")
        for position, name in enumerate(missing, start=1)
    }
    return {name: path or built[name] for name, path in found.items()}


def custom_resource_definitions(*, progress: Progress = print_progress) -> dict[str, Path]:
    """Set name → folder of its YAML files (`Toolchain.custom_resource_definitions`)."""
    return Toolchain(progress=progress).custom_resource_definitions()


def _required(go_mod: str) -> dict[str, tuple[str, str]]:
    """Required module → (module, version) that this go.mod replaces it by, or itself."""
    lines: list[Sequence[str]] = []
    block = ""
    for line in go_mod.splitlines():
        words = line.split("//", 1)[0].split()
        if words[1:] == ["("]:
            block = words[0]
        elif words == [")"]:
            block = ""
        elif words:
            lines.append([block, *words] if block else words)
    replaced = {
        words[1]: (words[-2], words[-1])
        for words in lines
        if words[0] == "replace" and words[-3] == "=>"  # not by a folder, which has no version
    }
    required = {words[1]: words[2] for words in lines if words[0] == "require"}
    return {module: replaced.get(module, (module, version)) for module, version in required.items()}


def _linker_flags(tool: Tool, version: str) -> str:
    major, minor = version.removeprefix("v").split(".")[:2]
    stamps = (stamp.format(version=version, major=major, minor=minor) for stamp in tool.stamps)
    return " ".join(["-s -w", *(f"-X {stamp}" for stamp in stamps)])


def _refusal(pulumi: Path) -> str:
    """Why this pulumi cannot be used; empty if it can."""
    try:
        asked = subprocess.run(
            [pulumi, "version"],
            env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        return f"`pulumi version` fails ({problem})"
    version = re.match(r"v?(\d+)\.(\d+)", asked.stdout.strip())
    if asked.returncode != 0 or version is None:
        return f"`pulumi version` fails (exit code {asked.returncode})"
    if (int(version[1]), int(version[2])) < MINIMUM_PULUMI:
        return f"version {asked.stdout.strip()} is older than {'.'.join(map(str, MINIMUM_PULUMI))}"
    return ""


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)  # the module cache is read-only, the copy need not be
