"""`build_all`: several builds, told of before they begin, side by side where that is quicker.

Builds from one go.mod share most of their packages, so they follow one another; the others run at
once, as many as processors and memory allow.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from msvc_pulumi.engine.processes.interruption import Interruption
from msvc_pulumi.engine.tools import machine
from msvc_pulumi.engine.tools.buildtimes import BuildTimes
from msvc_pulumi.engine.tools.gobuild import Go, Packages
from msvc_pulumi.engine.tools.programs import GIGABYTE, Tool
from msvc_pulumi.progress import Display, Task

__all__ = ["Build", "build_all"]

MEMORY = 3 * GIGABYTE  # that one build may take: to link the largest program takes two
MOST = 4  # builds at once: more would only wait for each other's processors
POLL = 0.1  # seconds


@dataclass(frozen=True, slots=True)
class Build:
    """One tool that is missing, and how it is made."""

    tool: Tool
    version: str
    go: Go
    linker_flags: str
    make: Callable[[Build, Task, threading.Event], tuple[Path, Packages | None, float]]
    """Build, task, stop → program, packages and processor seconds; no packages if another
    process has built it. Raises ToolError or Stopped."""

    @property
    def title(self) -> str:
        return f"{self.tool.name} {self.version}"


def build_all(builds: Sequence[Build], cache: Path, display: Display) -> dict[str, Path]:
    """Tool → program, all of them built. Raises ToolError for the first that cannot be."""
    lanes: dict[str, list[Build]] = {}
    for build in builds:
        lanes.setdefault(build.tool.folder, []).append(build)
    for lane in lanes.values():
        largest = max(lane, key=lambda build: build.tool.size)
        largest.go.require_space(
            tool=largest.tool.name,
            size=sum(max(b.tool.size for b in each) for each in lanes.values()),
            target=cache,
        )
    display(f"to be built from source, once: {', '.join(build.title for build in builds)}")
    display(f"  they are neither on PATH nor in {cache}")
    times = BuildTimes.read(cache)
    costs, is_known = _costs(builds, times, display)
    at_once = max(1, min(len(lanes), MOST, round(machine.processors()), _by_memory()))
    share = machine.share()
    total = sum(costs.values()) / share
    download = "" if is_known else " and the download of their sources"
    count = f"{machine.processors():g} processors, about {share:.1f} of them free"
    together = f", {at_once} builds at once" if at_once > 1 else ""
    display(f"  about {_minutes(total)}{download} on this machine ({count}{together})")
    display("  what is done stays done: interrupted and started again, it goes on from there")
    numbers = {build.tool.name: f"[{n} of {len(builds)}]" for n, build in enumerate(builds, 1)}
    found: dict[str, Path] = {}
    stop = threading.Event()

    def run(lane: Sequence[Build]) -> None:
        for build in lane:
            tool = build.tool
            title = f"{numbers[tool.name]} {build.title}"
            expected = costs[tool.name] * at_once / share
            with display.task(title, expected=expected) as task:
                found[tool.name], packages, seconds = build.make(build, task, stop)
            if packages is not None:
                display(f"{numbers[tool.name]} built {build.title} in {task.elapsed:.0f} s")
                times.note(tool, len(packages.stale), packages.total, seconds)

    # The longest first, or the last one runs alone.
    order = sorted(lanes.values(), key=lambda lane: -sum(costs[b.tool.name] for b in lane))
    with Interruption() as interruption, ThreadPoolExecutor(at_once) as pool:
        running = [pool.submit(run, lane) for lane in order]
        try:
            while not _ended(running):
                interruption.check()
        finally:
            stop.set()
            for waiting in running:
                waiting.cancel()
    return found


def _ended(running: Sequence[Future[None]]) -> bool:
    """Whether all are done. Raises what one of them raised."""
    done, left = wait(running, timeout=POLL, return_when=FIRST_EXCEPTION)
    for each in done:
        each.result()
    return not left


def _costs(
    builds: Sequence[Build], times: BuildTimes, display: Display
) -> tuple[dict[str, float], bool]:
    """Tool → processor seconds, and whether all sources are here so that this is known well."""
    costs: dict[str, float] = {}
    seen: set[tuple[str, str]] = set()
    is_known = True
    with display.task("looking for what Go has compiled before"), ThreadPoolExecutor(2) as pool:
        looked = pool.map(
            lambda build: build.go.known_packages(
                build.tool.package, linker_flags=build.linker_flags
            ),
            builds,
        )
        for build, packages in zip(builds, looked, strict=True):
            folder = build.tool.folder
            if packages is None:
                is_known = False
                # Of programs that share packages, the first compiles most of them.
                part = 0.3 if any(place == folder for place, _ in seen) else 1.0
                seen.add((folder, ""))
            else:
                new = {_place(folder, name) for name in packages.stale} - seen
                part = len(new) / max(packages.total, 1)
                seen |= new
            costs[build.tool.name] = times.seconds(build.tool, part)
    return costs, is_known


def _place(folder: str, package: str) -> tuple[str, str]:
    """What a package is told by: those of Go itself are the same for all."""
    return ("" if "." not in package.partition("/")[0] else folder, package)


def _by_memory() -> int:
    free = machine.free_memory()
    return MOST if free is None else free // MEMORY


def _minutes(seconds: float) -> str:
    if seconds < 90:
        return f"{max(seconds, 1):.0f} seconds"
    return f"{seconds / 60:.0f} minutes"
