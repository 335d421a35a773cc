"""Nothing outlives a command that is supervised, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

SUPERVISE = [sys.executable, Path(__file__).resolve().parents[2] / "tools" / "supervise.py"]
DETACHED = """
import subprocess, sys, time
# As a control plane's component: in a session of its own, of a parent that is gone.
shell = ["/bin/sh", "-c", "sleep 600 >/dev/null & echo $!"]
print(subprocess.check_output(shell, start_new_session=True, text=True), end="", flush=True)
time.sleep(600)
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reaps orphans on Linux only")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_what_has_detached_ends_as_well(number: signal.Signals) -> None:
    command = [*SUPERVISE, sys.executable, "-c", DETACHED]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout
        detached = int(process.stdout.readline())
        process.send_signal(number)
        assert process.wait(60) == 128 + number
    with pytest.raises(ProcessLookupError):
        os.kill(detached, 0)


@pytest.mark.parametrize(("end", "code"), [("exit 0", 0), ("exit 7", 7), ("kill -TERM $$", 143)])
def test_it_ends_as_the_command_did(end: str, code: int) -> None:
    assert subprocess.run([*SUPERVISE, "/bin/sh", "-c", end], check=False).returncode == code
