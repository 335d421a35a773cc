"""ModelServices: what is read, what is kept of presence, what is an error and what a warning."""

from __future__ import annotations

import copy
import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msvc_pulumi.api.elsewhere import belongs
from msvc_pulumi.api.v1alpha1 import ModelService, load_model_service
from msvc_pulumi.document.source import Document, Source, parse
from msvc_pulumi.errors import Diagnostic, Diagnostics, FieldPath, Severity

SHARED = Path(__file__).parents[3] / "shared" / "conformance" / "cases"

MINIMAL: dict[str, Any] = {
    "apiVersion": "llm-d.ai/v1alpha1",
    "kind": "ModelService",
    "metadata": {"name": "demo"},
    "spec": {"routing": {"modelName": "m"}, "modelArtifacts": {"uri": "hf://a/b"}},
}


def changed(**changes: Any) -> dict[str, Any]:
    """The minimal ModelService with values put at ``section__field`` paths; ... removes one."""
    value = copy.deepcopy(MINIMAL)
    for where, new in changes.items():
        *steps, last = where.split("__")
        here = value
        for step in steps:
            here = here.setdefault(step, {})
        if new is ...:
            del here[last]
        else:
            here[last] = new
    return value


def load(value: Any) -> tuple[ModelService | None, Diagnostics]:
    diagnostics = Diagnostics()
    return load_model_service(Document.of(value, "inline"), diagnostics), diagnostics


def loaded(value: Any) -> ModelService:
    service, diagnostics = load(value)
    assert service is not None, list(diagnostics)
    return service


def found(diagnostics: Diagnostics) -> list[tuple[str, str, str]]:
    return [(str(item.severity), item.code, str(item.field)) for item in diagnostics]


def test_the_minimal_model_service_is_clean() -> None:
    """Name, model name and URI are all it takes."""
    service, diagnostics = load(MINIMAL)
    assert service is not None
    assert list(diagnostics) == []
    assert (service.name, service.namespace, service.spec.args_policy) == ("demo", "", "prepend")
    assert list(service.container_lists()) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"metadata": ...}, [("error", "required", "metadata.name")]),
        ({"metadata__name": ""}, [("error", "required", "metadata.name")]),
        ({"metadata__name": None}, [("error", "required", "metadata.name")]),
        ({"metadata__name": "..."}, [("error", "invalid-value", "metadata.name")]),
        ({"metadata__name": "My_Name"}, [("warning", "invalid-name", "metadata.name")]),
        ({"metadata__namespace": "a.b"}, [("warning", "invalid-name", "metadata.namespace")]),
        ({"spec__routing": ...}, [("error", "required", "spec.routing")]),
        ({"spec__routing": None}, [("error", "required", "spec.routing")]),
        ({"spec__routing__modelName": ...}, [("error", "required", "spec.routing.modelName")]),
        ({"spec__routing__modelName": ""}, [("warning", "required", "spec.routing.modelName")]),
        (
            {"spec__routing__modelName": "m" * 257},
            [("warning", "too-long", "spec.routing.modelName")],
        ),
        ({"spec__modelArtifacts__uri": ...}, [("error", "required", "spec.modelArtifacts.uri")]),
        ({"spec__modelArtifacts__uri": "x"}, []),
        (
            {"spec": None},
            [
                ("error", "required", "spec.modelArtifacts"),
                ("error", "required", "spec.routing"),
            ],
        ),
        ({"spec": []}, [("error", "invalid-type", "spec")]),
        (
            {"spec__decode__replicas": "2", "spec__routing__ports": [{"name": "a", "port": 2.5}]},
            [
                ("error", "invalid-type", "spec.decode.replicas"),
                ("error", "invalid-type", "spec.routing.ports[0].port"),
            ],
        ),
        ({"spec__decode__replicas": -1}, [("error", "out-of-range", "spec.decode.replicas")]),
        ({"spec__decode__replicas": 2**31}, [("error", "out-of-range", "spec.decode.replicas")]),
        ({"spec__decode__replicas": math.inf}, [("error", "not-finite", "spec.decode.replicas")]),
        (
            {"spec__routing__ports": [{"name": "z", "port": 0}]},
            [("warning", "out-of-range", "spec.routing.ports[0].port")],
        ),
        (
            {"spec__decode__acceleratorTypes": {"labelKey": "", "labelValues": []}},
            [
                ("error", "required", "spec.decode.acceleratorTypes.labelKey"),
                ("error", "too-few", "spec.decode.acceleratorTypes.labelValues"),
            ],
        ),
        (
            {"spec__decode__acceleratorTypes": {}},
            [
                ("error", "required", "spec.decode.acceleratorTypes.labelKey"),
                ("error", "required", "spec.decode.acceleratorTypes.labelValues"),
            ],
        ),
        (
            {"spec__decode__containers": [{"image": "i"}]},
            [("warning", "required", "spec.decode.containers[0].name")],
        ),
        (
            {"spec__prefill__containers": [{"name": "c", "env": [{"name": "A"}, {"name": "A"}]}]},
            [("warning", "duplicate-value", "spec.prefill.containers[0].env[1].name")],
        ),
        (
            {"spec__mergePolicy__args": "byflag"},
            [("error", "unsupported-value", "spec.mergePolicy.args")],
        ),
        (
            {"spec__modelArtifacts__pullPolicy": "always"},
            [("error", "unsupported-value", "spec.modelArtifacts.pullPolicy")],
        ),
        (
            {"spec__decode__autoscaling": {}},
            [("error", "invalid-value", "spec.decode.autoscaling")],
        ),
        (
            {"spec__decode__autoscaling": {"external": {}, "hpa": {"maxReplicas": 3}}},
            [("error", "invalid-value", "spec.decode.autoscaling")],
        ),
        (
            {"spec__decode__autoscaling__hpa": {"scaleTargetRef": {"kind": "X", "name": "y"}}},
            [("error", "forbidden", "spec.decode.autoscaling.hpa.scaleTargetRef")],
        ),
        (
            # The BaseConfig may state what is missing; it is looked for after the merge.
            {"spec__prefill__autoscaling__keda": {}, "spec__decode__autoscaling__hpa": {}},
            [],
        ),
        (
            {"spec__decode__multiNode": {"size": 0, "restartPolicy": "Never"}},
            [
                ("error", "out-of-range", "spec.decode.multiNode.size"),
                ("error", "unsupported-value", "spec.decode.multiNode.restartPolicy"),
            ],
        ),
        (
            {"spec__decode__multiNode": {}},
            [("error", "required", "spec.decode.multiNode.size")],
        ),
        (
            {"spec__decoupleScalling": True},
            [("warning", "unknown-field", "spec.decoupleScalling")],
        ),
        ({"kind": "ModelServise"}, [("warning", "unexpected-kind", "kind")]),
        ({"apiVersion": "llm-d.ai/v1"}, [("warning", "unexpected-kind", "apiVersion")]),
        (
            {"kind": "Deployment", "spec": {"replicas": 1}},
            [
                ("warning", "unknown-field", "spec.replicas"),
                ("error", "not-a-model-service", "kind"),
            ],
        ),
        ({"status": {"prefillReady": 5, "anything": []}}, []),
    ],
)
def test_problems(changes: dict[str, Any], expected: list[tuple[str, str, str]]) -> None:
    """Each problem has its severity, code and field path; errors give no ModelService."""
    service, diagnostics = load(changed(**changes))
    assert sorted(found(diagnostics)) == sorted(expected)
    assert (service is None) == any(severity == "error" for severity, _, _ in expected)


@pytest.mark.parametrize("value", [None, "hello", 5, [], [MINIMAL]])
def test_documents_that_are_no_mapping(value: Any) -> None:
    """A document that is not even a mapping is not a ModelService."""
    service, diagnostics = load(value)
    assert service is None
    assert [item.code for item in diagnostics] == ["not-a-model-service"]


def test_problems_have_places_and_remedies() -> None:
    """Unknown fields are shown at their key, wrong values at the value, with what helps."""
    text = (
        "apiVersion: llm-d.ai/v1alpha1\nkind: ModelService\nmetadata: {name: demo}\nspec:\n"
        "  modelArtifacts: {uri: 'hf://a/b'}\n  routing: {modelName: m}\n"
        "  decode:\n    replica: 3\n    replicas: 'two'\n"
    )
    diagnostics = Diagnostics()
    (document,) = parse(Source("x.yaml", text), diagnostics=diagnostics)
    load_model_service(document, diagnostics)
    places = {item.code: item.span for item in diagnostics}
    assert str(places["unknown-field"]) == "x.yaml:8:5"
    assert str(places["invalid-type"]) == "x.yaml:9:15"
    assert any("replicas" in item.help for item in diagnostics)


def test_go_messages_name_the_original_path() -> None:
    """Type errors carry what the original prints, embedded structs included."""
    _, diagnostics = load(changed(spec__decode__containers=[{"mountModelVolume": "true"}]))
    messages = [item.go for item in diagnostics if item.code == "invalid-type"]
    assert messages == [
        "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal string into Go "
        "struct field ContainerSpec.spec.decode.ModelServicePodSpec.containers.mountModelVolume "
        "of type bool"
    ]


@pytest.mark.parametrize(
    ("section", "replicas", "is_stated"),
    [({}, None, False), ({"replicas": None}, None, True), ({"replicas": 0}, 0, True)],
)
def test_replicas_null_zero_and_absent_differ(
    section: dict[str, Any], replicas: int | None, is_stated: bool
) -> None:
    """Null, zero and a missing replica count can be told apart: only a missing one is defaulted."""
    for name in ("decode", "prefill", "endpointPicker"):
        service = loaded(changed(**{f"spec__{name}": section}))
        spec = service.spec
        read = {"decode": spec.decode, "prefill": spec.prefill}.get(name, spec.endpoint_picker)
        assert read is not None
        assert read.replicas == replicas
        assert ("replicas" in read.model_fields_set) == is_stated


def test_null_sections_are_absent_and_null_items_empty() -> None:
    """A null section does not exist, a null list item is an empty one, a null string is unset."""
    spec = loaded(
        changed(
            spec__prefill=None,
            spec__endpointPicker=None,
            spec__routing__ports=None,
            spec__decode={"containers": [{"name": "c", "args": [None, "x"], "image": None}, None]},
        )
    ).spec
    assert spec.prefill is None
    assert spec.endpoint_picker is None
    assert spec.routing.ports == []
    assert spec.decode is not None
    assert [c.stated for c in spec.decode.containers] == [{"name": "c", "args": ["", "x"]}, {}]


def test_containers_keep_what_was_stated() -> None:
    """``stated`` is the container as it was written, decoded, with explicit zero values."""
    stated = {
        "name": "c",
        "image": "",
        "env": [{"name": "A", "value": ""}],
        "resources": {"limits": {"cpu": "500m"}},
        "mountModelVolume": False,
    }
    service = loaded(changed(spec__decode__containers=[{**stated, "ports": []}]))
    assert service.spec.decode is not None
    (container,) = service.spec.decode.containers
    assert container.stated == stated
    assert (container.name, container.mount_model_volume) == ("c", False)


def test_scalars_become_strings_everywhere() -> None:
    """Numbers and booleans where text is wanted are text, under decode as elsewhere (Q21)."""
    container = {"name": 7, "args": [True, 1.10, 8080], "env": [{"name": "A", "value": 3}]}
    service = loaded(
        changed(
            metadata__name=1e3,
            spec__routing__modelName=123,
            spec__decode__containers=[container],
            spec__endpointPicker__containers=[container],
        )
    )
    assert (service.name, service.spec.routing.model_name) == ("1000", "123")
    expected = {
        "name": "7",
        "args": ["true", "1.1", "8080"],
        "env": [{"name": "A", "value": "3"}],
    }
    for _, containers in service.container_lists():
        assert [item.stated for item in containers] == [expected]


def test_field_names_match_in_any_case() -> None:
    """Names are matched as encoding/json does, exact spelling first."""
    value = {
        "APIVersion": "llm-d.ai/v1alpha1",
        "Kind": "ModelService",
        "MetaData": {"NAME": "demo"},
        "Spec": {
            "Routing": {"MODELNAME": "m"},
            "modelartifacts": {"URI": "hf://a/b"},
            "DECODE": {"Replicas": 4, "Containers": [{"Name": "c", "ARGS": ["x"]}]},
        },
    }
    service, diagnostics = load(value)
    assert service is not None
    assert list(diagnostics) == []
    assert service.spec.decode is not None
    assert service.spec.decode.replicas == 4
    assert service.spec.decode.containers[0].stated == {"name": "c", "args": ["x"]}


def test_the_new_fields() -> None:
    """Everything this project adds to the API is read into its place."""
    spec = loaded(
        changed(
            spec__modelArtifacts__pullPolicy="IfNotPresent",
            spec__mergePolicy={"args": "byFlag"},
            spec__decode={
                "parallelism": {"tensor": 8, "data": 2, "pipeline": 3, "expert": 4},
                "autoscaling": {"hpa": {"minReplicas": 1, "maxReplicas": 5}},
                "multiNode": {
                    "size": 4,
                    "restartPolicy": "None",
                    "leader": {"containers": [{"name": "c", "args": ["--leader"]}]},
                },
            },
            spec__prefill={"autoscaling": {"external": {}}},
        )
    ).spec
    assert spec.model_artifacts.pull_policy == "IfNotPresent"
    assert spec.args_policy == "byFlag"
    decode, prefill = spec.role("decode"), spec.role("prefill")
    assert decode is not None
    assert prefill is not None
    assert decode.parallelism is not None
    assert decode.parallelism.model_dump() == {"tensor": 8, "data": 2, "pipeline": 3, "expert": 4}
    assert decode.autoscaling is not None
    assert prefill.autoscaling is not None
    assert (decode.autoscaling.owner, prefill.autoscaling.owner) == ("hpa", "external")
    assert decode.autoscaling.hpa == {"minReplicas": 1, "maxReplicas": 5}
    assert decode.multi_node is not None
    assert (decode.multi_node.size, decode.multi_node.restart_policy) == (4, "None")


def test_container_lists_come_in_the_order_of_rendering() -> None:
    """Prefill before decode, init containers first, the leader's with their role."""
    lists = {"containers": [{"name": "c"}], "initContainers": [{"name": "i"}]}
    service = loaded(
        changed(
            spec__decode={**lists, "multiNode": {"size": 2, "leader": lists}},
            spec__prefill=lists,
            spec__endpointPicker=lists,
        )
    )
    assert [str(at) for at, _ in service.container_lists()] == [
        "spec.prefill.initContainers",
        "spec.prefill.containers",
        "spec.decode.initContainers",
        "spec.decode.containers",
        "spec.decode.multiNode.leader.initContainers",
        "spec.decode.multiNode.leader.containers",
        "spec.endpointPicker.initContainers",
        "spec.endpointPicker.containers",
    ]


def test_a_namespace_is_only_filled_in() -> None:
    """``in_namespace`` never moves a ModelService."""
    assert loaded(MINIMAL).in_namespace("team").namespace == "team"
    own = loaded(changed(metadata__namespace="own"))
    assert own.in_namespace("team").namespace == "own"
    assert own.in_namespace("").namespace == "own"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "name",
                    "replicas",
                    "containers",
                    "env",
                    "args",
                    "hpa",
                    "ports",
                    "size",
                    "x",
                    "leader",
                ]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@given(
    st.sampled_from(
        [
            "kind",
            "metadata",
            "spec",
            "spec__baseConfigMapRef",
            "spec__decode",
            "spec__decode__autoscaling",
            "spec__decode__containers",
            "spec__decode__multiNode",
            "spec__endpointPicker",
            "spec__mergePolicy",
            "spec__modelArtifacts",
            "spec__prefill",
            "spec__routing",
        ]
    ),
    json_values,
)
def test_any_value_anywhere_is_read_or_explained(where: str, value: Any) -> None:
    """Whatever stands in a field: a ModelService or errors, never both, never an exception."""
    service, diagnostics = load(changed(**{where: value}))
    assert (service is None) == bool(diagnostics.errors)
    assert all(item.span is not None for item in diagnostics)
    assert all(item.severity is Severity.ERROR or item.code for item in diagnostics)


def test_the_document_is_not_changed() -> None:
    """Loading leaves the document's value as it was."""
    value = changed(spec__decode={"replicas": None, "containers": [None, {"name": 1}]})
    before = json.dumps(value)
    load(value)
    assert json.dumps(value) == before


def test_fields_and_paths_are_consistent() -> None:
    """A diagnostic's field is a path into the document or just below what is there."""
    value = changed(spec__decode={"acceleratorTypes": {}, "containers": [{}, {"envv": 1}]})
    document = Document.of(value, "inline")
    diagnostics = Diagnostics()
    load_model_service(document, diagnostics)
    assert len(diagnostics) == 5
    for item in diagnostics:
        known = item.field if item.code == "unknown-field" else item.field.parent
        assert document.get(FieldPath(known)) is not None


@pytest.mark.skipif(not SHARED.is_dir(), reason="the conformance corpus is not here")
def test_conformance_inputs() -> None:
    """What the original accepted loads, unless its verdict says FIX or the text is broken YAML."""
    rejected: dict[str, list[Diagnostic]] = {}
    for file in sorted(SHARED.glob("*/msvc.yaml")):
        diagnostics = Diagnostics()
        text = file.read_bytes().decode()
        documents = parse(Source(file.parent.name, text), diagnostics=diagnostics)
        service = load_model_service(documents[0], diagnostics) if documents else None
        if service is None:
            rejected[file.parent.name] = list(diagnostics.errors)
    accepted_by_go = {name for name in rejected if (SHARED / name / "expected.yaml").exists()}
    assert accepted_by_go == {
        "110-in-missing-name",
        "111-in-no-routing",
        "246-replicas-negative",
        "266-accelerator-no-values",
        "355-names-only-symbols",
    }
    for name, errors in rejected.items():
        wanted = (SHARED / name / "expected-error.txt").exists() or name in accepted_by_go
        assert wanted, name
        assert errors, name


@pytest.mark.parametrize(
    ("field", "place"),
    [
        (("spec", "decode", "volumes"), "spec.template.spec.volumes in the BaseConfig's decodeD"),
        (("spec", "prefill", "podAnnotations"), "spec.template.metadata.annotations"),
        (("spec", "endpointPicker", "strategy"), "spec.strategy in the BaseConfig's eppDeployment"),
        (("spec", "decode", "containers", 0, "startupProbe"), "spec.template.spec.containers"),
        (("spec", "decode", "initContainers", 1, "restartPolicy"), "spec.template.spec.initC"),
        (("spec", "routing", "servicePort"), "routing.ports"),
        (("spec", "decode", "nonsense"), ""),
        (("metadata", "ports"), ""),
    ],
)
def test_fields_of_elsewhere(field: tuple[str | int, ...], place: str) -> None:
    """A field that belongs into a BaseConfig is shown the way there."""
    told = belongs(FieldPath(field))
    assert place in told
    assert bool(told) == bool(place)
