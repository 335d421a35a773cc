"""Running the CLI: its events and errors come back, and signals reach it as it expects them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from msvc_pulumi.engine.processes.process import Run, run

# A CLI that writes an event log and ends on SIGINT as pulumi does: the first time after a moment.
FAKE = """
import json, os, signal, sys, time
log = sys.argv[sys.argv.index("--event-log") + 1] if "--event-log" in sys.argv else os.devnull
with open(log, "w") as stream:
    def did(op, **more):
        step = {"op": op, "urn": f"urn:{op}", "type": "t", **more}
        return {"resOutputsEvent": {"metadata": step}}
    new = {"new": {"inputs": {"kind": "K"}}}
    old = {"old": {"inputs": {"kind": "Old"}}}
    seen = {"message": "seen<{%reset%}>", "severity": "error", "urn": "u"}
    for event in ({"diagnosticEvent": seen},
                  {"diagnosticEvent": {"message": "careful", "severity": "warning"}},
                  {"diagnosticEvent": {"message": "using pulumi-x", "severity": "warning"}},
                  did("create", **new),
                  {"summaryEvent": {"resourceChanges": {"same": 2}}},
                  did("refresh"), did("same"), did("update", diffs=["spec"], **new),
                  did("create-replacement"), did("replace", detailedDiff={"b": {}, "a": {}}),
                  did("delete", **old),
                  {"summaryEvent": {"resourceChanges": {"same": 2}}}):
        stream.write(json.dumps(event, separators=(",", ":")) + chr(10))
    stream.write('{"cut off')
print("progress", flush=True)
print("warning: using pulumi-x from $PATH", file=sys.stderr)
print("error: said on stderr", file=sys.stderr, flush=True)
signals = []
signal.signal(signal.SIGINT, lambda *_: signals.append(1))
wanted = next((int(word) for word in sys.argv if word.isdigit()), 0)
while len(signals) < wanted:
    time.sleep(0.01)
sys.exit(7)
"""


@pytest.fixture
def cli(tmp_path: Path) -> list[str]:
    program = tmp_path / "fake-pulumi.py"
    program.write_text(FAKE)
    return [sys.executable, str(program)]


def test_result(cli: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Progress goes to our stdout at once; errors are kept, without the note on PATH."""
    done = run(cli, os.environ, cwd=tmp_path)
    assert done.code == 7
    assert done.stderr == "error: said on stderr\n"
    assert done.errors == (("u", "seen"),)
    assert done.changes == {"same": 2}
    assert not done.interrupted
    assert done.steps == []  # nobody has asked for them
    captured = capfd.readouterr()
    assert captured.out == "progress\n"
    assert captured.err == ""
    told: list[str] = []
    assert run(cli, os.environ, cwd=tmp_path, told=told.append).stderr == done.stderr
    assert told == ["error: said on stderr\n"]


def test_what_was_done(cli: list[str], tmp_path: Path) -> None:
    """Each resource that is not as it was, once, in the last phase; warnings without those that are
    hushed."""
    done = run(cli, os.environ, cwd=tmp_path, output=subprocess.DEVNULL, steps=True)
    assert done.warnings == (("", "careful"),)
    assert [(step.operation, step.fields, step.properties) for step in done.steps] == [
        ("update", ("spec",), {"kind": "K"}),
        ("replace", ("a", "b"), {}),
        ("delete", (), {"kind": "Old"}),
    ]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_asks_the_engine_to_end(
    number: signal.Signals, cli: list[str], tmp_path: Path
) -> None:
    """SIGINT and SIGTERM reach the engine as the SIGINT it knows, and the caller lives on."""
    timer = threading.Timer(0.7, os.kill, (os.getpid(), number))
    timer.start()
    started = time.monotonic()
    before = signal.getsignal(number)
    done = run([*cli, "1"], os.environ, cwd=tmp_path)
    assert done.interrupted
    assert done.code == 7
    assert time.monotonic() - started < 10
    assert signal.getsignal(number) is before
    timer.join()


def test_the_second_signal_is_passed_on_too(cli: list[str], tmp_path: Path) -> None:
    """The engine ends at once on the second; it must get it."""
    timers = [threading.Timer(pause, os.kill, (os.getpid(), signal.SIGINT)) for pause in (0.7, 1.2)]
    for timer in timers:
        timer.start()
    done = run([*cli, "2"], os.environ, cwd=tmp_path, events=False)
    assert done.interrupted
    for timer in timers:
        timer.join()


def test_a_killed_engine_leaves_what_it_wrote(cli: list[str], tmp_path: Path) -> None:
    """Half an event log, as a kill leaves it, is read as far as it goes."""
    program = Path(cli[1])
    text = program.read_text().replace("sys.exit(7)", "os.kill(os.getpid(), signal.SIGKILL)")
    program.write_text(text)
    done = run(cli, os.environ, cwd=tmp_path, output=subprocess.DEVNULL)
    assert done.code == -signal.SIGKILL
    assert done.changes == {"same": 2}


def test_a_killed_engine_leaves_no_plugin(tmp_path: Path) -> None:
    """What it started in a process group of its own, as plugins are, ends with it."""
    program = tmp_path / "fake-pulumi.py"
    program.write_text(
        "import os, signal, subprocess, sys\n"
        "wait = [sys.executable, '-c', 'import time; time.sleep(60)']\n"
        "pipes = dict.fromkeys(('stdout', 'stderr'), subprocess.DEVNULL)\n"
        "print(subprocess.Popen(wait, process_group=0, **pipes).pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    with (tmp_path / "out").open("w") as output:
        done = run([sys.executable, str(program)], os.environ, cwd=tmp_path, output=output)
    assert done.code == -signal.SIGKILL
    stat = Path(f"/proc/{(tmp_path / 'out').read_text().strip()}/stat")
    end = time.monotonic() + 5
    while stat.exists() and ") Z " not in stat.read_text() and time.monotonic() < end:
        time.sleep(0.01)
    assert not stat.exists() or ") Z " in stat.read_text()


@pytest.mark.parametrize(
    ("code", "killed"), [(0, False), (1, False), (255, False), (-9, True), (137, True), (143, True)]
)
def test_a_failure_is_told_from_a_kill(code: int, killed: bool) -> None:
    """By its signal, or a shell's code for it; 255 is what the engine ends with when it failed."""
    assert Run(code, "").killed == killed


def test_an_operation_of_two_runs_is_told_whole() -> None:
    """What the first did the second finds done; a preview did nothing."""

    def summary(*, is_preview: bool = False, **changes: int) -> dict[str, object]:
        return {"summaryEvent": {"isPreview": is_preview, "resourceChanges": changes}}

    def did(operation: str, urn: str) -> dict[str, object]:
        return {"resOutputsEvent": {"metadata": {"op": operation, "urn": urn, "type": "t"}}}

    first = Run(1, "", (did("create", "a"), did("delete", "b"), summary(create=1, delete=1)))
    second = Run(0, "", (did("update", "c"), summary(same=1, update=1)))
    done = second.after(first)
    assert [step.urn for step in done.steps] == ["a", "b", "c"]
    assert done.changes == {"update": 1, "create": 1, "delete": 1}
    assert (done.code, done.errors) == (0, ())
    assert second.after(Run(1, "", (summary(is_preview=True, create=1),))) is second
    assert second.after(Run(1, "", (summary(same=4),))) is second
