"""Time ``msvc generate``: one ModelService a process, and a thousand in one.

With MSVC_GO_BINARY naming the original's program, its ``generate`` is timed on the same input.
Prints a table of minimum, median and maximum; asserts nothing.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SERVICE = ROOT / "samples" / "facebook" / "msvc.yaml"
BASE = ROOT / "samples" / "facebook" / "baseconfig.yaml"
MANY = 1000  # ModelServices in one process
RUNS = 7


def timed(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
    return time.perf_counter() - started


def row(name: str, seconds: list[float], per: int = 1) -> None:
    figures = [1000 * value / per for value in seconds]
    low, middle, high = min(figures), statistics.median(figures), max(figures)
    print(f"{name:<44} {low:9.1f} {middle:9.1f} {high:9.1f}")


def main() -> None:
    msvc = [sys.executable, "-m", "msvc_pulumi", "generate", "-b", str(BASE)]
    print(f"{'milliseconds a ModelService':<44} {'min':>9} {'median':>9} {'max':>9}")
    timed([*msvc, "-m", str(SERVICE)])  # the first run writes bytecode
    row("msvc, one a process", [timed([*msvc, "-m", str(SERVICE)]) for _ in range(RUNS)])
    go = os.environ.get("MSVC_GO_BINARY")
    if go:
        command = [go, "generate", "-m", str(SERVICE), "-b", str(BASE)]
        row("Go program, one a process", [timed(command) for _ in range(RUNS)])
    else:
        print("Go program: not timed, MSVC_GO_BINARY is not set")
    with tempfile.TemporaryDirectory() as folder:
        text = SERVICE.read_text(encoding="utf-8")
        for number in range(MANY):
            own = text.replace("facebook-opt-125m", f"model-{number:04}")
            own = own.replace("modelName: facebook/opt-125m", f"modelName: model/{number:04}")
            (Path(folder) / f"m{number:04}.yaml").write_text(own, encoding="utf-8")
        command = [*msvc, "-m", folder]
        row(f"msvc, {MANY} in one process", [timed(command) for _ in range(3)], MANY)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(f"largest process: {peak / 1024:.0f} MB")


if __name__ == "__main__":
    main()
