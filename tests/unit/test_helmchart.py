"""Values of the Helm chart: the ModelService makes the chart's objects, or the difference is known.

``helmchart/cases/*/helm.yaml`` is what helm 3.18.4 printed for the chart llm-d-modelservice 0.4.12
with the case's values; ``differences.txt`` what is not the same, beyond `EVERYWHERE`.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from msvc_pulumi.cli import main
from msvc_pulumi.document.source import Document, Source
from msvc_pulumi.errors import Diagnostics, FieldPath, ModelServiceError
from msvc_pulumi.helmchart import convert, read_values
from msvc_pulumi.helmchart.defaults import defaults
from msvc_pulumi.plan import plan_model_service

HERE = Path(__file__).parent / "helmchart"
CASES = sorted((HERE / "cases").iterdir())
# Labels by which children are found, the selectors made of them, and the pods' account are this
# project's own.
EVERYWHERE = re.compile(
    r"ServiceAccount/|.*\.spec\.selector\.|.*\.serviceAccountName: |.*\.leaderTemplate\."
    r"|.*\.labels\.(llm-d\.ai/|helm\.sh/|app\.kubernetes\.io/)\S+: "
)
NAMED = ("containers", "initContainers", "volumes", "env")


def leaves(value: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """Path and value of everything stated in an object; lists of named things by their names."""
    if isinstance(value, dict):
        for key, member in value.items():
            is_named = key in NAMED and isinstance(member, list)
            members = {one["name"]: one for one in member} if is_named else member
            yield from leaves(members, f"{at}.{key}")
    elif isinstance(value, list):
        for number, member in enumerate(value):
            yield from leaves(member, f"{at}[{number}]")
    elif value not in (None, ""):
        yield at, str(value)


def stated(objects: list[Any]) -> dict[str, str]:
    return {
        f"{one['kind']}/{one['metadata']['name']}{path}": value
        for one in objects
        if one
        for path, value in leaves({**one, "kind": None})
    }


def differences(theirs: list[Any], ours: list[Any]) -> list[str]:
    before, after = stated(theirs), stated(ours)
    lines = []
    for path in sorted({*before, *after}):
        if path not in before:
            lines.append(f"{path}: not in the chart, {after[path]}")
        elif path not in after:
            lines.append(f"{path}: {before[path]}, not here")
        elif before[path] != after[path]:
            lines.append(f"{path}: {before[path]}, here {after[path]}")
    return [line for line in lines if not EVERYWHERE.match(line)]


def converted(file: Path, release: str) -> Any:
    source = Source(file.name, file.read_text())
    diagnostics = Diagnostics()
    return convert(read_values([source], release=release, namespace="", diagnostics=diagnostics))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_makes_the_charts_objects(case: Path) -> None:
    conversion = converted(case / "values.yaml", case.name)
    plan = plan_model_service(
        Document.of(conversion.model_service, "msvc"), Document.of(conversion.base_config, "base")
    )
    ours = [planned.manifest for planned in plan] + list(conversion.beside)
    theirs = list(yaml.safe_load_all((case / "helm.yaml").read_text()))
    known = case / "differences.txt"
    assert differences(theirs, ours) == (known.read_text().splitlines() if known.exists() else [])


MISTAKES = json.loads((HERE / "mistakes.json").read_text())


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake["title"])
def test_what_is_wrong_or_lost_is_said(mistake: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "values.yaml"
    file.write_text("\n".join(mistake["values"]))
    try:
        found = converted(file, "r").warnings
    except ModelServiceError as error:
        found = error.diagnostics
    said = [
        f"{item.severity}[{item.code}] {item.span.line if item.span else 0} {item.field}"
        for item in found
    ]
    assert said == mistake["said"]


def test_documents_that_are_printed_can_be_planned(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values = str(CASES[0] / "values.yaml")
    command = [
        "convert",
        "chart",
        values,
        "--release",
        "r",
        "--name",
        "model",
        "--namespace",
        "models",
    ]
    assert main([*command, "-o", str(tmp_path / "made")]) == 0
    assert capsys.readouterr().out.startswith("wrote ")
    assert main(command) == 0
    printed = capsys.readouterr().out
    files = ("msvc.yaml", "baseconfig.yaml", "objects.yaml")
    assert printed == "---\n".join((tmp_path / "made" / file).read_text() for file in files)
    assert main(["generate", "-m", str(tmp_path / "made")]) == 0
    assert "name: model-decode\n  namespace: models\n" in capsys.readouterr().out
    assert main([*command, "-o", str(tmp_path / "made")]) == 1
    assert "file-exists" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["--release", "Granite"],
        ["--release", ""],
        ["--release", "a b"],
        ["--release", "x" * 54],
        ["--release", "r", "--name", "Granite"],
        ["--release", "r", "--name", "x" * 254],
    ],
)
def test_names_that_cannot_be_are_wrong_usage(words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["convert", "chart", str(CASES[0] / "values.yaml"), *words])
    assert ended.value.code == 2


def test_a_program_reads_objects_or_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["convert", "chart", str(CASES[0] / "values.yaml"), "--release=r", "--format=json"]
    assert main(command) == 0
    kinds = [item["kind"] for item in json.loads(capsys.readouterr().out)["items"]]
    assert kinds[:2] == ["ModelService", "ConfigMap"]
    assert main([*command, "-o", str(tmp_path)]) == 0
    written = json.loads(capsys.readouterr().out)["written"]
    assert sorted(written) == sorted(map(str, tmp_path.iterdir()))


def test_later_files_count_more(tmp_path: Path) -> None:
    sources = [
        Source("a", "modelArtifacts: {name: a/b, uri: 'hf://a/b', labels: {x: y}}"),
        Source("b", "modelArtifacts: {name: c/d, labels: {x: null}}\nprefill: {create: false}"),
    ]
    values = read_values(sources, release="r", namespace="", diagnostics=Diagnostics())
    service = convert(values).model_service
    assert service["spec"]["routing"]["modelName"] == "c/d"
    assert service["spec"]["modelArtifacts"]["uri"] == "hf://a/b"
    assert "prefill" not in service["spec"]
    assert values.mapping("modelArtifacts", "labels") == {"llm-d.ai/inference-serving": "true"}


def places(tree: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield at
    if isinstance(tree, dict | list):
        for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from places(value, (*at, key))


WHOLE = yaml.safe_load((HERE / "cases" / "multi-node" / "values.yaml").read_text())
WHOLE = {**defaults(), **WHOLE, "prefill": {**defaults()["prefill"], **WHOLE["decode"]}}
ODD = st.sampled_from(
    [None, "", "text", "{{", 0, -1, 1.5, True, [], [1], ["a"], [None], {}, {"a": {}}]
)


@settings(max_examples=150, derandomize=True, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(list(places(WHOLE))), ODD), min_size=1, max_size=3))
def test_odd_values_are_converted_or_told_of(
    changes: list[tuple[tuple[str | int, ...], Any]],
) -> None:
    tree = json.loads(json.dumps(WHOLE))
    for path, value in changes:
        parent = FieldPath(path[:-1]).find(tree) if path else None
        if isinstance(parent, dict) or (
            isinstance(parent, list) and path[-1] in range(len(parent))
        ):
            parent[path[-1]] = deepcopy(value)
    diagnostics = Diagnostics()
    source = Source("values", json.dumps(tree))
    with contextlib.suppress(ModelServiceError):
        convert(read_values([source], release="r", namespace="", diagnostics=diagnostics))
