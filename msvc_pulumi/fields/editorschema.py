"""JSON Schemas of ModelService, BaseConfig and each section, for editors.

They are made from the models and the table of Kubernetes types, and are stricter than the commands:
what those only warn of, such as an unknown field, an editor marks. Text with a template in it may
stand for any value of a section. Draft 7, which the YAML language server reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msvc_pulumi.api.crd import model_schema
from msvc_pulumi.api.modelservice import API_VERSION, KIND, ModelServiceSpec
from msvc_pulumi.api.openapi import QUANTITY_PATTERN
from msvc_pulumi.artifacts import SCHEMES
from msvc_pulumi.fields.sectiondescriptions import DESCRIPTIONS
from msvc_pulumi.interpolation.sectiontypes import AUTOSCALERS, OTHER_TYPES, SECTIONS
from msvc_pulumi.schema import Kind, Type, lookup, parse_type

__all__ = [
    "DRAFT",
    "base_config_schema",
    "model_service_schema",
    "section_schema",
]

Schema = dict[str, Any]

DRAFT = "http://json-schema.org/draft-07/schema#"
TEMPLATE = r"\{\{|\{%"
NAME = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
WHOLE = "#/definitions/"

_DIALECT: dict[str, Schema] = {
    "llm-d.ai/template-dialect": {
        "enum": ["go", "jinja2"],
        "description": "Language of the templates in this document; Go's unless stated.",
    }
}
_MODEL_SERVICE_NOTES: dict[str, Schema] = {
    **_DIALECT,
    "llm-d.ai/abandon": {
        "description": "true: when this ModelService is deleted its objects stay.",
    },
}
_BASE_CONFIG_NOTES: dict[str, Schema] = {
    **_DIALECT,
    "llm-d.ai/roles": {
        "enum": ["stated"],
        "description": "stated: prefill and decode exist only where the ModelService has them.",
    },
    "llm-d.ai/allowed-namespaces": {
        "description": "Namespaces that may use this BaseConfig through the operator, or *.",
    },
}


def model_service_schema() -> Schema:
    """The schema of a ModelService."""
    return {
        "$schema": DRAFT,
        "title": KIND,
        **_object(
            "ModelService serves one large language model.",
            {
                "apiVersion": {"const": API_VERSION},
                "kind": {"const": KIND},
                "metadata": _metadata(_MODEL_SERVICE_NOTES),
                "spec": _spec(),
                "status": {"type": "object", "description": "Written by the operator."},
            },
            ["apiVersion", "kind", "metadata", "spec"],
        ),
    }


def _spec() -> Schema:
    """The spec with what the cluster lets pass and the commands tell of later."""
    spec = _strict(model_schema(ModelServiceSpec))
    uri = spec["properties"]["modelArtifacts"]["properties"]["uri"]
    uri["pattern"] = f"^({'|'.join(map(re.escape, SCHEMES))})://{uri['pattern'].removeprefix('^')}"
    ports = spec["properties"]["routing"]["properties"]["ports"]
    ports["items"]["properties"]["port"]["maximum"] = 65535
    return spec


def base_config_schema() -> Schema:
    """The schema of a BaseConfig: a ConfigMap whose values are the sections as text.

    Its ``definitions`` have the schema of each section's own document by the section's name.
    """
    texts = {
        key: {
            "type": ["string", "null"],
            "description": f"{text} A template of YAML.",
            "contentMediaType": "application/yaml",
        }
        for key, text in DESCRIPTIONS.items()
    }
    definitions: Schema = {key: _section(key) for key in SECTIONS}
    return {
        "$schema": DRAFT,
        "title": "BaseConfig",
        **_object(
            "What a platform owner offers ModelServices: a template for each kind of child.",
            {
                "apiVersion": {"const": "v1"},
                "kind": {"const": "ConfigMap"},
                "metadata": _metadata(_BASE_CONFIG_NOTES),
                "data": _object("The sections.", texts),
                "immutable": {"type": "boolean"},
            },
            ["apiVersion", "kind", "metadata", "data"],
        ),
        "definitions": {**definitions, **_types(definitions)},
    }


def section_schema(key: str) -> Schema:
    """The schema of one section as a document of its own. Raises KeyError for an unknown one."""
    section = _section(key)
    return {"$schema": DRAFT, "title": key, **section, "definitions": _types({key: section})}


def _section(key: str) -> Schema:
    """The section's schema; what of several types it holds, its apiVersion or kind says."""
    text = DESCRIPTIONS[key]
    if key in ("prefillAutoscaler", "decodeAutoscaler"):
        kinds = [name.rpartition(".")[2] for name in AUTOSCALERS]
        first, second = (_type(parse_type(name)) for name in AUTOSCALERS)
        is_first = {"properties": {"kind": {"const": kinds[0]}}}
        stated = {"type": "object", "properties": {"kind": {"enum": kinds}}, "required": ["kind"]}
        return {"description": text, **stated, "if": is_first, "then": first, "else": second}
    own = _type(parse_type(SECTIONS[key]))
    for name in OTHER_TYPES.get(key, ()):
        version = {"const": name.rpartition(".")[0]}
        is_other = {"properties": {"apiVersion": version}, "required": ["apiVersion"]}
        other = _type(parse_type(name))
        return {"description": text, "if": is_other, "then": other, "else": own}
    return {"description": text, "allOf": [own]} if "$ref" in own else {"description": text, **own}


def _types(schema: Schema) -> Schema:
    """The definitions of all structs that ``schema`` refers to, by their names."""
    found: Schema = {}
    pending = [*_references(schema)]
    while pending:
        name = pending.pop()
        if name not in found:
            found[name] = _struct(name)
            pending.extend(_references(found[name]))
    return dict(sorted(found.items()))


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield schema["$ref"].removeprefix(WHOLE)
        for member in schema.values():
            yield from _references(member)
    elif isinstance(schema, list):
        for member in schema:
            yield from _references(member)


def _struct(name: str) -> Schema:
    group, _, kind = name.rpartition(".")
    version = group.rpartition(".")
    table_name = f"{version[0]}/{version[2]}.{kind}"
    properties = {key: _type(field.type) for key, field in lookup(table_name).fields.items()}
    if properties.keys() >= {"apiVersion", "kind", "metadata"}:
        api_version = table_name.rpartition(".")[0].removeprefix("core/")
        properties |= {"apiVersion": {"const": api_version}, "kind": {"const": kind}}
        properties.pop("status", None)
    return {**_templated("object"), "properties": properties, "additionalProperties": False}


def _type(type_: Type) -> Schema:
    """The schema of a value of a section; nothing is required, the ModelService may state it."""
    if type_.kind is Kind.STRUCT:
        return {"$ref": WHOLE + type_.struct.replace("/", ".")}
    if type_.kind is Kind.LIST and type_.item is not None:
        return {**_templated("array"), "items": _type(type_.item)}
    if type_.kind is Kind.MAP and type_.item is not None:
        return {**_templated("object"), "additionalProperties": _type(type_.item)}
    if type_.kind is Kind.INT:
        return {**_templated("integer"), "minimum": type_.minimum, "maximum": type_.maximum}
    if type_.kind is Kind.BOOL:
        return _templated("boolean")
    if type_.kind is Kind.INT_OR_STRING:
        return {"type": ["integer", "string", "null"]}
    if type_.kind is Kind.QUANTITY:
        pattern = f"{QUANTITY_PATTERN}|{TEMPLATE}"
        return {"type": ["integer", "number", "string", "null"], "pattern": pattern}
    if type_.kind is Kind.ANY:
        return {}
    # The texts of a section may be written as numbers and booleans: the field is text anyway.
    return {"type": ["string", "number", "boolean", "null"]}


def _templated(type_name: str) -> Schema:
    """A value, nothing, or text with a template that makes one."""
    return {"type": [type_name, "string", "null"], "pattern": TEMPLATE}


def _metadata(notes: Mapping[str, Schema]) -> Schema:
    annotations = {
        "type": ["object", "null"],
        "properties": {key: {"type": "string", **note} for key, note in notes.items()},
        "additionalProperties": {"type": "string"},
    }
    return {
        "type": "object",
        "properties": {
            "name": {"type": "string", "pattern": NAME, "maxLength": 253},
            "namespace": {"type": "string", "pattern": NAME, "maxLength": 63},
            "labels": {"type": ["object", "null"], "additionalProperties": {"type": "string"}},
            "annotations": annotations,
        },
        "required": ["name"],
    }


def _object(description: str, properties: Schema, required: list[str] | None = None) -> Schema:
    schema = {
        "type": "object",
        "description": description,
        "properties": properties,
        "additionalProperties": False,
    }
    return {**schema, "required": required} if required else schema


def _strict(schema: Schema) -> Schema:
    """A structural schema of the CRD in the words of JSON Schema: unknown fields are refused, and a
    field that is not required may be null, which is the same as absent.
    """
    result = {
        key: value
        for key, value in schema.items()
        if not key.startswith("x-kubernetes-") and key != "nullable"
    }
    if properties := schema.get("properties"):
        required = set(schema.get("required", ()))
        result["properties"] = {
            key: _strict(member) if key in required else _or_null(_strict(member))
            for key, member in properties.items()
        }
        result["additionalProperties"] = False
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            result[key] = _strict(schema[key])
    if "x-kubernetes-validations" in schema and "properties" in schema:
        result["oneOf"] = [{"required": [key]} for key in schema["properties"]]
    return result


def _or_null(schema: Schema) -> Schema:
    if "anyOf" in schema:
        return {**schema, "anyOf": [*schema["anyOf"], {"type": "null"}]}
    if "type" not in schema:
        return schema
    result = {**schema, "type": [schema["type"], "null"]}
    if "enum" in schema:
        result["enum"] = [*schema["enum"], None]
    return result
