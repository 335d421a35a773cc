"""`msvc explain FIELD`: every field is found, and what is said of it is so."""

from __future__ import annotations

import copy
import json
import os
import pty
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from msvc_pulumi.cli import main
from msvc_pulumi.errors import FieldPath
from msvc_pulumi.fields.examples import documents, example
from msvc_pulumi.fields.lookup import field_named, fields_called, similar
from msvc_pulumi.fields.merging import PAIRS, counterparts, is_template, merge_rule
from msvc_pulumi.fields.printing import plain, text, unknown
from msvc_pulumi.fields.tree import BASE_CONFIG, ITEM, MODEL_SERVICE, Node, below
from msvc_pulumi.plan import PlanOptions, plan_model_service

PIECES = ("spec", "decode", "containers", "data", "decodeDeployment", "limits", "args")
SIGNS = (".", "[", "]", "[0]", "*", "-", "é", "\0")
SERVICES = [one for one in documents() if one["kind"] == "ModelService"]
CONFIGS = [one for one in documents() if one["kind"] == "ConfigMap"]
FIELDS = list(below(MODEL_SERVICE))
OURS = [node for node in FIELDS if node.steps[0] == "spec" and (node.description or node.model)]


def own_sections() -> list[Node]:
    data = BASE_CONFIG.child("data")
    assert data is not None
    return list(data.children)


def planned(service: dict[str, Any], config: dict[str, Any] | None, **spec: Any) -> Any:
    changed = copy.deepcopy(service)
    changed["spec"].update(spec)
    return plan_model_service(changed, config, PlanOptions(namespace="models"))


def test_every_path_finds_its_field() -> None:
    for node in FIELDS:
        if node.steps[0] != "metadata" or len(node.steps) == 1:
            assert field_named(str(node)) is node or str(field_named(str(node))) == str(node)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("spec.decode.containers[].args", "spec.decode.containers[].args"),
        ("decode.containers.args", "spec.decode.containers[].args"),
        ("spec.decode.containers[0].args[1]", "spec.decode.containers[].args"),
        ("SPEC.Decode.REPLICAS", "spec.decode.replicas"),
        ("decodeDeployment.spec.template", "data.decodeDeployment.spec.template"),
        ("data.eppService.spec.ports.port", "data.eppService.spec.ports[].port"),
        ("baseconfig.metadata.name", "metadata.name"),
        ("msvc.spec.routing", "spec.routing"),
        ("decode.tolerations.key", "spec.decode.tolerations[].key"),
    ],
)
def test_a_field_is_found_by(name: str, path: str) -> None:
    assert str(field_named(name)) == path


def test_fields_of_one_name_are_all_told() -> None:
    assert [str(node) for node in fields_called("modelName")] == ["spec.routing.modelName"]
    found = [str(node) for node in fields_called("replicas")]
    assert found == [
        "spec.decode.replicas",
        "spec.prefill.replicas",
        "spec.endpointPicker.replicas",
    ]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("spec.decode.replica", "spec.decode.replicas"),
        ("spec.decod.replicas", "spec.decode.replicas"),
        ("decodeDeploymen", "data.decodeDeployment"),
        ("modelNam", "spec.routing.modelName"),
        ("spec.decode.containers.imag", "spec.decode.containers[].image"),
        ("xyzzy", None),
        ("", None),
    ],
)
def test_the_nearest_name_is(name: str, path: str | None) -> None:
    assert similar(name) == path


def test_every_field_of_ours_is_described_and_shown() -> None:
    for node in OURS:
        assert node.description, node
    lacking = [str(node) for node in [*OURS, *own_sections()] if not example(node)]
    assert not lacking


@pytest.mark.parametrize("service", SERVICES, ids=lambda one: one["metadata"]["name"])
def test_an_example_of_a_model_service_is_right(service: dict[str, Any]) -> None:
    ports = {"ports": [{"name": "app_port", "port": 8000}]}
    routing = {**service["spec"]["routing"], **ports}
    plan = planned(service, CONFIGS[0], routing=routing)
    assert [str(item.summary) for item in plan.diagnostics] == []
    assert len(plan) > 3


def test_an_example_holds_its_field_and_nothing_beside_it() -> None:
    for node in OURS:
        shown = yaml.safe_load(example(node))
        here: Any = shown
        for step in node.steps:
            here = here[0] if step == ITEM else here[step]
        assert here is not None


@pytest.mark.parametrize(
    ("field", "base", "stated", "joined"),
    [
        ("containers.command", ["a"], ["b"], ["b"]),
        ("containers.args", ["a"], ["b"], ["b", "a"]),
        ("containers.image", "a", "b", "b"),
        ("containers.env", [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
         [{"name": "C", "value": "3"}, {"name": "A", "value": "4"}],
         [{"name": "A", "value": "4"}, {"name": "B", "value": "2"}, {"name": "C", "value": "3"}]),
        ("containers.envFrom", [{"prefix": "a"}], [{"prefix": "b"}],
         [{"prefix": "a"}, {"prefix": "b"}]),
        ("tolerations", [{"key": "a"}], [{"key": "b"}], [{"key": "a"}, {"key": "b"}]),
        ("priorityClassName", "a", "b", "b"),
    ],
)  # fmt: skip
def test_what_is_said_of_a_merge_is_what_happens(
    field: str, base: Any, stated: Any, joined: Any
) -> None:
    node = field_named(f"spec.decode.{field}")
    assert node is not None
    words = merge_rule(node, counterparts(node))
    inner = field.rpartition(".")[2]
    in_container = field.startswith("containers")

    def pod(value: Any) -> dict[str, Any]:
        container = {"name": "c", "image": "x/y:1"}
        if in_container:
            return {"containers": [{**container, inner: value}]}
        return {"containers": [container], inner: value}

    section = yaml.safe_dump({"spec": {"template": {"spec": pod(base)}}})
    config = {"kind": "ConfigMap", "metadata": {"name": "b"}, "data": {"decodeDeployment": section}}
    service = copy.deepcopy(SERVICES[1])
    service["spec"]["decode"] = pod(stated)
    plan = planned(service, config)
    manifest = next(one.manifest for one in plan if one.key == "decodeDeployment")
    place = FieldPath.of("spec", "template", "spec", *(["containers", 0] if in_container else []))
    assert place.child(inner).find(manifest) == joined
    if isinstance(joined, list) and joined == [*base, *stated]:
        assert "BaseConfig's first" in words
    elif joined == [*stated, *base]:
        assert "prepend (the ModelService's first" in words
    elif isinstance(joined, list) and len(joined) > len(base):
        assert "items of one name are merged" in words
    else:
        assert "the ModelService's" in words


def test_counterparts_exist_on_both_sides() -> None:
    for left, right in PAIRS:
        assert field_named(".".join(left)) is not None, left
        assert field_named(".".join(right)) is not None, right


def test_templates_are_what_is_rendered() -> None:
    """A variable in each text field of a ModelService is rendered exactly where that is said."""
    for field in ("image", "args", "command", "env.value"):
        node = field_named(f"spec.decode.containers.{field}")
        assert node is not None
        assert is_template(node) == (field == "args")
    service = copy.deepcopy(SERVICES[1])
    text = "{{ .ModelName }}"
    container = {"name": "c", "image": "x/y:1", "command": [text], "args": [text]}
    service["spec"]["decode"] = {"containers": [container]}
    plan = planned(service, None)
    manifest = next(one.manifest for one in plan if one.key == "decodeDeployment")
    made = manifest["spec"]["template"]["spec"]["containers"][0]
    assert made["command"] == [text]
    assert made["args"] == ["granite-image"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("spec.decode.containers[].args", ["list of strings", "byFlag", "Go's language"]),
        ("decode.replicas", ["integer", "at least 0", "1, filled in by the API server"]),
        ("modelName", ["spec.routing.modelName", "cannot be changed later", "required"]),
        ("spec", ["modelArtifacts", "Where the model comes from."]),
        ("data", ["decodeLeaderWorkerSet", "several nodes"]),
        ("decodeDeployment.metadata.name", ["the program sets it"]),
        ("decodeService.spec.ports", ["kubectl explain service.spec.ports"]),
        ("template-exec", ["Cure:", "Cured by:", "$ msvc generate"]),
        ("disk-full", ["To see it:"]),
    ],
)
def test_the_command_says(name: str, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", name]) == 0
    shown = capsys.readouterr().out
    for word in words:
        assert word in shown
    assert all(len(line) <= 160 for line in shown.splitlines())
    assert main(["explain", name, "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("spec.decode.replica", "did you mean spec.decode.replicas?"),
        ("template-exe", "did you mean template-exec?"),
        ("replicas", "spec.decode.replicas, spec.prefill.replicas"),
        ("adopt", "it is a command: `msvc adopt --help`"),
        ("up", "it is a command: `msvc up --help`"),
        ("xyzzy", "`msvc explain` lists what there is"),
        ("", "`msvc explain` lists what there is"),
    ],
)
def test_an_unknown_name_gets_a_near_one(
    name: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", name]) == 1
    assert words in capsys.readouterr().err


def test_all_fields_of_a_field(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "spec.routing", "--recursive"]) == 0
    shown = capsys.readouterr().out
    assert shown.splitlines()[:3] == [
        "spec.routing  <object>",
        "  modelName  <string>  required",
        "  ports  <list of objects>",
    ]
    assert "    port  <integer>  required" in shown


def test_without_a_name_all_codes_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain"]) == 0
    assert "template-exec" in capsys.readouterr().out
    assert main(["explain", "--format=json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) > 100


def test_on_a_terminal_the_first_report_says_how_to_read_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, and not where programs read."""
    service = tmp_path / "msvc.yaml"
    service.write_text("kind: ModelService\nspec: {decode: {replica: 1}}\n")
    shown, other = pty.openpty()
    with os.fdopen(other, "w", buffering=1) as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        assert main(["generate", "-m", str(service)]) == 1
        assert main(["generate", "-m", str(service), "--format=json"]) == 1
        terminal.write("end\n")
        told = ""
        while not told.endswith("\nend\n"):
            told += os.read(shown, 1 << 16).decode().replace("\r", "")
        text, hint, rest = told.partition("\nmore: msvc explain required\n")
        assert hint and "msvc explain" not in text + rest
        assert json.loads(rest.removesuffix("end\n"))
    os.close(shown)


@given(st.text(max_size=60) | st.lists(st.sampled_from(PIECES + SIGNS), max_size=8).map("".join))
@settings(max_examples=40, deadline=None)
def test_whatever_is_asked_for_is_answered(name: str) -> None:
    """By the field, or by an error with a remedy; never by a traceback."""
    node = field_named(name)
    if node is not None:
        assert text(node).startswith(str(node))
        assert plain(node)["field"] == str(node)
    else:
        problem = unknown(name, fields_called(name)).diagnostics[0]
        assert problem.help
