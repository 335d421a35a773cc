"""The image recipe's steps are run, and what they install works."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from recipe import ROOT, run_stage

SAMPLE = ROOT / "samples" / "facebook"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the environment that the image has."""
    root = tmp_path_factory.mktemp("image")
    assert len(run_stage("package", root)) == 3
    return root / "opt" / "msvc"


def test_the_entry_point_plans(installed: Path, tmp_path: Path) -> None:
    """``msvc`` prints the sample's objects, with nothing of the checkout."""
    done = subprocess.run(
        [installed / "bin" / "msvc", "generate", "-m", SAMPLE, "-o", "json"],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert '"InferencePool"' in done.stdout


@pytest.mark.parametrize(
    "module",
    [
        "msvc_pulumi.operator.operation",
        "msvc_pulumi.components",
        "msvc_pulumi.engine.state.s3bucket",
        "msvc_pulumi.engine.state.postgresbucket",
        "pulumi_kubernetes",
        "boto3",
        "psycopg",
    ],
)
def test_all_that_the_operator_may_use_is_there(
    installed: Path, tmp_path: Path, module: str
) -> None:
    subprocess.run(
        [installed / "bin" / "python", "-W", "ignore", "-c", f"import {module}"],
        cwd=tmp_path,
        check=True,
    )


def test_pulumi_install_finds_what_it_asks_for(installed: Path, tmp_path: Path) -> None:
    """Every workspace runs it: pip, setuptools and wheel are satisfied without a network."""
    pip = [installed / "bin" / "python", "-m", "pip", "install", "--no-index"]
    done = subprocess.run(
        [*pip, "pip", "setuptools", "wheel"],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
