"""What users met in the field: the command says it where it is, and nothing of what is right.

``field/model-service.yaml`` and ``field/base-config.yaml`` are right. A variant in
``field/variants.yaml`` changes their texts (``service``, ``base``), adds ``options`` and says what
comes out: the ``exit`` code of `validate` (0), what it ``finds``, each a code and texts of lines
that it names, a ``remedy`` that every finding has, and what `generate` ``shows``: an object, a path
in it and the value there. ``field/given.yaml`` says the same of the folders of ``shared/field``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes_validate import utils

from msvc_pulumi.cli import main
from msvc_pulumi.errors import FieldPath

DATA = Path(__file__).parent / "field"
SHARED = Path(__file__).parents[3] / "shared" / "field"
GIVEN: dict[str, dict[str, Any]] = yaml.safe_load((DATA / "given.yaml").read_text("utf-8"))
VARIANTS = [
    pytest.param(variant, id=f"{folder}: {name}")
    for folder, variants in yaml.safe_load((DATA / "variants.yaml").read_text("utf-8")).items()
    for name, variant in variants.items()
]
# Options of `validate` alone.
FOR_VALIDATE = ("--kubernetes-version",)


@pytest.fixture(scope="module", autouse=True)
def schemas_once() -> Iterator[None]:
    """The library reads its schemas again for every object."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(utils, "schema_contents", lru_cache(utils.schema_contents))
        yield


@pytest.mark.parametrize("variant", VARIANTS)
def test_variant(
    variant: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is told of all that is wrong and of nothing else."""
    for file, side in (("msvc.yaml", "service"), ("baseconfig.yaml", "base")):
        original = "model-service.yaml" if side == "service" else "base-config.yaml"
        text = (DATA / original).read_text("utf-8")
        for old, new in variant.get(side, {}).items():
            assert old in text
            text = text.replace(old, new)
        (tmp_path / file).write_text(text, "utf-8")
    check(tmp_path, variant, capsys)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the field cases are not beside this checkout")
@pytest.mark.parametrize("name", GIVEN)
def test_given(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The cases that were reported come out as their README wants it."""
    check(SHARED / name, GIVEN[name], capsys)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the field cases are not beside this checkout")
def test_all_are_given() -> None:
    assert {folder.name for folder in SHARED.iterdir()} == set(GIVEN)


def check(folder: Path, wanted: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    """`validate` says what is wanted, `generate` at most warns and prints what is wanted."""
    options = wanted.get("options", [])
    status, _, problems = run(capsys, "validate", folder, options)
    found = [[item["code"], *lines(item)] for item in problems]
    finds = wanted.get("finds", [])
    assert [item[0] for item in found] == [item[0] for item in finds], problems
    for said, [_, *texts] in zip(found, finds, strict=True):
        assert len(said) > len(texts)
        assert all(text in line for text, line in zip(texts, said[1:], strict=False)), said
    assert status == wanted.get("exit", 0)
    assert any(item["severity"] == "error" for item in problems) == bool(status)
    for item in problems:
        assert wanted.get("remedy", "") in item["help"]

    if any(option in FOR_VALIDATE for option in options):
        options = []
    status, out, problems = run(capsys, "generate", folder, options)
    assert status == 0
    assert {item["severity"] for item in problems} <= {"warning"}
    objects = {
        f"{each['kind']}/{each['metadata']['name']}": each for each in yaml.safe_load_all(out)
    }
    for name, *steps, value in wanted.get("shows", []):
        assert FieldPath.of(*steps).find(objects[name]) == value


def run(
    capsys: pytest.CaptureFixture[str], command: str, folder: Path, options: Sequence[str]
) -> tuple[int, str, list[dict[str, Any]]]:
    files = ("-m", str(folder / "msvc.yaml"), "-b", str(folder / "baseconfig.yaml"))
    status = main([command, *files, *options, "--format", "json"])
    captured = capsys.readouterr()
    return status, captured.out, json.loads(captured.err or "[]")


def lines(problem: dict[str, Any]) -> list[str]:
    """The lines that a problem names, its own first."""
    places = [problem, *problem.get("related", ())]
    return [
        Path(place["file"]).read_text("utf-8").splitlines()[place["line"] - 1] for place in places
    ]
