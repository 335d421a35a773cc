"""Work that is shared among processes: the same results in the same order, whatever happens."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from msvc_pulumi.cli import generate, workers
from msvc_pulumi.cli.workers import Workers

ROOT = Path(__file__).parents[2]
SERVICE = ROOT / "samples" / "simple" / "msvc.yaml"
BASE = ROOT / "samples" / "simple" / "baseconfig.yaml"
# A process of its own: threads that tests bring with them would keep it from forking.
PROGRAM = """
import os, signal, sys, time
from msvc_pulumi.cli import workers
workers._processors = lambda: {processors}
first = os.getpid()
def work(number):
    {work}
    return number, os.getpid()
done = []
with workers.Workers(work, {count}) as shared:
    results = list(shared.results(done.append))
assert [number for number, _ in results] == list(range({count})), results
assert done == sorted(done)
try:
    os.waitpid(-1, os.WNOHANG)
    raise SystemExit("a fork is left")
except ChildProcessError:
    pass
print(len({{process for _, process in results}}))
"""


def run(work: str = "pass", count: int = 400, processors: int = 3) -> str:
    program = PROGRAM.format(work=work, count=count, processors=processors)
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    return result.stdout.strip()


@pytest.mark.parametrize(
    ("count", "processors", "processes"),
    [(0, 3, "0"), (1, 3, "1"), (63, 3, "1"), (400, 1, "1"), (400, 2, "2"), (5_000, 3, "3")],
)
def test_results_are_in_order(count: int, processors: int, processes: str) -> None:
    """All of them, once each, from as many processes as it is worth."""
    slow = "time.sleep(0.001 if number < 400 else 0)"
    assert run(slow, count=count, processors=processors) == processes


@pytest.mark.parametrize(
    "end", ["os.kill(os.getpid(), signal.SIGKILL)", "raise ValueError(number)", "os._exit(3)"]
)
def test_what_a_fork_leaves_is_done_here(end: str) -> None:
    """A fork that ends before its time costs time and nothing else."""
    work = f"time.sleep(0.001)\n    if os.getpid() != first: {end}"
    assert run(work) == "1"


def test_exceptions_are_raised_here() -> None:
    """Those of the work itself, wherever it was done; no fork is left behind."""

    def work(number: int) -> int:
        if number == 300:
            raise ValueError("three hundred")
        return number

    with pytest.raises(ValueError, match="three hundred"), Workers(work, 400) as shared:
        list(shared.results(lambda _: None))


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ninety ModelServices."""
    folder = tmp_path_factory.mktemp("fleet")
    text = SERVICE.read_text()
    for number in range(90):
        own = text.replace("name: granite", f"name: granite-{number}")
        (folder / f"{number:03}.yaml").write_text(own)
    return folder


def generated(fleet: Path, processors: int, *options: str) -> tuple[int, str, str]:
    program = (
        "import sys; from msvc_pulumi.cli import main, workers;"
        f"workers._processors = lambda: {processors};"
        "sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", program, "generate", "-m", str(fleet), "-b", str(BASE)]
    result = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    return result.returncode, result.stdout, result.stderr


@pytest.mark.parametrize("options", [(), ("-o", "json"), ("-o", "sections"), ("--format", "json")])
def test_many_print_the_same_in_several_processes(fleet: Path, options: tuple[str, ...]) -> None:
    """Objects, diagnostics and exit code are those of one process."""
    alone = generated(fleet, 1, *options)
    assert generated(fleet, 3, *options) == alone
    assert alone[0] == 0 and "granite-89" in alone[1]


def test_mistakes_are_the_same_in_several_processes(fleet: Path) -> None:
    """Those of one ModelService, and those between two that different processes planned."""
    text = SERVICE.read_text().replace("name: granite", "name: granite-0")
    (fleet / "twice.yaml").write_text(text)
    (fleet / "wrong.yaml").write_text(text.replace("uri: ", "uri: nowhere://"))
    alone = generated(fleet, 1)
    assert alone[0] == 1 and "is given twice" in alone[2] and "nowhere" in alone[2]
    assert generated(fleet, 3) == alone


def test_few_are_not_worth_it() -> None:
    """Below this number the module is not even imported."""
    assert 2 * workers.WORTH == generate.MANY


def test_an_interrupt_ends_all_quietly(fleet: Path) -> None:
    """Ctrl-C goes to the whole group: 130, nothing printed, and no process is left."""
    program = (
        "import sys, time; from msvc_pulumi.cli import main, workers, generate\n"
        "from msvc_pulumi.fleet.fleetplan import Planning\n"
        "workers._processors = lambda: 2\n"
        "Planning.outcome = lambda self, number: (print('on', flush=True), time.sleep(60))\n"
        "sys.exit(main(['generate', '-m', sys.argv[1]]))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(fleet)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    for _ in range(2):
        assert process.stdout.readline() == "on\n"
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, "", "")
    for _ in range(100):
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail("a process is left")
