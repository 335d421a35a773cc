"""A Kustomize base: every object in a file of its own, and nothing of anybody else's touched."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from msvc_pulumi.cli import main

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples"


def generated(folder: Path, *models: Path, output: str = "kustomize") -> int:
    command = ["generate", *(word for model in models for word in ("-m", str(model)))]
    return main([*command, "-o", output, *([str(folder)] if output == "kustomize" else [])])


def held(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_every_object_has_a_file_that_is_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models = (SAMPLES / "hpa", SAMPLES / "pvc")
    assert generated(tmp_path / "base", *models) == 0
    listed = yaml.safe_load((tmp_path / "base" / "kustomization.yaml").read_text())["resources"]
    assert held(tmp_path / "base") == sorted([*listed, "kustomization.yaml"])
    capsys.readouterr()
    generated(tmp_path, *models, output="manifests")
    wanted = list(yaml.safe_load_all(capsys.readouterr().out))
    found = [yaml.safe_load((tmp_path / "base" / name).read_text()) for name in listed]
    assert sorted(found, key=str) == sorted(wanted, key=str)


def test_a_second_run_replaces_the_first_and_no_other_file(tmp_path: Path) -> None:
    generated(tmp_path, SAMPLES / "pvc")
    (tmp_path / "patch.yaml").write_text("mine")
    before = set(held(tmp_path))
    assert generated(tmp_path, SAMPLES / "hpa") == 0
    assert (tmp_path / "patch.yaml").read_text() == "mine"
    listed = yaml.safe_load((tmp_path / "kustomization.yaml").read_text())["resources"]
    assert held(tmp_path) == sorted([*listed, "kustomization.yaml", "patch.yaml"])
    assert set(held(tmp_path)) != before
    unchanged = {name: (tmp_path / name).read_text() for name in held(tmp_path)}
    assert generated(tmp_path, SAMPLES / "hpa") == 0
    assert {name: (tmp_path / name).read_text() for name in held(tmp_path)} == unchanged


@pytest.mark.parametrize("name", ["kustomization.yaml", "serviceaccount-facebook-opt-125m-sa.yaml"])
def test_somebody_elses_file_stays(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    generated(tmp_path / "first", SAMPLES / "pvc")
    name = name if name in held(tmp_path / "first") else held(tmp_path / "first")[-1]
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / name).write_text("resources: []\n")
    capsys.readouterr()
    assert generated(tmp_path / "base", SAMPLES / "pvc") == 1
    assert "file-exists" in capsys.readouterr().err
    assert held(tmp_path / "base") == [name]


@pytest.mark.parametrize("words", [["-o", "kustomize"], ["-o", "json", "folder"], ["folder"]])
def test_folder_and_format_go_together(words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["generate", "-m", str(SAMPLES / "pvc"), *words])
    assert ended.value.code == 2


def test_a_folder_that_cannot_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert generated(tmp_path / "file" / "base", SAMPLES / "pvc") == 1
    assert "file-unwritable" in capsys.readouterr().err


def test_names_that_are_not_enough_have_namespace_and_group(tmp_path: Path) -> None:
    for namespace in ("a", "b"):
        folder = tmp_path / namespace
        folder.mkdir()
        for name in ("msvc.yaml", "baseconfig.yaml"):
            text = (SAMPLES / "simple" / name).read_text()
            text = text.replace("metadata:\n", f"metadata:\n  namespace: {namespace}\n", 1)
            (folder / name).write_text(text)
    assert generated(tmp_path / "base", tmp_path / "a", tmp_path / "b") == 0
    names = held(tmp_path / "base")
    assert sum(name.startswith("a-deployment.apps-") for name in names) == 1
    assert len(names) == 2 * sum(name.startswith("a-") for name in names) + 1
