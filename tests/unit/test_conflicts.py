"""ModelServices that would take requests or pods from one another."""

from __future__ import annotations

from typing import Any

import pytest

from msvc_pulumi.document.source import Document, Source, parse
from msvc_pulumi.errors import Diagnostics
from msvc_pulumi.fleet.conflicts import conflicts
from msvc_pulumi.fleet.outline import Entry
from msvc_pulumi.plan import Plan, plan_model_service

ROUTE = "spec: {rules: [{matches: [{path: {type: PathPrefix, value: /}}]}]}"


def planned(name: str, model: str = "acme/tiny", space: str = "a", **more: Any) -> Plan:
    gateway = more.get("gateway", {"name": "gw", "namespace": "infra"})
    text = f"""
apiVersion: llm-d.ai/v1alpha1
kind: ModelService
metadata: {{name: {name}, namespace: {space}}}
spec:
  routing:
    modelName: {model}
    gatewayRefs: [{gateway}]
  modelArtifacts: {{uri: "hf://acme/tiny"}}
  decode: {{}}
"""
    document = parse(Source(f"{name}.yaml", text), diagnostics=Diagnostics())[0]
    base = {"kind": "ConfigMap", "data": {"httpRoute": more.get("route", ROUTE)}}
    return plan_model_service(document, Document.of(base, "base"))


@pytest.mark.parametrize(
    ("second", "codes"),
    [
        ({"space": "b"}, ["model-name-conflict"]),
        ({}, ["model-name-conflict", "selector-conflict"]),
        ({"model": "other", "space": "b"}, ["model-name-conflict"]),
        ({"model": "acme-tiny", "gateway": {"name": "gw2"}}, ["selector-conflict"]),
        ({"model": "other", "gateway": {"name": "gw2"}}, []),
        ({"space": "b", "gateway": {"name": "gw", "namespace": "infra", "sectionName": "s"}}, []),
        ({"space": "b", "route": "spec: {hostnames: [x.org]}"}, []),
    ],
)
def test_a_second_service_is_reported(second: dict[str, Any], codes: list[str]) -> None:
    """Same requests on one gateway, or same labels in one namespace, are reported at the later."""
    first, other = planned("first"), planned("second", **second)

    found = list(conflicts(map(Entry.of, [first, other])))

    assert [item.code for item in found] == codes
    for item in found:
        assert not item.is_error
        assert item.span is not None and item.span.file == "second.yaml"
        assert [label.span.file for label in item.related] == ["first.yaml"]
        assert '"first"' in item.summary and item.help


def test_one_service_is_no_conflict() -> None:
    """Prefill, decode and routes of one ModelService never collide with each other."""
    assert list(conflicts([Entry.of(planned("alone"))])) == []
