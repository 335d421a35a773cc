"""Measure ``msvc generate`` and ``msvc validate``: processor time, wall time and memory.

    python bench/generate.py [TREE]

TREE is another checkout with a virtual environment in ``.venv``, such as a worktree of an older
commit; its runs take turns with ours. With MSVC_GO_BINARY naming the original's program, its
``generate`` is timed on one ModelService. Prints medians and ratios; asserts nothing.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from processes import Processes

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "samples" / "facebook"
SERVICE, BASE = SAMPLE / "msvc.yaml", SAMPLE / "baseconfig.yaml"
MANY = 1000  # ModelServices of one run
SOME = 20  # of which each object is validated
SHORT, LONG = 11, 3  # runs of each tree
PAUSE = 0.02  # seconds between two looks at memory


class Run(NamedTuple):
    """What one command took: processor seconds with its children, wall seconds, and MiB."""

    processor: float
    wall: float
    memory: int


def measured(command: Sequence[str], processors: set[int]) -> Run:
    """Run ``command`` on ``processors``; its output goes nowhere."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env=environment,
        preexec_fn=lambda: os.sched_setaffinity(0, processors),  # noqa: PLW1509  no threads yet
    )
    with Processes(process.pid, PAUSE) as processes:
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Run(usage.ru_utime + usage.ru_stime, wall, processes.peak())


def compared(
    trees: Sequence[Path], arguments: Sequence[str], runs: int, processors: set[int]
) -> list[list[Run]]:
    """The runs of each tree, which take turns; the first of each writes bytecode."""
    found: list[list[Run]] = [[] for _ in trees]
    for number in range(runs + 1):
        for tree, its in zip(trees, found, strict=True):
            python = tree / ".venv" / "bin" / "python"
            code = "import sys; sys.path.insert(0, sys.argv.pop(1)); "
            code += "from msvc_pulumi.cli import main; sys.exit(main())"
            run = measured([str(python), "-c", code, str(tree), *arguments], processors)
            if number:
                its.append(run)
    return found


def row(name: str, runs: list[list[Run]], figure: Callable[[Run], float], unit: str) -> None:
    figures = [statistics.median(map(figure, its)) for its in runs]
    shown = "".join(f"{value:>12.1f}" for value in figures)
    ratio = f"{figures[0] / figures[1]:>8.2f}" if len(figures) > 1 and figures[1] else ""
    print(f"{name:<52}{unit:>6}{shown}{ratio}")


def fleet(folder: Path, count: int) -> None:
    """Files of ModelServices of different names and models."""
    text = SERVICE.read_text(encoding="utf-8")
    for number in range(count):
        own = text.replace("facebook-opt-125m", f"model-{number:04}")
        own = own.replace("modelName: facebook/opt-125m", f"modelName: model/{number:04}")
        (folder / f"m{number:04}.yaml").write_text(own, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tree", type=Path, nargs="?", help="another checkout, set up")
    other = parser.parse_args().tree
    trees = [ROOT, *([other.resolve()] if other else [])]
    every = os.sched_getaffinity(0)
    one = {min(every)}
    print(
        f"{'median of ' + str(SHORT) + ' or ' + str(LONG):<58}", *(f"{t.name:>11}" for t in trees)
    )
    single = compared(trees, ["generate", "-b", str(BASE), "-m", str(SERVICE)], SHORT, one)
    row("generate, one ModelService: processor", single, lambda run: 1000 * run.processor, "ms")
    row("  memory", single, lambda run: run.memory, "MiB")
    if go := os.environ.get("MSVC_GO_BINARY"):
        command = [go, "generate", "-m", str(SERVICE), "-b", str(BASE)]
        runs = [[measured(command, one) for _ in range(SHORT)]]
        row("  the Go program", runs, lambda run: 1000 * run.processor, "ms")
    with tempfile.TemporaryDirectory() as name:
        fleet(Path(name), MANY)
        many = ["generate", "-b", str(BASE), "-m", name]
        for title, processors in ((f"generate, {MANY}: one processor", one), ("  all", every)):
            runs = compared(trees, many, LONG, processors)
            row(f"{title}: processor", runs, lambda run: run.processor * 1000 / MANY, "ms/CR")
            row("  wall", runs, lambda run: run.wall * 1000 / MANY, "ms/CR")
            row("  memory of all processes", runs, lambda run: run.memory, "MiB")
    with tempfile.TemporaryDirectory() as name:
        fleet(Path(name), SOME)
        runs = compared(trees, ["validate", "-b", str(BASE), "-m", name], LONG, one)
        row(f"validate, {SOME} ModelServices: processor", runs, lambda run: run.processor, "s")


if __name__ == "__main__":
    main()
