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
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from msvc_pulumi.engine.tools.building import Build, build_all
from msvc_pulumi.engine.tools.gobuild import Go, Packages, ToolError, tool_error
from msvc_pulumi.engine.tools.goprocess import Stopped
from msvc_pulumi.engine.tools.programs import CRD_SETS, TOOLS, Tool
from msvc_pulumi.progress import Display, Progress, Task, print_progress

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
LOCK_POLL = 0.2  # seconds between two looks whether another process has finished


def default_cache() -> Path:
    """The folder that finished tools are kept in."""
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "msvc-pulumi" / "tools"


@dataclass(frozen=True, slots=True)
class Toolchain:
    """The tools of one checkout and one cache."""

    sources: Path = Path(__file__).resolve().parents[3] / "tools"
    cache: Path = field(default_factory=default_cache)
    progress: Progress = print_progress

    def find_or_build(self, tool: Tool) -> Path:
        """The program, ready to run. Raises ToolError if there is none and it cannot be built."""
        return self.find_or_build_all([tool])[tool.name]

    def find_or_build_all(self, tools: Sequence[Tool]) -> dict[str, Path]:
        """Tool → program for every one of ``tools``, the missing ones built.

        Raises ToolError for the first that can be had in no way.
        """
        found = {tool.name: path for tool in tools if (path := self.find(tool))}
        missing = [tool for tool in tools if tool.name not in found]
        if missing:
            builds = [self._build(tool) for tool in missing]
            with self._held(self.cache, "nothing", threading.Event()):
                pass  # it can be written
            found |= build_all(builds, self.cache, Display.of(self.progress))
        return {tool.name: found[tool.name] for tool in tools}

    def find(self, tool: Tool) -> Path | None:
        """The program if it need not be built: from PATH where preferred, else from the cache."""
        if tool.from_path and (found := shutil.which(tool.name)):
            refused = _refusal(Path(found)) if tool.name == "pulumi" else ""
            if not refused:
                return Path(found)
            self.progress(f"{found} is not used: {refused}")
        built = self.entry(tool) / tool.name
        return built if built.is_file() else None

    def _build(self, tool: Tool) -> Build:
        go = Go.locate(self._folder(tool.folder), tool=tool.name, instead=tool.instead)
        version = self.version(tool)
        return Build(tool, version, go, _linker_flags(tool, version), self._make)

    def _make(
        self, build: Build, task: Task, stop: threading.Event
    ) -> tuple[Path, Packages | None, float]:
        """The program, built unless another process has done it meanwhile."""
        tool, go, entry = build.tool, build.go, self.entry(build.tool)
        with self._held(entry, tool.name, stop):
            if (entry / tool.name).is_file():
                return entry / tool.name, None, 0.0
            Display.of(self.progress).announce(task)
            task.note = "looking for its sources, downloading what is not here"
            flags = build.linker_flags
            packages = go.packages(
                tool.package, linker_flags=flags, progress=self.progress, stop=stop
            )
            task.note = ""
            with self._filled(entry) as partial:
                seconds = go.build(
                    tool.package,
                    linker_flags=flags,
                    output=partial / tool.name,
                    log=self._log(entry),
                    packages=packages,
                    task=task,
                    stop=stop,
                )
                if tool.assets:
                    modules = go.modules(tool.module, progress=self.progress)
                    module = modules[self._versions(tool.folder)[tool.module]]
                    for asset in tool.assets:
                        _copy(module / asset, partial / asset)
        return entry / tool.name, packages, seconds

    def custom_resource_definitions(self) -> dict[str, Path]:
        """Set name (`CRD_SETS`) → folder of its YAML files, downloaded unless in the cache."""
        entry = self.cache / f"crds-{self._digest('crds', repr(CRD_SETS))}"
        with self._held(entry, "the CustomResourceDefinitions", threading.Event()):
            if not entry.is_dir():
                go = Go.locate(self._folder("crds"), tool="the set of CustomResourceDefinitions")
                self.progress("downloading CustomResourceDefinitions …")
                versions, display = self._versions("crds"), Display.of(self.progress)
                with display.task("downloading CustomResourceDefinitions"):
                    modules = go.modules(progress=display)
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
    def _held(self, entry: Path, what: str, stop: threading.Event) -> Iterator[None]:
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
                _lock(lock, stop)
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
    """Name → program for every one of ``names``, the missing ones built.

    Raises ToolError for the first that can be had in no way.
    """
    return Toolchain(progress=progress).find_or_build_all([TOOLS[name] for name in names])


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


def _lock(file: TextIO, stop: threading.Event) -> None:
    """``file`` is locked. Raises Stopped."""
    while not stop.wait(LOCK_POLL):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        return
    raise Stopped


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)  # the module cache is read-only, the copy need not be
