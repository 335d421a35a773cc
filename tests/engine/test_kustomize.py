"""kubectl takes the Kustomize base of every sample, and makes the objects of it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from msvc_pulumi.cli import main
from msvc_pulumi.engine.tools.toolchain import find_or_build

SAMPLES = sorted((Path(__file__).parents[2] / "samples").glob("*/msvc.yaml"))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.parent.name)
def test_kubectl_takes_the_base(
    sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["generate", "-m", str(sample.parent), "-o", "kustomize", str(tmp_path)]) == 0
    capsys.readouterr()
    assert main(["generate", "-m", str(sample.parent)]) == 0
    wanted = list(yaml.safe_load_all(capsys.readouterr().out))
    command = [str(find_or_build("kubectl")), "kustomize", str(tmp_path)]
    built = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    assert sorted(yaml.safe_load_all(built.stdout), key=str) == sorted(wanted, key=str)
