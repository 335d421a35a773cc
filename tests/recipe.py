"""Runs the steps of the Dockerfile that need no other image, in a folder that stands for ``/``.

A stage is run if it starts from Python; what it copies comes from the repository, as far as
.dockerignore lets it through. Absolute paths of a step are those below the folder.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

__all__ = ["ROOT", "instructions", "run_stage"]

ROOT = Path(__file__).resolve().parents[1]
PLACES = ("/opt/msvc", "/wheels", "/source")
"""What the steps make; everything else absolute is the image's own."""


def instructions() -> Iterator[tuple[str, str]]:
    """(name, rest) of each instruction, continued lines joined."""
    text = (ROOT / "Dockerfile").read_text()
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for line in lines.replace("\\\n", " ").splitlines():
        if line.strip():
            name, _, rest = line.partition(" ")
            yield name, " ".join(rest.split())


def run_stage(stage: str, root: Path) -> list[str]:
    """The commands of the stage, each of which has ended well."""
    programs = root / "usr" / "bin"
    programs.mkdir(parents=True)
    (programs / "python").symlink_to(sys.executable)
    here, ran = root, list[str]()
    variables = {"PATH": f"{programs}:/usr/bin:/bin", "HOME": str(root)}
    for name, rest in _of(stage):
        if name == "ENV":
            variables |= dict(pair.split("=", 1) for pair in rest.split())
        elif name == "WORKDIR":
            here = root / rest.lstrip("/")
            here.mkdir(parents=True)
        elif name == "COPY":
            *sources, target = rest.split()
            for source in sources:
                _copy(ROOT / source, here, target)
        elif name == "RUN":
            command = re.sub("|".join(PLACES), lambda found: f"{root}{found[0]}", rest)
            # Where packages come from is the machine's to say.
            variables.pop("PIP_NO_CACHE_DIR", None)
            subprocess.run(
                ["/bin/sh", "-c", command], cwd=here, env={**_network(), **variables}, check=True
            )
            ran.append(command)
        else:
            raise AssertionError(f"{name} in a stage that is run")
    return ran


def _of(stage: str) -> Iterator[tuple[str, str]]:
    inside = False
    for name, rest in instructions():
        if name == "FROM":
            inside = rest.endswith(f" AS {stage}")
        elif inside:
            yield name, rest


def _copy(source: Path, here: Path, target: str) -> None:
    if source.is_dir():
        unwanted = shutil.ignore_patterns("__pycache__")
        shutil.copytree(source, here / target, symlinks=True, ignore=unwanted, dirs_exist_ok=True)
    else:
        shutil.copy(source, here / target)


def _network() -> dict[str, str]:
    kept = ("PIP_", "SSL_", "REQUESTS_", "HTTP", "http", "NO_PROXY", "no_proxy", "XDG_CACHE")
    return {name: value for name, value in os.environ.items() if name.startswith(kept)}
