"""A Kustomize base: every object in a file of its own, and nothing of anybody else's touched."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
import yaml

from msvc_pulumi.cli import main
from msvc_pulumi.out.kustomization import to_kustomization
from msvc_pulumi.plan import Plan, PlannedObject

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


@pytest.mark.parametrize("name", ["kustomization.yml", "Kustomization"])
def test_a_list_by_another_name_is_in_the_way(tmp_path: Path, name: str) -> None:
    """Kustomize refuses a folder with two."""
    (tmp_path / name).write_text("resources: []\n")
    assert generated(tmp_path, SAMPLES / "pvc") == 1
    assert held(tmp_path) == [name]


def test_an_edited_list_is_nobodys_to_replace(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    generated(tmp_path, SAMPLES / "pvc")
    (tmp_path / "mine.yaml").write_text("mine")
    with (tmp_path / "kustomization.yaml").open("a") as file:
        file.write("- mine.yaml\n")
    before = held(tmp_path)
    assert generated(tmp_path, SAMPLES / "hpa") == 1
    assert "was edited" in capsys.readouterr().err
    assert held(tmp_path) == before


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    base, precious = tmp_path / "base", tmp_path / "precious"
    generated(base, SAMPLES / "pvc")
    precious.write_text("precious")
    file = base / next(name for name in held(base) if name.startswith("deployment"))
    file.unlink()
    file.symlink_to(precious)
    assert generated(base, SAMPLES / "pvc") == 0
    assert precious.read_text() == "precious"
    assert not file.is_symlink()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / file.name).symlink_to(tmp_path / "nowhere")
    assert generated(tmp_path / "other", SAMPLES / "pvc") == 1
    assert not (tmp_path / "nowhere").exists()


def test_a_run_that_broke_off_goes_on(tmp_path: Path) -> None:
    generated(tmp_path, SAMPLES / "pvc")
    (tmp_path / "kustomization.yaml").unlink()
    assert generated(tmp_path, SAMPLES / "pvc") == 0


def test_names_differ_where_file_systems_know_no_capitals() -> None:
    def role(name: str) -> PlannedObject:
        manifest = {"apiVersion": "v1", "kind": "Role", "metadata": {"name": name}}
        return cast("PlannedObject", SimpleNamespace(manifest=manifest))

    names = ["Reader", "reader", "READER", "system:reader", "system-reader"]
    files = to_kustomization([cast("Plan", [role(name) for name in names])])
    assert len({name.lower() for name in files}) == len(names) + 1
    assert {"role-reader.yaml", "role-system-reader.yaml"} <= set(files)
    assert all(re.fullmatch(r"[a-z0-9.-]+", name) for name in files)


def test_a_program_reads_which_files_there_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["-o", "kustomize", str(tmp_path), "--format", "json"]
    assert main(["generate", "-m", str(SAMPLES / "pvc"), *words]) == 0
    assert sorted(json.loads(capsys.readouterr().out)["written"]) == held(tmp_path)


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
