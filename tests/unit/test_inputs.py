"""Files to ModelServices and BaseConfigs, and which belongs to which."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from msvc_pulumi.document.source import Document
from msvc_pulumi.errors import Diagnostics, LoadError
from msvc_pulumi.inputs import base_config_for, expand, load_inputs

SERVICE = "kind: ModelService\nmetadata: {name: %s}\nspec: {}\n"
CONFIG = "kind: ConfigMap\nmetadata: {name: %s}\ndata: {}\n"


def service(**reference: str) -> Document:
    value: dict[str, Any] = {"kind": "ModelService", "metadata": {"name": "m", "namespace": "n"}}
    value["spec"] = {"baseConfigMapRef": reference} if reference else {}
    return Document.of(value, "m")


def config(name: str, namespace: str = "") -> Document:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return Document.of({"kind": "ConfigMap", "metadata": metadata}, name)


def test_folders_and_globs_are_sorted_and_hold_yaml_only(tmp_path: Path) -> None:
    """A folder stands for its YAML files, a glob for what it matches, both in order."""
    for name in ("b.yaml", "a.yml", "c.json", "README.md"):
        (tmp_path / name).write_text("")

    assert [Path(f).name for f in expand(str(tmp_path))] == ["a.yml", "b.yaml", "c.json"]
    assert [Path(f).name for f in expand(str(tmp_path / "*.y*ml"))] == ["a.yml", "b.yaml"]


def test_a_pattern_without_files_is_an_error(tmp_path: Path) -> None:
    """An empty folder or a glob that matches nothing says so instead of planning nothing."""
    for name in (str(tmp_path), str(tmp_path / "*.yaml")):
        with pytest.raises(LoadError) as error:
            expand(name)
        assert error.value.diagnostics[0].code == "no-files"


def test_documents_are_taken_for_what_they_are(tmp_path: Path) -> None:
    """In one file or folder, ModelServices and ConfigMaps find their places by kind."""
    file = tmp_path / "all.yaml"
    file.write_text(
        "---\n".join([SERVICE % "one", CONFIG % "base", SERVICE % "two", "kind: Pod\n"])
    )

    inputs = load_inputs([str(file)])

    assert [d.value["metadata"]["name"] for d in inputs.model_services] == ["one", "two"]
    assert [d.value["metadata"]["name"] for d in inputs.base_configs] == ["base"]
    assert [item.code for item in inputs.diagnostics] == ["ignored-document"]


def test_all_unreadable_files_are_named(tmp_path: Path) -> None:
    """Every file that cannot be read is reported in one go."""
    with pytest.raises(LoadError) as error:
        load_inputs([str(tmp_path / "a.yaml"), str(tmp_path / "b.yaml")])

    assert [item.code for item in error.value.diagnostics] == ["file-not-found"] * 2


@pytest.mark.parametrize(
    ("reference", "configs", "found", "code"),
    [
        ({}, [], None, None),
        ({}, [config("a")], "a", None),
        ({"name": "a"}, [config("b"), config("a")], "a", None),
        ({"name": "a"}, [config("a", "other"), config("a", "n")], "a", None),
        ({"name": "a", "namespace": "x"}, [config("a", "x"), config("b", "n")], "a", None),
        ({"name": "a"}, [config("b")], "b", "base-config-mismatch"),
        ({"name": "a"}, [], None, "base-config-not-found"),
        ({"name": "a"}, [config("b"), config("c")], None, "base-config-not-found"),
        ({}, [config("b"), config("c")], None, "base-config-not-found"),
    ],
)
def test_base_config_of_a_model_service(
    reference: dict[str, str], configs: list[Document], found: str | None, code: str | None
) -> None:
    """The named BaseConfig counts; a lone one serves everybody, with a word if its name differs."""
    diagnostics = Diagnostics()

    chosen = base_config_for(service(**reference), configs, diagnostics)

    assert (chosen.value["metadata"]["name"] if chosen else None) == found
    assert [item.code for item in diagnostics] == ([code] if code else [])
