"""Names that the plans of two ModelServices share."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from msvc_pulumi.document.inputs import Inputs
from msvc_pulumi.document.source import Document, Source, parse
from msvc_pulumi.errors import Diagnostics, ModelServiceError
from msvc_pulumi.fleet.conflicts import name_conflicts
from msvc_pulumi.fleet.fleetplan import plan_inputs
from msvc_pulumi.fleet.objectnames import ObjectName, object_names
from msvc_pulumi.fleet.outline import Entry
from msvc_pulumi.naming import ChildNames
from msvc_pulumi.plan import Plan, PlanOptions, plan_model_service

EVERYTHING = {
    "prefillService": "{}",
    "decodeService": "{}",
    "eppDeployment": "{}",
    "eppService": "{}",
    "httpRoute": "spec: {rules: [{}]}",
    "inferencePool": "{}",
    "inferenceModel": "{}",
    "inferenceObjective": "{}",
    "inferenceModelRewrite": "{}",
    "prefillAutoscaler": "{kind: HorizontalPodAutoscaler, spec: {maxReplicas: 2, metrics: []}}",
    "decodeAutoscaler": "{kind: ScaledObject, spec: {triggers: [{type: cron, metadata: {}}]}}",
}
LONG = "n" * 70
"""Shortened to 52 characters, a dash and 8 hexadecimal digits, and then the suffix."""


def planned(name: str, data: dict[str, str] | None = None, space: str = "ns", **spec: Any) -> Plan:
    service = {
        "apiVersion": "llm-d.ai/v1alpha1",
        "kind": "ModelService",
        "metadata": {"name": name, "namespace": space},
        "spec": {
            "routing": {"modelName": "m"},
            "modelArtifacts": {"uri": "hf://a/b"},
            "prefill": {},
            "decode": {},
            **spec,
        },
    }
    config = {"kind": "ConfigMap", "data": EVERYTHING if data is None else data}
    return plan_model_service(Document.of(service, name), Document.of(config, "base"))


def names_of(*owners: str) -> list[set[str]]:
    """Kinds with equal names, of each pair of ModelServices."""
    plans = [planned(owner) for owner in owners]
    return [
        {name.kind for name in object_names(one).keys() & object_names(other).keys()}
        for one, other in itertools.combinations(plans, 2)
    ]


def shortened(owner: str) -> str:
    """The name that a ModelService must have for its Deployments to be those of ``owner``."""
    return ChildNames(owner).deployment("decode").removesuffix("-decode")


MULTI_NODE = {"decode": {"multiNode": {"size": 2}}}


@pytest.mark.parametrize(
    ("first", "second", "kinds"),
    [
        # Whatever is no letter, digit or dash becomes a dash.
        (planned("a.b"), planned("a-b"), None),
        # A suffix that ends with another one.
        (planned("a"), planned("a-epp"), {"ServiceAccount"}),
        # Made by other controllers for a planned object.
        (planned("a-service", {}, **MULTI_NODE), planned("a"), {"Service"}),
        (
            planned("keda-hpa-a", {}, decode={"autoscaling": {"hpa": {"maxReplicas": 2}}}),
            planned("a"),
            {"HorizontalPodAutoscaler"},
        ),
        # No others: nothing of these ends as another name does.
        (planned("a"), planned("a-prefill"), set()),
        (planned("a"), planned("a-decode"), set()),
        (planned("a"), planned("a-epp-epp"), set()),
        (planned("a"), planned("a-service"), set()),
        (planned("a"), planned("a-sa"), set()),
        (planned("a", {}), planned("a-epp"), set()),  # without a picker there is no account of it
        (planned("a.b"), planned("a-b", space="other"), set()),
    ],
    ids=lambda value: f"{value.namespace}/{value.name}" if isinstance(value, Plan) else "",
)
def test_names_that_two_share(first: Plan, second: Plan, kinds: set[str] | None) -> None:
    """Each is found, whichever of the two comes first, and is one error for the pair."""
    shared = object_names(first).keys() & object_names(second).keys()
    if kinds is None:
        # All but the one that has the ModelService's own name, as it is written.
        kinds = {name.kind for name in object_names(first)} - {"InferenceModel"}
    assert {name.kind for name in shared} == kinds

    for pair in ((first, second), (second, first)):
        found = list(name_conflicts(map(Entry.of, pair)))
        assert [item.code for item in found] == ["name-conflict"] * bool(kinds)
        for item in found:
            assert item.is_error and item.help
            assert f'"{pair[0].name}" and "{pair[1].name}"' in item.summary
            assert item.span is not None and item.span.file == pair[1].name
            assert [label.span.file for label in item.related] == [pair[0].name]
            told = " ".join((item.summary, *item.notes))
            assert all(str(name) in told for name in shared) or "more" in told


def test_a_shortened_name_may_be_somebody_elses() -> None:
    """A hash tells long names apart, but not from one that is written like the result."""
    # Those whose suffix is as long as "-decode" is: "-epp-sa" is another one.
    kinds = {"Deployment", "ScaledObject", "HorizontalPodAutoscaler", "ServiceAccount"}
    assert names_of(LONG, LONG + "n", shortened(LONG)) == [set(), kinds, set()]


def test_versions_of_a_group_are_one_object() -> None:
    """A pool of v1 and one of v1alpha2 are of different groups, and so different objects."""
    pool = "{apiVersion: inference.networking.k8s.io/v1, spec: {targetPorts: [{number: 1}]}}"
    old, new = planned("a"), planned("a", {"inferencePool": pool})
    found = {name for plan in (old, new) for name in object_names(plan)}
    assert {name.group for name in found if name.kind == "InferencePool"} == {
        "inference.networking.x-k8s.io",
        "inference.networking.k8s.io",
    }
    assert ObjectName("apps", "Deployment", "ns", "a-decode") in object_names(old)


def test_config_maps_of_one_name() -> None:
    """Also with equal content: the deletion of one ModelService would take it from the other."""
    data = {"configMaps": "[{metadata: {name: shared}, data: {a: b}}]"}
    found = list(
        name_conflicts(map(Entry.of, [planned("a", data), planned("b", data), planned("c", data)]))
    )
    assert len(found) == 2
    for item in found:
        assert 'ConfigMap "shared"' in item.summary
        assert "ModelServiceName" in item.help and str(item.field) == "data.configMaps"
        assert item.span is not None and item.span.file == "base"
    own = {"configMaps": "[{metadata: {name: '{{ .ModelServiceName }}-x'}}]"}
    assert list(name_conflicts(map(Entry.of, [planned("a", own), planned("b", own)]))) == []


def test_a_run_ends_with_the_error() -> None:
    """`generate`, `up` and the component's program print nothing and apply nothing."""
    texts = [
        f"{{apiVersion: llm-d.ai/v1alpha1, kind: ModelService, metadata: {{name: {name}}}, spec: "
        "{routing: {modelName: m}, modelArtifacts: {uri: 'hf://a/b'}, decode: {}}}"
        for name in ("a.b", "a-b")
    ]
    documents = [
        parse(Source(f"{number}.yaml", text), diagnostics=Diagnostics())[0]
        for number, text in enumerate(texts)
    ]
    with pytest.raises(ModelServiceError) as caught:
        plan_inputs(Inputs(tuple(documents), ()), PlanOptions())
    errors = [item for item in caught.value.diagnostics if item.is_error]
    assert [(item.code, item.span and item.span.file) for item in errors] == [
        ("name-conflict", "1.yaml")
    ]
