"""The CRD: a superset of the original's, structural, and in step with the models."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from msvc_pulumi.api.apifield import api_fields, nested_model
from msvc_pulumi.api.crd import NAME, custom_resource_definition
from msvc_pulumi.api.modelservice import ModelServiceSpec
from msvc_pulumi.api.status import ModelServiceStatus

CRD = custom_resource_definition()
VERSION = CRD["spec"]["versions"][0]
ROOT = VERSION["schema"]["openAPIV3Schema"]

# Every leaf of the original's CRD (config/crd/bases/llm-d.ai_modelservices.yaml at 403e983).
ORIGINAL = (Path(__file__).parent / "crd" / "original-fields.txt").read_text().split()


def schema_at(path: str) -> dict[str, Any]:
    """The schema at a path; ``[]`` steps into a list's items. KeyError when there is none."""
    schema = ROOT
    for step in path.split("."):
        schema = schema["properties"][step.removesuffix("[]")]
        if step.endswith("[]"):
            schema = schema["items"]
    return schema


def schemas(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    yield path, schema
    for name, member in schema.get("properties", {}).items():
        yield from schemas(member, f"{path}.{name}".lstrip("."))
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from schemas(schema[key], f"{path}[]")


def test_every_field_of_the_original_is_there() -> None:
    """The CRD is a superset of the original's, so objects of the original lose nothing."""
    assert len(ORIGINAL) > 200
    missing = []
    for path in ORIGINAL:
        try:
            schema_at(path)
        except KeyError:
            missing.append(path)
    assert missing == []
    with pytest.raises(KeyError):
        schema_at("spec.decode.containers[].ports")  # the check bites


def test_names_are_the_originals() -> None:
    """Group, version, names and scope are those clients of the original use."""
    spec = CRD["spec"]
    assert NAME == CRD["metadata"]["name"] == "modelservices.llm-d.ai"
    assert (spec["group"], VERSION["name"], spec["scope"]) == ("llm-d.ai", "v1alpha1", "Namespaced")
    assert spec["names"]["shortNames"] == ["msvc"]
    assert VERSION["subresources"] == {"status": {}}
    assert VERSION["served"]
    assert VERSION["storage"]


@pytest.mark.parametrize(
    ("path", "limits"),
    [
        ("spec.routing.modelName", {"maxLength": 256}),
        ("spec.routing.ports[].port", {"minimum": 1, "format": "int32"}),
        ("spec.routing.gatewayRefs", {"maxItems": 32}),
        (
            "spec.routing.gatewayRefs[].kind",
            {"default": "Gateway", "minLength": 1, "maxLength": 63},
        ),
        ("spec.routing.gatewayRefs[].group", {"default": "gateway.networking.k8s.io"}),
        ("spec.routing.gatewayRefs[].port", {"minimum": 1, "maximum": 65535}),
        ("spec.decode.replicas", {"default": 1, "minimum": 0, "nullable": True}),
        ("spec.prefill.replicas", {"default": 1, "minimum": 0, "nullable": True}),
        ("spec.endpointPicker.replicas", {"default": 1, "minimum": 0, "nullable": True}),
        ("spec.decode.parallelism.tensor", {"default": 1, "minimum": 0, "nullable": True}),
        ("spec.decode.acceleratorTypes.labelValues", {"minItems": 1}),
        ("spec.modelArtifacts.size", {"x-kubernetes-int-or-string": True}),
        ("spec.decode.containers[].args", {"x-kubernetes-list-type": "atomic"}),
        (
            "spec.decode.containers[].env",
            {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
        ),
        (
            "spec.decode.containers[].resources.claims",
            {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]},
        ),
        ("spec.baseConfigMapRef", {"x-kubernetes-map-type": "atomic"}),
        ("status.conditions[].reason", {"minLength": 1, "maxLength": 1024}),
    ],
)
def test_limits_and_defaults(path: str, limits: dict[str, Any]) -> None:
    """Limits and defaults are the original's."""
    schema = schema_at(path)
    assert {key: schema.get(key) for key in limits} == limits


@pytest.mark.parametrize(
    ("path", "required"),
    [
        ("spec", ["modelArtifacts", "routing"]),
        ("spec.routing", ["modelName"]),
        ("spec.routing.ports[]", ["name", "port"]),
        ("spec.routing.gatewayRefs[]", ["name"]),
        ("spec.modelArtifacts", ["uri"]),
        ("spec.decode", []),
        ("spec.decode.containers[]", ["name"]),
        ("spec.decode.containers[].env[]", ["name"]),
        ("spec.decode.containers[].env[].valueFrom.secretKeyRef", ["key"]),
        ("spec.decode.containers[].env[].valueFrom.fieldRef", ["fieldPath"]),
        ("spec.decode.containers[].env[].valueFrom.resourceFieldRef", ["resource"]),
        ("spec.decode.acceleratorTypes", ["labelKey", "labelValues"]),
        ("spec.decode.autoscaling.hpa", []),
        ("spec.decode.autoscaling.keda", []),
        ("status", []),
        (
            "status.conditions[]",
            ["lastTransitionTime", "message", "reason", "status", "type"],
        ),
    ],
)
def test_required_fields(path: str, required: list[str]) -> None:
    """Exactly what the original required is required, and nothing new at the old levels."""
    assert sorted(schema_at(path).get("required", [])) == required


def test_rules() -> None:
    """The model name cannot change, and a role has one owner of its replica count."""
    assert schema_at("spec.routing.modelName")["x-kubernetes-validations"] == [
        {"message": "modelName is immutable", "rule": "self == oldSelf"}
    ]
    (rule,) = schema_at("spec.decode.autoscaling")["x-kubernetes-validations"]
    assert "size() == 1" in rule["rule"]
    for owner in ("hpa", "keda"):
        scaling = schema_at(f"spec.decode.autoscaling.{owner}")
        assert "scaleTargetRef" not in scaling["properties"]


def test_columns() -> None:
    """kubectl get shows the original's columns and what is wrong."""
    columns = {c["name"]: c["jsonPath"] for c in VERSION["additionalPrinterColumns"]}
    assert columns.items() >= {
        ("Decouple Scaling", ".spec.decoupleScaling"),
        ("Prefill READY", ".status.prefillReady"),
        ("Prefill AVAIL", ".status.prefillAvailable"),
        ("Decode READY", ".status.decodeReady"),
        ("Decode AVAIL", ".status.decodeAvailable"),
        ("Age", ".metadata.creationTimestamp"),
    }
    assert {"Ready", "Reason", "Model"} <= columns.keys()
    assert list(columns)[-1] == "Age"


def test_the_schema_is_structural() -> None:
    """Each node has a type or is int-or-string, and what is required and keyed exists."""
    count = 0
    for path, schema in schemas(ROOT):
        count += 1
        open_ended = (
            "x-kubernetes-int-or-string",
            "x-kubernetes-preserve-unknown-fields",
        )
        assert "type" in schema or any(key in schema for key in open_ended), path
        assert set(schema.get("required", [])) <= set(schema.get("properties", {})), path
        for key in schema.get("x-kubernetes-list-map-keys", []):
            item = schema["items"]
            assert key in item["required"] or "default" in item["properties"][key], path
        if schema.get("type") == "array":
            assert "items" in schema, path
    assert count > 500


def test_models_and_schema_are_in_step() -> None:
    """Every field of the models is in the schema with a description, and none besides."""

    def walk(model: Any, schema: dict[str, Any]) -> int:
        fields = {name: (field, info) for name, field, info in api_fields(model)}
        assert set(fields) == set(schema["properties"])
        count = len(fields)
        for name, (field, info) in fields.items():
            assert info.description, f"{model.__name__}.{name}"
            nested, is_list = nested_model(field, info)
            if nested is not None:
                member = schema["properties"][name]
                count += walk(nested, member["items"] if is_list else member)
        return count

    assert walk(ModelServiceSpec, ROOT["properties"]["spec"]) > 60
    assert walk(ModelServiceStatus, ROOT["properties"]["status"]) > 20


def test_the_manifest_is_plain_and_stable() -> None:
    """Two calls agree, nothing is shared (YAML would print aliases), and JSON and YAML take it."""
    assert custom_resource_definition() == CRD
    text = yaml.safe_dump(CRD)
    assert "&id" not in text
    assert yaml.safe_load(text) == CRD == json.loads(json.dumps(CRD))
    assert len(json.dumps(CRD)) < 256 * 1024  # kubectl apply keeps a copy in an annotation
