"""Time `msvc up -m` of a fleet in one stack: created, unchanged, one edited, previewed, destroyed.

    python bench/stack.py [N] [--one-model] [--beside TREE] [--same-plugin] [--rounds 3]

N is 100 unless stated; each round has a local control plane of its own, without nodes. With
``--one-model`` all serve the same model, so that there are two warnings for each. TREE is another
checkout with a virtual environment in ``.venv``. Prints medians; asserts nothing.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml
from contenders import Contender, Figures, add_arguments, introduce, trees
from fleet import base_configs, edit, prepare, services

from msvc_pulumi.local import LocalControlPlane


def measured(
    contender: Contender,
    folder: Path,
    kubeconfig: Path,
    figures: Figures,
    every: list[dict[str, Any]],
) -> None:
    """One contender's stack from its creation to its end."""
    environment = {
        **contender.environment(),
        "KUBECONFIG": str(kubeconfig),
        "XDG_STATE_HOME": str(folder / "state"),
    }
    count = len(every)
    file = folder / "fleet.yaml"

    def timed(what: str, command: str, *flags: str) -> None:
        file.write_text(yaml.safe_dump_all([*every, *base_configs(count, "fleet")]))
        program = [*contender.command, command, "-m", str(file), "--stack", "fleet", *flags]
        with figures.timed(contender.name, what):
            done = subprocess.run(
                program, env=environment, cwd=folder, capture_output=True, check=False
            )
            if done.returncode:
                raise SystemExit(done.stderr.decode())

    timed(f"create {count}", "up")
    timed("nothing to do, the first time", "up")
    timed("nothing to do", "up")
    timed("nothing to do, --skip-preview", "up", "--skip-preview")
    every[0]["spec"] |= edit(every[0])
    timed("one edit", "up")
    timed("preview", "preview")
    timed("destroy", "destroy")


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started has to end
    parser = argparse.ArgumentParser()
    parser.add_argument("count", type=int, nargs="?", default=100)
    parser.add_argument("--one-model", action="store_true", help="they warn of each other")
    add_arguments(parser)
    arguments = parser.parse_args()
    contenders = trees(arguments, ())
    figures = Figures([one.name for one in contenders])
    introduce(arguments.count)
    for _ in range(arguments.rounds):
        for one in contenders:
            with tempfile.TemporaryDirectory() as name:
                folder = Path(name)
                plane = LocalControlPlane(folder / "plane", nodes=(), progress=lambda _: None)
                with plane, plane.cluster() as cluster:
                    prepare(cluster, arguments.count, "fleet")
                    every = services(arguments.count, "fleet")
                    if arguments.one_model:
                        for service in every:
                            service["spec"]["routing"]["modelName"] = "model/0000"
                    measured(one, folder, plane.kubeconfig, figures, every)
    figures.tell()


if __name__ == "__main__":
    main()
