"""The schemas for editors: made from the models, right about every sample, strict with mistakes."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator
from jsonschema.exceptions import best_match

from msvc_pulumi.cli import main
from msvc_pulumi.document.inputs import load_inputs
from msvc_pulumi.fields.editorschema import (
    base_config_schema,
    model_service_schema,
    section_schema,
)
from msvc_pulumi.fields.sectiondescriptions import DESCRIPTIONS
from msvc_pulumi.plan import plan_model_service

ROOT = Path(__file__).parents[2]
SAMPLES = sorted(folder for folder in (ROOT / "samples").iterdir() if folder.is_dir())
MISTAKES = yaml.safe_load((Path(__file__).parent / "editorschema/mistakes.yaml").read_text())
LINE = re.compile(r"# yaml-language-server: \$schema=(\S+)\n")
OF_KUBERNETES = frozenset(
    {"env", "envFrom", "resources", "hpa", "keda", "gatewayRefs", "tolerations"}
    | {"baseConfigMapRef"}
)
SERVICE: dict[str, Any] = {
    "apiVersion": "llm-d.ai/v1alpha1",
    "kind": "ModelService",
    "metadata": {"name": "demo"},
    "spec": {"routing": {"modelName": "m"}, "modelArtifacts": {"uri": "hf://a/b"}},
}


@cache
def checker(name: str) -> Draft7Validator:
    """For a ModelService, a BaseConfig or a section; the schema itself is one."""
    if name == "modelservice":
        schema = model_service_schema()
    else:
        schema = base_config_schema() if name == "baseconfig" else section_schema(name)
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema)


def said(name: str, document: Any) -> tuple[list[Any], str] | None:
    """Where the worst mistake is and what it is."""
    error = best_match(checker(name).iter_errors(document))
    return (list(error.absolute_path), error.message) if error else None


def test_the_files_are_made_from_the_models() -> None:
    """``make schemas`` would change nothing."""
    place = ROOT / "tools" / "schemas.py"
    spec = importlib.util.spec_from_file_location("schemas", place)
    assert spec is not None and spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    wanted = dict(tool.files())
    stale = [path.name for path, text in wanted.items() if path.read_text() != text]
    assert not stale, "run make schemas"
    assert set(wanted) == {*tool.FOLDER.rglob("*.json")}


def rendered(folder: Path) -> Iterator[tuple[str, Any]]:
    """The sections of a sample's BaseConfig as they are once rendered."""
    inputs = load_inputs([str(folder)])
    plan = plan_model_service(inputs.model_services[0], inputs.base_configs[0])
    for planned in plan:
        document = getattr(planned.child.base, "document", None)
        if document is not None and planned.key in DESCRIPTIONS:
            yield planned.key, yaml.safe_load(document.source.text)


@pytest.mark.parametrize("folder", SAMPLES, ids=lambda folder: folder.name)
def test_samples_are_valid(folder: Path) -> None:
    """And each file names the schema of what it holds, where editors find it."""
    for file, name in (("msvc.yaml", "modelservice"), ("baseconfig.yaml", "baseconfig")):
        text = (folder / file).read_text()
        assert said(name, yaml.safe_load(text)) is None
        line = LINE.match(text)
        assert line is not None
        assert (folder / line[1]).resolve() == ROOT / "schemas" / f"{name}.json"
    sections = dict(rendered(folder))
    assert sections
    for key, document in sections.items():
        assert said(key, document) is None


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake["name"])
def test_mistakes_are_marked(mistake: dict[str, Any]) -> None:
    """At their place, and by what is wrong."""
    if "service" in mistake:
        stated = mistake["service"]
        spec = SERVICE["spec"] | stated.get("spec", {})
        name, document = "modelservice", {**SERVICE, **stated, "spec": spec}
    elif "data" in mistake:
        head = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b"}}
        name, document = "baseconfig", {**head, "data": mistake["data"]}
    else:
        name, document = mistake["section"], mistake["document"]
    found = said(name, document)
    assert found is not None
    place, text = found
    assert place == mistake["at"], text
    assert mistake["says"] in text


@pytest.mark.parametrize(
    ("section", "document"),
    [
        ("decodeDeployment", {"spec": {"replicas": "{{ .DecodeNodes }}"}}),
        ("decodeDeployment", {"spec": {"template": '{{ include "pod" . }}'}}),
        ("decodeDeployment", {"spec": {"template": {"spec": {"hostNetwork": "{{ x }}"}}}}),
        (
            "decodeService",
            {"spec": {"ports": "{{ .Ports }}", "clusterIP": "{% if a %}None{% endif %}"}},
        ),
        ("inferenceModel", {"spec": {"modelName": "{{ .ModelName }}"}}),
        ("configMaps", [{"data": "{{ toJson .Values }}"}]),
        ("httpRoute", {"spec": {"rules": None}}),
    ],
)
def test_templates_may_stand_for_any_value(section: str, document: Any) -> None:
    """So may nothing, which a template may leave."""
    assert said(section, document) is None


def test_every_field_of_ours_is_described() -> None:
    """What an editor shows of a field is what the API says of it; Kubernetes' own have none."""

    def silent(schema: dict[str, Any], at: str) -> Iterator[str]:
        for key, member in schema.get("properties", {}).items():
            here = f"{at}.{key}"
            if "description" not in member:
                yield here
            elif key not in OF_KUBERNETES:
                yield from silent(member.get("items") or member, here)

    spec = model_service_schema()["properties"]["spec"]
    assert list(silent(spec, "spec")) == []
    assert set(DESCRIPTIONS) == set(base_config_schema()["properties"]["data"]["properties"])


def test_the_command_prints_them(capsys: pytest.CaptureFixture[str]) -> None:
    """As they are checked in; a name that there is not is wrong usage with a proposal."""
    for name in ("modelservice", "baseconfig"):
        assert main(["schema", name]) == 0
        assert capsys.readouterr().out == (ROOT / "schemas" / f"{name}.json").read_text()
    assert main(["schema", "eppService"]) == 0
    with pytest.raises(SystemExit) as stopped:
        main(["schema", "eppServce"])
    assert stopped.value.code == 2
    assert "did you mean eppService?" in capsys.readouterr().err
