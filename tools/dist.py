"""``make dist``: sdist and wheel in ``dist/``; the wheel is installed by itself, and used.

The wheel is made from the sdist, so neither needs the checkout. The environment is new and empty;
what the wheel depends on comes in the versions of the lock.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"
SAMPLE = ROOT / "samples" / "facebook"


def build(target: Path) -> tuple[Path, Path]:
    """sdist and wheel, the only ones in ``target``."""
    shutil.rmtree(target, ignore_errors=True)
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(target), str(ROOT)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    [sdist], [wheel] = target.glob("*.tar.gz"), target.glob("*.whl")
    return sdist, wheel


def constraints() -> str:
    """``name==version ; marker`` of all that is locked."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    return "\n".join(re.findall(r"^([a-z0-9][^\\\n]*?)\s*\\?$", text, re.MULTILINE)) + "\n"


def install(wheel: Path, folder: Path, extras: str = "") -> Path:
    """``msvc`` of a new environment in ``folder`` that has the wheel and what it needs."""
    locked = folder / "constraints.txt"
    locked.write_text(constraints(), encoding="utf-8")
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    pip = [folder / "venv" / "bin" / "python", "-m", "pip", "install", "--quiet"]
    wanted = f"{wheel}[{extras}]" if extras else str(wheel)
    subprocess.run(
        [*pip, "--disable-pip-version-check", "--constraint", locked, wanted], check=True
    )
    return folder / "venv" / "bin" / "msvc"


def said(program: Path, *arguments: object) -> str:
    """What msvc printed, in a folder that is no checkout."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(Path.home())}
    with tempfile.TemporaryDirectory() as elsewhere:
        return subprocess.run(
            [program, *map(str, arguments)],
            cwd=elsewhere,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout


def check(program: Path) -> None:
    """The installed program is of this version and prints what the checkout prints."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    if said(program, "--version").strip() != f"msvc {project['version']}":
        raise SystemExit("the installed program is of another version")
    ours = Path(sys.executable).with_name("msvc")
    for arguments in (
        ("generate", "-m", SAMPLE, "-o", "sections"),
        ("validate", "-m", SAMPLE, "--format", "json"),
        ("crd",),
        ("explain", "invalid-uri"),
        ("explain", "spec.decode.containers"),
        ("completion", "bash"),
    ):
        if arguments[0] != "validate" and said(program, *arguments) != said(ours, *arguments):
            raise SystemExit(f"the installed program says something else to {arguments}")
        said(program, *arguments)


def main() -> None:
    sdist, wheel = build(DIST)
    with tempfile.TemporaryDirectory() as folder:
        check(install(wheel, Path(folder)))
    for file in (sdist, wheel):
        print(f"{file.relative_to(ROOT)}  {file.stat().st_size >> 10} KB")


if __name__ == "__main__":
    main()
