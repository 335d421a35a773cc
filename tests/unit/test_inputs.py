"""Files to ModelServices and BaseConfigs, and which belongs to which."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from msvc_pulumi.document.inputs import base_config_for, expand, load_inputs
from msvc_pulumi.document.source import Document
from msvc_pulumi.errors import Diagnostics, FieldPath, LoadError

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


LIST = """\
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Secret
  metadata: {name: other}
- apiVersion: llm-d.ai/v1alpha1
  kind: ModelService
  metadata: {name: one}
  spec: {bogus: 1}
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: base}
"""


def test_lists_are_unpacked(tmp_path: Path) -> None:
    """What `kubectl get -o yaml` prints is its items, each with its places in the file."""
    file = tmp_path / "list.yaml"
    file.write_text(LIST)

    inputs = load_inputs([str(file)])

    (one,) = inputs.model_services
    assert one.value["metadata"]["name"] == "one"
    span = one.span(FieldPath.of("spec", "bogus"))
    assert (span.line, span.column) == (10, 17)
    assert [d.value["metadata"]["name"] for d in inputs.base_configs] == ["base"]
    assert [item.code for item in inputs.diagnostics] == ["ignored-document"]


def test_items_of_a_typed_list_are_of_its_kind(tmp_path: Path) -> None:
    """The API leaves kind and apiVersion out of them."""
    file = tmp_path / "list.json"
    file.write_text(
        '{"apiVersion": "llm-d.ai/v1alpha1", "kind": "ModelServiceList",'
        ' "items": [{"metadata": {"name": "a"}}, {"metadata": {"name": "b"}}]}'
    )

    found = load_inputs([str(file)]).model_services

    assert [d.value["kind"] for d in found] == ["ModelService", "ModelService"]
    assert [d.value["apiVersion"] for d in found] == ["llm-d.ai/v1alpha1"] * 2


@pytest.mark.parametrize(
    "text",
    [
        "kind: ServiceAccount\n---\n# nothing\n---\n" + SERVICE % "m" + "---\nkind: Pod\n",
        SERVICE % "m" + "---\nkind: Pod\n---\nkind: ServiceAccount\n",
    ],
)
def test_other_kinds_are_skipped_with_one_warning(tmp_path: Path, text: str) -> None:
    """Wherever they stand in the stream that a tool prints."""
    file = tmp_path / "stream.yaml"
    file.write_text(text)

    inputs = load_inputs([str(file)])

    assert [d.value["metadata"]["name"] for d in inputs.model_services] == ["m"]
    (warning,) = inputs.diagnostics
    assert warning.summary.endswith("2 documents are neither a ModelService nor a BaseConfig and "
                                    "are ignored: Pod, ServiceAccount")  # fmt: skip


def test_a_stream_without_a_model_service_is_read_as_one(tmp_path: Path) -> None:
    """Its first document is what the reading complains of."""
    file = tmp_path / "stream.yaml"
    file.write_text("kind: Pod\n---\nkind: Service\n")

    assert [d.value["kind"] for d in load_inputs([str(file)]).model_services] == ["Pod"]


def test_of_several_documents_only_configmaps_are_base_configs(tmp_path: Path) -> None:
    """Also where another kind comes first."""
    service, base = tmp_path / "m.yaml", tmp_path / "b.yaml"
    service.write_text(SERVICE % "m")
    base.write_text("kind: Secret\nmetadata: {name: s}\n---\n" + CONFIG % "base")

    inputs = load_inputs([str(service)], [str(base)])

    assert [d.value["metadata"]["name"] for d in inputs.base_configs] == ["base"]
    assert [item.code for item in inputs.diagnostics] == ["ignored-document"]


def test_lists_in_lists_are_unpacked(tmp_path: Path) -> None:
    """Charts print lists, and what prints a chart's output may wrap it into another."""
    file = tmp_path / "list.yaml"
    file.write_text(f"kind: List\nitems:\n- kind: List\n  items:\n  - {{{FLOW}}}\n")

    assert [d.value["metadata"]["name"] for d in load_inputs([str(file)]).model_services] == ["m"]


FLOW = "kind: ModelService, metadata: {name: m}, spec: {}"


@pytest.mark.parametrize(
    "text", ["NAME: demo\nSTATUS: deployed\n---\n%s", "%s---\nNOTES:\nhow: to\n"]
)
def test_headers_and_notes_of_a_release_are_skipped(tmp_path: Path, text: str) -> None:
    """They are mappings, but none of an object whose author forgot the kind."""
    file = tmp_path / "release.txt"
    file.write_text(text % (SERVICE % "m"))

    inputs = load_inputs([str(file)])

    assert [d.value["metadata"]["name"] for d in inputs.model_services] == ["m"]
    assert [item.code for item in inputs.diagnostics] == ["ignored-document"]


def test_a_file_named_for_both_is_read_once(tmp_path: Path) -> None:
    """Its ModelServices are not said to be no BaseConfigs, and its BaseConfig is one."""
    file = tmp_path / "all.yaml"
    file.write_text("kind: Pod\n---\n" + SERVICE % "m" + "---\n" + CONFIG % "base")

    inputs = load_inputs([str(file)], [str(file)])

    assert [d.value["metadata"]["name"] for d in inputs.base_configs] == ["base"]
    assert [item.code for item in inputs.diagnostics] == ["ignored-document"]
