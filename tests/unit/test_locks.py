"""Locks: those of dead processes of this machine go, all others stay."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from msvc_pulumi.engine.state.bucket import FolderBucket
from msvc_pulumi.engine.state.locks import clear_dead

PROJECT, STACK = "modelservice", "dev"


@pytest.fixture
def locks(tmp_path: Path) -> Path:
    folder = tmp_path / ".pulumi" / "locks" / "organization" / PROJECT / STACK
    folder.mkdir(parents=True)
    return folder


def lock(folder: Path, process: int, host: str = "") -> Path:
    file = folder / "a1b2.json"
    content = {"pid": process, "username": "u", "hostname": host or socket.gethostname()}
    file.write_text(json.dumps(content))
    return file


def dead_process() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_a_dead_one_goes(tmp_path: Path, locks: Path) -> None:
    """A process that has ended does not need its lock."""
    file = lock(locks, dead_process())
    assert clear_dead(FolderBucket(tmp_path), PROJECT, STACK) == 1
    assert not file.exists()


def test_a_number_used_again_is_not_the_holder(tmp_path: Path, locks: Path) -> None:
    """A live process that is no pulumi has only inherited the number."""
    file = lock(locks, os.getppid())
    name = Path(f"/proc/{os.getppid()}/cmdline")
    if not name.exists() or b"pulumi" in name.read_bytes():
        pytest.skip("the parent's name does not tell")
    assert clear_dead(FolderBucket(tmp_path), PROJECT, STACK) == 1
    assert not file.exists()


def test_a_living_pulumi_stays(tmp_path: Path, locks: Path) -> None:
    """The lock of an update that is under way is not touched."""
    with subprocess.Popen(
        [sys.executable, "-c", "print(flush=True); input()", "pulumi"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()  # its command line is not to be seen before it runs
        file = lock(locks, process.pid)
        assert clear_dead(FolderBucket(tmp_path), PROJECT, STACK) == 0
        assert file.exists()
        process.kill()


def test_another_machines_stays(tmp_path: Path, locks: Path) -> None:
    """Nobody here knows whether a process over there lives."""
    file = lock(locks, dead_process(), host="another-machine")
    assert clear_dead(FolderBucket(tmp_path), PROJECT, STACK) == 0
    assert file.exists()


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"pid": "x", "hostname": "h"}', "\ufffd"])
def test_an_unreadable_one_stays(text: str, tmp_path: Path, locks: Path) -> None:
    """What is not a lock of the known format is left to its owner."""
    (locks / "x.json").write_text(text)
    assert clear_dead(FolderBucket(tmp_path), PROJECT, STACK) == 0
    assert (locks / "x.json").exists()


def test_other_stacks_are_not_looked_at(tmp_path: Path, locks: Path) -> None:
    """Only the stack that is about to run is cleared; one without locks has none."""
    file = lock(locks, dead_process())
    assert clear_dead(FolderBucket(tmp_path), PROJECT, "other") == 0
    assert file.exists()
