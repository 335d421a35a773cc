"""Detached processes run on by themselves, and only they are ended, however they resist."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from msvc_pulumi.local.process import Process, find, stop_all


@pytest.fixture
def started() -> Iterator[list[Process]]:
    """Processes to be ended after the test, whatever it does."""
    processes: list[Process] = []
    yield processes
    stop_all(processes, grace=0)


def start(started: list[Process], folder: Path, *command: str) -> Process:
    process = Process.start(command, folder=folder, log=folder / "log")
    assert process is not None
    started.append(process)
    return process


def test_a_process_is_detached(started: list[Process], tmp_path: Path) -> None:
    """It has its own session, works in its folder, and its output is in its log."""
    process = start(started, tmp_path, "sh", "-c", "pwd; echo error >&2; exec sleep 60")

    assert process.alive()
    assert os.getsid(process.pid) != os.getsid(0)
    end = time.monotonic() + 5
    while "error" not in (tmp_path / "log").read_text() and time.monotonic() < end:
        time.sleep(0.01)
    assert (tmp_path / "log").read_text() == f"{tmp_path}\nerror\n"


def test_a_process_that_ends_is_not_alive(started: list[Process], tmp_path: Path) -> None:
    """The end of a process is seen, whoever collects its exit code."""
    process = start(started, tmp_path, "sleep", "0.1")
    end = time.monotonic() + 5
    while process.alive() and time.monotonic() < end:
        time.sleep(0.01)

    assert not process.alive()


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    """A command that cannot start leaves no process, and the reason in the log."""
    process = Process.start(["no-such-program"], folder=tmp_path, log=tmp_path / "log")
    end = time.monotonic() + 5
    while process and process.alive() and time.monotonic() < end:
        time.sleep(0.01)

    assert process is None or not process.alive()
    assert "no-such-program" in (tmp_path / "log").read_text()


def test_stop_asks_first(started: list[Process], tmp_path: Path) -> None:
    """A process that handles SIGTERM gets the time to do so."""
    process = start(
        started,
        tmp_path,
        "sh",
        "-c",
        "trap 'echo bye; exit' TERM; echo on; while :; do sleep 0.05; done",
    )
    end = time.monotonic() + 5
    while not (tmp_path / "log").read_text() and time.monotonic() < end:
        time.sleep(0.01)

    stop_all([process], grace=5)

    assert not process.alive()
    assert (tmp_path / "log").read_text() == "on\nbye\n"


def test_stop_kills_what_does_not_listen(started: list[Process], tmp_path: Path) -> None:
    """A process that ignores SIGTERM is killed after the grace period."""
    process = start(
        started, tmp_path, "sh", "-c", "trap '' TERM; echo on; while :; do sleep 0.05; done"
    )
    end = time.monotonic() + 5
    while not (tmp_path / "log").read_text() and time.monotonic() < end:
        time.sleep(0.01)

    stop_all([process], grace=0.2)

    assert not process.alive()


def test_another_process_with_the_same_id_is_spared(started: list[Process], tmp_path: Path) -> None:
    """A process of another time is neither taken for ours nor signalled."""
    innocent = start(started, tmp_path, "sleep", "60")
    ours = Process(innocent.pid, "long ago")

    assert not ours.alive()
    ours.send(signal.SIGKILL)
    stop_all([ours], grace=1)

    assert innocent.alive()


def test_processes_are_found_by_their_folder(started: list[Process], tmp_path: Path) -> None:
    """Only the programs asked for, and only with an argument below the folder, are found."""
    mine, other = tmp_path / "mine", tmp_path / "other"
    for folder in (mine, other):
        folder.mkdir()
        os.mkfifo(folder / "pipe")
    wait = "read line <pipe"  # without a child, which would have the same command line at first
    process = start(started, mine, "sh", "-c", wait, f"--data={mine}/x")
    start(started, other, "sh", "-c", wait, f"--data={other}/x")

    assert find(["sh"], mine) == {process.pid: "sh"}
    assert not find(["etcd"], mine)
