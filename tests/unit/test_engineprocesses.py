"""Engines are found by what they are and what they work on, and ended."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from msvc_pulumi.operator.stacks import engineprocesses

Engine = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """Starts a process that is called pulumi and does nothing for a minute."""
    sleep = shutil.which("sleep")
    if sleep is None or not Path("/proc/self/cmdline").exists():
        pytest.skip("needs /proc and sleep")
    shell = shutil.which("bash")
    if shell is None:
        pytest.skip("needs bash")
    started: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        script = 'trap "exit 7" INT; echo; while :; do sleep 0.02; done'
        command = [str(tmp_path / "bin" / "pulumi"), "-c", script, *arguments]
        process = subprocess.Popen(command, executable=shell, stdout=subprocess.PIPE)
        started.append(process)
        assert process.stdout is not None
        process.stdout.readline()  # it has its trap
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_engines_of_this_process_are_ended_in_peace(engine: Engine) -> None:
    """`stop` interrupts every engine below this process and waits for it."""
    process = engine("up", "--stack", "ns.a")
    assert process.pid in engineprocesses.children()

    engineprocesses.stop(5)

    assert process.wait(5) == 7
    assert engineprocesses.children() == []


def test_an_engine_that_takes_too_long_is_ended(engine: Engine) -> None:
    """`limited` ends the engine of its own stack and no other."""
    slow, other = engine("--stack", "ns.slow"), engine("--stack", "ns.other")

    with engineprocesses.limited("ns.slow", 0.1):
        assert slow.wait(10) == 7

    assert other.poll() is None


def test_orphans_are_told_by_their_folder(engine: Engine, tmp_path: Path) -> None:
    """Engines that work in the folder are ended, those of another operator are not."""
    ours = engine("--config-file", str(tmp_path / "stacks" / "ns.a" / "Pulumi.ns.a.yaml"))
    theirs = engine("--config-file", str(tmp_path / "stacks-2" / "ns.a" / "Pulumi.ns.a.yaml"))

    assert engineprocesses.end_orphans(tmp_path / "stacks") == 1

    assert ours.wait(5) == 7
    assert theirs.poll() is None


@pytest.fixture
def plugin(tmp_path: Path) -> Iterator[Callable[[Path], subprocess.Popen[bytes]]]:
    """Starts what is called like a plugin and does nothing for a minute, in a folder."""
    sleep = shutil.which("sleep")
    if sleep is None or not Path("/proc/self/cmdline").exists():
        pytest.skip("needs /proc and sleep")
    started: list[subprocess.Popen[bytes]] = []

    def start(folder: Path) -> subprocess.Popen[bytes]:
        folder.mkdir(parents=True)
        name = str(tmp_path / "bin" / "pulumi-resource-kubernetes")
        process = subprocess.Popen([name, "60"], executable=sleep, cwd=folder)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_orphaned_plugins_are_told_by_their_folder(
    plugin: Callable[[Path], subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    """Those whose engine worked in the folder are ended, though it is gone; no others."""
    ours, theirs = plugin(tmp_path / "stacks" / "ns.a"), plugin(tmp_path / "stacks-2" / "ns.a")

    assert engineprocesses.end_orphans(tmp_path / "stacks") == 0

    assert ours.wait(5) == -signal.SIGKILL
    assert theirs.poll() is None
