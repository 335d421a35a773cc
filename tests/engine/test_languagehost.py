"""The stand-in for Pulumi's language host does what the official one does, as far as it goes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from msvc_pulumi.engine.diagnosis.failures import EngineError
from msvc_pulumi.engine.session import Session
from msvc_pulumi.engine.tools.plugins import STAND_IN

# The SDK leaves the event loop of a program open whose engine ended before it.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

LINES = 60
AT_ONCE = 5.0  # seconds, on a machine that has other things to do


def test_size() -> None:
    """It is one file, of no more lines than agreed, and says what it is."""
    assert list(STAND_IN.parent.iterdir()) == [STAND_IN]
    text = STAND_IN.read_text()
    assert len(text.splitlines()) <= LINES
    assert "Stand-in for Pulumi's" in text
    assert os.access(STAND_IN, os.X_OK)


@pytest.fixture
def project(tmp_path: Path) -> Callable[[str], Path]:
    """A Pulumi project with a program of its own, for runs through the language host."""

    def write(program: str) -> Path:
        (tmp_path / "Pulumi.yaml").write_text("name: modelservice\nruntime: python\n")
        (tmp_path / "__main__.py").write_text(program)
        return tmp_path

    return write


def test_language_host_runs_a_folder(
    session: Session, project: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    """The program runs in its folder, sees its modules, its configuration and its output."""
    folder = project(
        "import os, pulumi, beside\n"
        "print('printed by the program')\n"
        "pulumi.export('seen', [os.getcwd(), beside.VALUE, pulumi.Config().require('key')])\n"
    )
    (folder / "beside.py").write_text("VALUE = 7\n")
    (folder / "Pulumi.host.yaml").write_text("config:\n  modelservice:key: value\n")
    made = session.stack("host", project=folder)
    made.up("--skip-preview")
    assert made.outputs() == {"seen": [str(folder), 7, "value"]}
    assert "printed by the program" in capfd.readouterr().out
    assert "encryptionsalt" not in (folder / "Pulumi.host.yaml").read_text()


def test_language_host_shows_errors_as_the_official_one(
    session: Session, project: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    """A RunError is its message alone; any other exception comes with its traceback."""
    folder = project("import pulumi\nraise pulumi.RunError('said plainly')\n")
    with pytest.raises(EngineError):
        session.stack("host", project=folder).up("--skip-preview")
    shown = capfd.readouterr().out
    assert "said plainly" in shown
    assert "Traceback" not in shown
    project("raise ValueError('a mistake')\n")
    with pytest.raises(EngineError):
        session.stack("host", project=folder).up("--skip-preview")
    shown = capfd.readouterr().out
    assert "a mistake" in shown
    assert "__main__.py" in shown


@pytest.mark.parametrize("way", ["", "../{name}/"])
def test_language_host_takes_the_projects_interpreter(tmp_path: Path, way: str) -> None:
    """The virtualenv that Pulumi.yaml names runs the program, not the python on PATH; it is chosen
    once, whatever that calls itself.
    """
    binary = tmp_path / "env" / "bin" / "python"
    binary.parent.mkdir(parents=True)
    binary.write_text(f'#!/bin/sh\necho chosen >&2\nexec "{sys.executable}" "$@"\n')
    binary.chmod(0o755)
    named = f"{way.format(name=tmp_path.name)}env"
    options = f"{{virtualenv: {named}}}"
    (tmp_path / "Pulumi.yaml").write_text(f"runtime: {{name: python, options: {options}}}\n")
    with subprocess.Popen(
        [sys.executable, str(STAND_IN), "127.0.0.1:1"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": ""},
    ) as process:
        assert process.stdout is not None
        port = process.stdout.readline()
        process.kill()
        _, told = process.communicate()
    assert port.strip().isdecimal()
    assert told == "chosen\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ends_at_once_on_a_signal(number: signal.Signals, tmp_path: Path) -> None:
    """Told to end, does so at once and says nothing."""
    with subprocess.Popen(
        [sys.executable, str(STAND_IN), "127.0.0.1:1"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "MSVC_PYTHON": sys.executable},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip().isdigit()
        started = time.monotonic()
        process.send_signal(number)
        _, stderr = process.communicate(timeout=60)
        assert time.monotonic() - started < AT_ONCE
        assert "Traceback" not in stderr
