"""Measure what `make up` builds on an empty machine: processor minutes of each program.

    python bench/builds.py

Built one after the other into caches of their own, so that each finds compiled what those before it
have in common with it; what modules the machine has downloaded already is used. Takes twenty
minutes on two processors. Asserts nothing.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from msvc_pulumi.engine.tools.plugins import KUBERNETES
from msvc_pulumi.local.components import COMPONENTS

PROGRAMS = (*COMPONENTS, "pulumi", KUBERNETES)
BUILD = "import sys; from msvc_pulumi.engine.tools.toolchain import find_or_build as build; "
BUILD += "build(sys.argv[1], progress=lambda _: None)"


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started has to end
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    total = 0.0
    with tempfile.TemporaryDirectory() as name:
        cache = Path(name)
        if shutil.which("pulumi"):
            raise SystemExit("take pulumi off PATH: it would be used as it is")
        caches = {"XDG_CACHE_HOME": str(cache), "GOCACHE": str(cache / "go")}
        for program in PROGRAMS:
            command = [sys.executable, "-c", BUILD, program]
            subprocess.run(command, env={**os.environ, **caches}, check=True)
            used = resource.getrusage(resource.RUSAGE_CHILDREN)
            now = (used.ru_utime + used.ru_stime) / 60
            print(f"{program:<30}{now - total:8.1f} min", flush=True)
            total = now
    print(f"{'all':<30}{total:8.1f} min")


if __name__ == "__main__":
    main()
