"""The CustomResourceDefinition of the ModelService, made from its models.

Our own parts come from the models' `ApiField`s, Kubernetes' parts from the schema table of Go
types. Fields, limits, defaults and columns of the original's CRD are all in it
(``config/crd/bases/llm-d.ai_modelservices.yaml``); what is new is optional.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from msvc_pulumi.api.apifield import ApiField, api_fields, nested_model
from msvc_pulumi.api.modelservice import KIND, ModelServiceSpec
from msvc_pulumi.api.openapi import type_schema
from msvc_pulumi.api.podsection import Autoscaling
from msvc_pulumi.api.status import ModelServiceStatus

__all__ = ["NAME", "custom_resource_definition"]

GROUP = "llm-d.ai"
VERSION = "v1alpha1"
PLURAL = "modelservices"
NAME = f"{PLURAL}.{GROUP}"

READY = '.status.conditions[?(@.type=="Ready")]'
COLUMNS = (
    ("Ready", "string", f"{READY}.status", "Whether the whole ModelService is ready"),
    ("Reason", "string", f"{READY}.reason", "Why it is ready or not"),
    ("Model", "string", ".spec.routing.modelName", "Name of the model in requests"),
    ("Decouple Scaling", "boolean", ".spec.decoupleScaling", ""),
    ("Prefill READY", "string", ".status.prefillReady", ""),
    ("Prefill AVAIL", "integer", ".status.prefillAvailable", ""),
    ("Decode READY", "string", ".status.decodeReady", ""),
    ("Decode AVAIL", "integer", ".status.decodeAvailable", ""),
    ("Age", "date", ".metadata.creationTimestamp", ""),
)

_ONE_OWNER = {
    "message": "exactly one of hpa, keda and external must be stated",
    "rule": "[has(self.hpa), has(self.keda), has(self.external)].filter(x, x).size() == 1",
}


def custom_resource_definition() -> dict[str, Any]:
    """The CRD ``modelservices.llm-d.ai`` as a plain manifest, ready to apply."""
    version = {
        "name": VERSION,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": _root_schema()},
        "subresources": {"status": {}},
        "additionalPrinterColumns": [_column(*column) for column in COLUMNS],
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": NAME},
        "spec": {
            "group": GROUP,
            "names": {
                "kind": KIND,
                "listKind": f"{KIND}List",
                "plural": PLURAL,
                "singular": "modelservice",
                "shortNames": ["msvc"],
            },
            "scope": "Namespaced",
            "versions": [version],
        },
    }


def _column(name: str, type_name: str, path: str, description: str) -> dict[str, str]:
    column = {"name": name, "type": type_name, "jsonPath": path}
    return {**column, "description": description} if description else column


def _root_schema() -> dict[str, Any]:
    return {
        "type": "object",
        "description": "ModelService serves one large language model.",
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object"},
            "spec": model_schema(ModelServiceSpec),
            "status": model_schema(ModelServiceStatus),
        },
    }


def model_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The structural schema of one model, with everything below it."""
    properties: dict[str, Any] = {}
    required = []
    for name, field, info in api_fields(model):
        nested, is_list = nested_model(field, info)
        if nested is None:
            schema = type_schema(field.type, field.omit, field.optional)
        else:
            schema = model_schema(nested)
            schema = {"type": "array", "items": schema} if is_list else schema
        properties[name] = _described(schema, field, info.description or "")
        if field.required:
            required.append(name)
    schema = {"type": "object", "properties": properties}
    if model.__doc__:
        schema["description"] = " ".join(model.__doc__.replace("``", "").split())
    if required:
        schema["required"] = sorted(required)
    if model is Autoscaling:
        schema["x-kubernetes-validations"] = [dict(_ONE_OWNER)]
    return schema


def _described(schema: dict[str, Any], field: ApiField, description: str) -> dict[str, Any]:
    """``schema`` with the description, the default and the limits of a field."""
    result = {**schema, "description": description} if description else dict(schema)
    limits = {
        "minimum": field.minimum,
        "maximum": field.maximum,
        "minLength": field.min_length,
        "maxLength": field.max_length,
        "pattern": field.pattern or None,
        "minItems": field.min_items,
        "maxItems": field.max_items,
        "default": field.default,
        "nullable": field.nullable or None,
        "enum": list(field.values) or None,
    }
    result.update({key: value for key, value in limits.items() if value is not None})
    if field.map_keys:
        result["x-kubernetes-list-type"] = "map"
        result["x-kubernetes-list-map-keys"] = list(field.map_keys)
    if field.atomic:
        kind = "list" if schema["type"] == "array" else "map"
        result[f"x-kubernetes-{kind}-type"] = "atomic"
    if field.immutable:
        rule = {"message": field.immutable, "rule": "self == oldSelf"}
        result["x-kubernetes-validations"] = [rule]
    return result
