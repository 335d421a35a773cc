"""Documents and options that a program gives a component, and what is generated for programs."""

from __future__ import annotations

import importlib.util
import json
import typing
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from pulumi.errors import InputPropertiesError

from msvc_pulumi.components import ModelService, ModelServiceOperator, documenttypes
from msvc_pulumi.components.arguments import described
from msvc_pulumi.components.childoptions import divided, idle_options
from msvc_pulumi.components.provider import Provider
from msvc_pulumi.errors import ModelServiceError
from msvc_pulumi.plan import Plan, plan_model_service

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "samples" / "facebook"
SERVICE, BASE = (
    yaml.safe_load((SAMPLE / name).read_text()) for name in ("msvc.yaml", "baseconfig.yaml")
)
PLAN = plan_model_service(SERVICE, BASE)


def planned(**args: Any) -> Plan:
    return described(typing.cast("Any", args)).plan


WAYS: dict[str, dict[str, Any]] = {
    "mappings": {"model_service": SERVICE, "base_config": BASE},
    "paths": {
        "model_service": str(SAMPLE / "msvc.yaml"),
        "base_config": SAMPLE / "baseconfig.yaml",
    },
    "a path and a mapping": {"model_service": SAMPLE / "msvc.yaml", "base_config": BASE},
    "a mapping and a path": {
        "model_service": SERVICE,
        "base_config": str(SAMPLE / "baseconfig.yaml"),
    },
    "a folder with both": {"model_service": str(SAMPLE)},
    "bare data": {"model_service": SERVICE, "base_config": BASE["data"]},
    "no base config": {"model_service": SERVICE, "base_config": None},
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_state_a_document(way: str) -> None:
    """The plan is the same, but for the one without a BaseConfig, which says what it lacks."""
    plan = planned(**WAYS[way])
    if way == "no base config":
        (told, *_) = plan.diagnostics
        assert (told.code, "state a BaseConfig" in told.help) == ("base-config-not-found", True)
    else:
        assert plan.hash == PLAN.hash
        assert not plan.diagnostics


def test_a_mistake_in_a_file_has_its_line(tmp_path: Path) -> None:
    """As with the commands, a file's diagnostics point into it."""
    file = tmp_path / "msvc.yaml"
    text = (SAMPLE / "msvc.yaml").read_text()
    file.write_text(text.replace("replicas: 2", "replicas: two"))
    with pytest.raises(ModelServiceError) as caught:
        planned(model_service=file, base_config=BASE)
    (problem,) = caught.value.diagnostics
    assert problem.span is not None
    assert problem.span.file == str(file)
    assert "replicas: two" in problem.span.text


TWICE = yaml.safe_dump_all([SERVICE, {**SERVICE, "metadata": {"name": "other"}}])
WRONG = {
    "several": (TWICE, "invalid-argument", "2 ModelServices"),
    "none": ("kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\n", "not-a-model-service", ""),
    "no YAML": ("a: [", "yaml-syntax", ""),
    "empty": ("", "empty-file", ""),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_file_that_is_no_model_service(name: str, tmp_path: Path) -> None:
    """It is refused with what is wrong."""
    text, code, summary = WRONG[name]
    file = tmp_path / "msvc.yaml"
    file.write_text(text)
    with pytest.raises(ModelServiceError) as caught:
        planned(model_service=file, base_config=BASE)
    problem = next(item for item in caught.value.diagnostics if item.is_error)
    assert problem.code == code
    assert summary in problem.summary


ABSENT = {"absent.yaml": "file-not-found", "a" * 300: "file-unreadable"}


@pytest.mark.parametrize("key", ["model_service", "base_config"])
@pytest.mark.parametrize("value", ["a: b\nc: d\n", *ABSENT, "-", "", "a\0b", b"a"])
def test_what_names_no_file(key: str, value: Any) -> None:
    """Text of a document, a file that is not there and the standard input are told apart."""
    args = {"model_service": SERVICE, "base_config": BASE, key: value}
    with pytest.raises(ModelServiceError) as caught:
        planned(**args)
    (problem,) = caught.value.diagnostics
    assert problem.code == ABSENT.get(value, "invalid-argument")
    assert ("safe_load" in problem.help) == ("\n" in str(value))


def test_another_document_is_no_base_config() -> None:
    """As where both were handed over in the wrong order."""
    with pytest.raises(ModelServiceError) as caught:
        planned(model_service=SERVICE, base_config=SERVICE)
    (problem,) = caught.value.diagnostics
    assert (problem.code, str(problem.field)) == ("invalid-argument", "base_config")
    assert '"ModelService"' in problem.summary


@pytest.mark.parametrize(("number", "is_exact"), [(2**53 - 1, True), (2**53, False)])
def test_numbers_of_sections_reach_the_cluster_or_are_refused(number: int, is_exact: bool) -> None:
    """In the text of a section a program's language has no part in them, but Pulumi has."""
    text = f"spec: {{template: {{spec: {{terminationGracePeriodSeconds: {number}}}}}}}"
    args = {"model_service": SERVICE, "base_config": {"decodeDeployment": text}}
    if is_exact:
        assert planned(**args)
        return
    with pytest.raises(ModelServiceError) as caught:
        planned(**args)
    (problem,) = (item for item in caught.value.diagnostics if item.is_error)
    assert problem.code == "out-of-range"
    assert problem.field[-1] == "terminationGracePeriodSeconds"
    assert problem.span is not None


@pytest.mark.parametrize("name", ["Team_A", "a.b", "a" * 64])
def test_what_no_namespace_can_be_called(name: str) -> None:
    """It is told before anything is declared, as by the commands."""
    with pytest.raises(ModelServiceError) as caught:
        planned(model_service=SERVICE, base_config=BASE, namespace=name)
    (problem,) = caught.value.diagnostics
    assert (problem.code, str(problem.field)) == ("invalid-argument", "namespace")


def test_sections_outside_of_data_are_told_of() -> None:
    """A ConfigMap whose sections stand beside its data has none."""
    base = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "base"}, **BASE["data"]}
    found = plan_model_service(SERVICE, base).diagnostics
    told = {str(item.field) for item in found if item.code == "unknown-field"}
    assert told == {*BASE["data"]}


KEYS = [planned.key for planned in PLAN]


def test_options_that_name_properties_go_to_their_child() -> None:
    """Those of one child reach that child, timeouts reach all, and the component keeps the rest."""
    timeouts = pulumi.CustomTimeouts(create="1h")
    own, of_child = divided(
        pulumi.ResourceOptions(
            protect=True,
            custom_timeouts=timeouts,
            ignore_changes=[
                "decodeDeployment.spec.replicas",
                "configMaps[0].data",
                "eppRole.rules",
            ],
            replace_on_changes=["decodeDeployment.spec.selector"],
        ),
        [*KEYS, "configMaps[0]"],
    )
    assert own is not None
    assert (own.protect, own.ignore_changes, own.replace_on_changes) == (True, None, None)
    decode = of_child("decodeDeployment")
    assert decode.ignore_changes == ["spec.replicas"]
    assert decode.replace_on_changes == ["spec.selector"]
    assert of_child("configMaps[0]").ignore_changes == ["data"]
    assert of_child("eppRole").ignore_changes == ["rules"]
    assert all(of_child(key).custom_timeouts is timeouts for key in KEYS)
    assert not of_child("httpRoute").ignore_changes


@pytest.mark.parametrize(
    ("path", "proposed"),
    [
        ("spec.replicas", "decodeDeployment.spec.replicas"),
        ("decodeDeploymnt.spec", "decodeDeployment.spec"),
        ("decodeDeployment", "decodeDeployment"),
        ("", "decodeDeployment."),
    ],
)
def test_a_path_of_no_child_is_refused(path: str, proposed: str) -> None:
    """It would do nothing; the help begins with a key."""
    with pytest.raises(ModelServiceError) as caught:
        divided(pulumi.ResourceOptions(ignore_changes=[path]), KEYS)
    (problem,) = caught.value.diagnostics
    assert problem.code == "invalid-argument"
    assert str(problem.field) == "opts.ignore_changes[0]"
    assert proposed in problem.help


def test_options_that_do_nothing_are_told_of() -> None:
    """Those that concern one object of a provider have no meaning for a component."""
    opts = pulumi.ResourceOptions(import_="an-id", version="4.0.0", protect=True)
    assert [str(item.field) for item in idle_options(opts)] == ["opts.import_", "opts.version"]
    assert not [*idle_options(pulumi.ResourceOptions()), *idle_options(None)]


@pytest.fixture(scope="module")
def provider() -> Provider:
    return Provider([ModelService, ModelServiceOperator], "1.0.0")


@pytest.mark.parametrize(
    ("inputs", "path", "reason"),
    [
        ({"inferenceAPI": "v1"}, "inferenceAPI", "did you mean inferenceApi?"),
        ({"inferenceApi": "v3"}, "inferenceApi", "must be one of auto, v1alpha2, v1"),
        ({"pdPullSecrets": "a,b"}, "pdPullSecrets", "must be a list of strings"),
        (
            {"modelService": {**SERVICE, "spec": {**SERVICE["spec"], "decode": {"replicas": "a"}}}},
            "modelService.spec.decode.replicas",
            "Invalid value",
        ),
        (
            {"namespace": "a-Calling [toString] on an [Output<T>] is not supported."},
            "namespace",
            "interpolate",
        ),
        ({"baseConfig": {"decodeService": "[]"}}, "baseConfig.data.decodeService", "Invalid value"),
        (
            {"modelService": {**SERVICE, "metadata": {"name": "a", "generation": 2.0**53}}},
            "modelService.metadata.generation",
            "2**53",
        ),
    ],
)
def test_other_languages_read_their_own_spelling(
    provider: Provider, inputs: dict[str, Any], path: str, reason: str
) -> None:
    """Each problem is one of a property, without Python's names and lines of source code."""
    given = {"modelService": SERVICE, "baseConfig": BASE, **inputs}
    with pytest.raises(InputPropertiesError) as caught:
        provider.construct("a", "llmd:index:ModelService", given)
    (problem,) = caught.value.errors or ()
    assert problem["property_path"] == path
    assert reason in problem["reason"]
    assert "_" not in problem["reason"].partition("\n")[0]


@pytest.mark.parametrize(
    ("inputs", "path"),
    [
        ({"storagSize": "1Gi"}, "storagSize"),
        ({"executor": "none"}, "executor"),
        ({"metricsSecure": "yes"}, "metricsSecure"),
        ({"namespace": "Team_A"}, "namespace"),
    ],
)
def test_so_does_whoever_installs_the_operator(
    provider: Provider, inputs: dict[str, Any], path: str
) -> None:
    """The other component's arguments are told of in the same way."""
    given = {"image": "registry.example.com/msvc:1", **inputs}
    with pytest.raises(InputPropertiesError) as caught:
        provider.construct("a", "llmd:index:ModelServiceOperator", given)
    (problem,) = caught.value.errors or ()
    assert problem["property_path"] == path


def test_options_are_spelled_as_in_other_languages(provider: Provider) -> None:
    """A path of no child is told of as a property of the options."""
    given = {"modelService": SERVICE, "baseConfig": BASE}
    opts = pulumi.ResourceOptions(ignore_changes=["spec.replicas"])
    with pytest.raises(InputPropertiesError) as caught:
        provider.construct("a", "llmd:index:ModelService", given, opts)
    (problem,) = caught.value.errors or ()
    assert problem["property_path"] == "opts.ignoreChanges[0]"


def generator() -> Any:
    spec = importlib.util.spec_from_file_location(
        "componenttypes", ROOT / "tools" / "componenttypes.py"
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_files_are_up_to_date() -> None:
    """``make component-types`` would change nothing."""
    for path, text in generator().FILES.items():
        assert path.read_text() == text(), path.name


def names(value: Any) -> set[str]:
    """Every key of the JSON that a type describes, at any depth."""
    found: set[str] = set()
    for part in (value, *typing.get_args(value)):
        if typing.is_typeddict(part):
            hints = typing.get_type_hints(part)
            found |= {*hints}.union(*map(names, hints.values()))
        elif part is not value:
            found |= names(part)
    return found


def test_types_know_what_the_samples_state() -> None:
    """Editors complete every field of the sample's spec, and of its sections."""

    def keys(value: Any) -> set[str]:
        below = value.values() if isinstance(value, dict) else value
        inner = map(keys, below) if isinstance(value, dict | list) else ()
        return ({*value} if isinstance(value, dict) else set()).union(*inner)

    known = names(documenttypes.ModelServiceDocument)
    assert keys(SERVICE) <= known
    assert {"valueFrom", "labelValues", "triggers"} & known >= {"valueFrom", "labelValues"}
    assert {*BASE["data"]} <= names(documenttypes.BaseConfigDocument)
    assert json.loads((ROOT / "components" / "schema.json").read_text())["name"] == "llmd"
