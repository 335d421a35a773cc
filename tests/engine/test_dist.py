"""What is published works without the checkout it was made from."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def published() -> tuple[Path, Path]:
    """sdist and wheel, as `make dist` leaves them after it has installed and used the wheel."""
    subprocess.run([sys.executable, ROOT / "tools" / "dist.py"], check=True)
    [sdist], [wheel] = (ROOT / "dist").glob("*.tar.gz"), (ROOT / "dist").glob("*.whl")
    return sdist, wheel


def test_licence_and_notice_go_with_it(published: tuple[Path, Path]) -> None:
    sdist, wheel = published
    with tarfile.open(sdist) as archive:
        names = {Path(name).name for name in archive.getnames()}
    with zipfile.ZipFile(wheel) as packed:
        names &= {Path(name).name for name in packed.namelist()}
    assert {
        "LICENSE",
        "NOTICE",
        "py.typed",
        "PulumiPlugin.yaml",
        "PulumiPolicy.yaml",
        "types.json",
    } <= names


def test_nothing_of_the_machine_is_in_it(published: tuple[Path, Path]) -> None:
    """No cache, no environment, no path of whoever made it."""
    _, wheel = published
    with zipfile.ZipFile(wheel) as packed:
        for name in packed.namelist():
            assert name.split("/")[0].startswith("msvc_pulumi"), name
            assert not name.endswith(".pyc")
            assert str(ROOT).encode() not in packed.read(name), name
