"""Which Pulumi project a folder belongs to, whatever stands in its files."""

from __future__ import annotations

from pathlib import Path

import pytest

from msvc_pulumi.engine.diagnosis.failures import EngineError
from msvc_pulumi.engine.project import PROJECT, current_folder, find_program, find_project

NO_PROJECTS = {
    "no YAML": b"name: [",
    "no UTF-8": b"\xff\xfe",
    "a list": b"- a",
    "nothing": b"",
    "another's": b"name: 5\nruntime: nodejs\n",
}


@pytest.mark.parametrize("name", ["Pulumi.yaml", "Pulumi.yml", "Pulumi.json"])
@pytest.mark.parametrize("what", NO_PROJECTS)
def test_every_program_is_found_by_its_file(what: str, name: str, tmp_path: Path) -> None:
    """Also one that Pulumi will refuse; none of them is ours."""
    (tmp_path / name).write_bytes(NO_PROJECTS[what])
    below = tmp_path / "below"
    below.mkdir()
    assert find_program(below) == tmp_path
    with pytest.raises(EngineError):
        find_project(below)


def test_a_folder_of_that_name_is_no_program(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").mkdir()
    assert find_program(tmp_path) is None


def test_a_folder_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    assert current_folder() == here
    here.rmdir()
    with pytest.raises(EngineError):
        current_folder()


def test_our_project_is_found_from_below(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text(f"name: {PROJECT}\n")
    assert find_project(tmp_path / "a" / "b") == tmp_path
