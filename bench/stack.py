"""Time `msvc up -m` of a fleet in one stack: created, unchanged, one edited, destroyed.

`bench/stack.py [N]`, 100 unless stated, on a local control plane of its own without nodes.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml
from fleet import base_configs, prepare, row, services

from msvc_pulumi.local import LocalControlPlane


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started has to end
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with LocalControlPlane(folder / "plane", nodes=()) as plane:
            with plane.cluster() as cluster:
                prepare(cluster, count, "fleet")
            environment = {
                **os.environ,
                "KUBECONFIG": str(plane.kubeconfig),
                "XDG_STATE_HOME": str(folder / "state"),
            }
            every = services(count, "fleet")
            file = folder / "fleet.yaml"

            def timed(what: str, command: str, *flags: str) -> None:
                documents = [*every, *base_configs(count, "fleet")]
                file.write_text(yaml.safe_dump_all(documents))
                began = time.perf_counter()
                program = [sys.executable, "-m", "msvc_pulumi", command, "-m", str(file)]
                program += ["--stack", "fleet", *flags]
                done = subprocess.run(program, env=environment, capture_output=True, check=False)
                if done.returncode:
                    raise SystemExit(done.stderr.decode())
                row(f"{what} {count} in one stack", time.perf_counter() - began)

            timed("create", "up", "--skip-preview")
            timed("nothing to do for", "up", "--skip-preview")
            decode = {**every[0]["spec"]["decode"], "replicas": 1}
            every[0]["spec"] = {**every[0]["spec"], "decode": decode}
            timed("one edit among", "up", "--skip-preview")
            timed("preview of", "preview")
            timed("destroy", "destroy")


if __name__ == "__main__":
    main()
