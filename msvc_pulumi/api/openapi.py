"""Kubernetes' own types as structural OpenAPI schemas, from the schema table of Go types."""

from __future__ import annotations

import copy
from collections.abc import Collection
from typing import Any

from msvc_pulumi.api.apifield import ONE_LINE
from msvc_pulumi.schema import Field, Kind, Type, lookup, parse_type

__all__ = ["type_schema"]

QUANTITY_PATTERN = (
    r"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?"
    r"(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$"
)
_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"

_SCALARS: dict[Kind, dict[str, Any]] = {
    Kind.STRING: {"type": "string"},
    Kind.BOOL: {"type": "boolean"},
    Kind.TIME: {"type": "string", "format": "date-time"},
    Kind.BYTES: {"type": "string", "format": "byte"},
    Kind.INT_OR_STRING: {
        "anyOf": [{"type": "integer"}, {"type": "string"}],
        "x-kubernetes-int-or-string": True,
    },
    Kind.QUANTITY: {
        "anyOf": [{"type": "integer"}, {"type": "string"}],
        "pattern": QUANTITY_PATTERN,
        "x-kubernetes-int-or-string": True,
    },
    Kind.ANY: {"x-kubernetes-preserve-unknown-fields": True},
}

# What the Go types say in markers, which reflection does not see: limits by struct and field.
_PARENT = "gateway.networking.k8s.io/v1.ParentReference"
_NAME_DEFAULT = {"name": {"default": ""}}
_MARKERS: dict[str, dict[str, dict[str, Any]]] = {
    _PARENT: {
        "group": {
            "default": "gateway.networking.k8s.io",
            "maxLength": 253,
            "pattern": f"^$|^{_SUBDOMAIN}$",
        },
        "kind": {
            "default": "Gateway",
            "minLength": 1,
            "maxLength": 63,
            "pattern": "^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$",
        },
        "namespace": {"minLength": 1, "maxLength": 63, "pattern": f"^{_LABEL}$"},
        "name": {"minLength": 1, "maxLength": 253},
        "sectionName": {"minLength": 1, "maxLength": 253, "pattern": f"^{_SUBDOMAIN}$"},
        "port": {"minimum": 1, "maximum": 65535},
    },
    "core/v1.ConfigMapKeySelector": _NAME_DEFAULT,
    "core/v1.SecretKeySelector": _NAME_DEFAULT,
    "core/v1.ObjectReference": {name: {"pattern": ONE_LINE} for name in ("name", "namespace")},
    "core/v1.ConfigMapEnvSource": _NAME_DEFAULT,
    "core/v1.SecretEnvSource": _NAME_DEFAULT,
    "core/v1.ResourceRequirements": {
        "claims": {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}
    },
}
_ATOMIC = frozenset(
    f"core/v1.{name}"
    for name in (
        "ConfigMapEnvSource",
        "ConfigMapKeySelector",
        "FileKeySelector",
        "ObjectFieldSelector",
        "ObjectReference",
        "ResourceFieldSelector",
        "SecretEnvSource",
        "SecretKeySelector",
    )
) | {"meta/v1.LabelSelector"}


def type_schema(
    expression: str, omit: Collection[str] = (), optional: Collection[str] = ()
) -> dict[str, Any]:
    """The structural schema of a type expression of the table, without the fields in ``omit``.

    A field is required where controller-gen takes it for that, no pointer and no omitempty, unless
    it is among ``optional``.

    Raises: KeyError for a type the table does not know.
    """
    return _schema(parse_type(expression), omit, optional)


def _schema(
    type_: Type, omit: Collection[str] = (), optional: Collection[str] = ()
) -> dict[str, Any]:
    if type_.kind is Kind.STRUCT:
        return _struct(type_.struct, omit, optional)
    if type_.kind is Kind.INT:
        return {"type": "integer", "format": "int64" if type_.maximum > 2**31 else "int32"}
    if type_.item is not None:
        item = _schema(type_.item)
        if type_.kind is Kind.LIST:
            return {"type": "array", "items": item}
        return {"type": "object", "additionalProperties": item}
    return copy.deepcopy(_SCALARS[type_.kind])  # YAML would print shared parts as aliases


def _struct(name: str, omit: Collection[str], optional: Collection[str]) -> dict[str, Any]:
    markers = _MARKERS.get(name, {})
    fields = {key: field for key, field in lookup(name).fields.items() if key not in omit}
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {
            key: {**_schema(field.type), **copy.deepcopy(markers.get(key, {}))}
            for key, field in fields.items()
        },
    }
    required = sorted(
        key for key, field in fields.items() if _is_required(field) and key not in optional
    )
    if required:
        schema["required"] = required
    if name in _ATOMIC:
        schema["x-kubernetes-map-type"] = "atomic"
    return schema


def _is_required(field: Field) -> bool:
    return not (field.type.pointer or field.omitempty or field.omitzero)
