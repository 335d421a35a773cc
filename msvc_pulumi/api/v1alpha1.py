"""The reading of a ModelService, ``llm-d.ai/v1alpha1``, with everything that is wrong in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from msvc_pulumi import schema
from msvc_pulumi.api import apifield
from msvc_pulumi.api.modelservice import (
    API_VERSION,
    KIND,
    MergePolicy,
    Metadata,
    ModelArtifacts,
    ModelService,
    ModelServiceSpec,
    Port,
    Routing,
)
from msvc_pulumi.api.podsection import ContainerSpec, ModelServicePodSpec, PDSpec
from msvc_pulumi.document.source import Document
from msvc_pulumi.errors import Diagnostic, Diagnostics, FieldPath, Severity
from msvc_pulumi.nearest import nearest

__all__ = [
    "API_VERSION",
    "KIND",
    "ContainerSpec",
    "MergePolicy",
    "Metadata",
    "ModelArtifacts",
    "ModelService",
    "ModelServicePodSpec",
    "ModelServiceSpec",
    "PDSpec",
    "Port",
    "Routing",
    "load_model_service",
]

_NAME = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
_LABEL = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
_TYPE = apifield.register(ModelService)
_ONE_LINE = (
    FieldPath.of("metadata", "name"),
    FieldPath.of("metadata", "namespace"),
    FieldPath.of("spec", "baseConfigMapRef", "name"),
    FieldPath.of("spec", "baseConfigMapRef", "namespace"),
)
_SECTIONS = ("decode", "prefill", "endpointPicker")


def load_model_service(document: Document, diagnostics: Diagnostics) -> ModelService | None:
    """The ModelService in ``document``; None, with errors in ``diagnostics``, if it is not one.

    Unknown fields, another kind and limits that only the API server enforces are warnings, as the
    original's ``generate`` accepts them. All diagnostics have places.
    """
    found = Diagnostics()
    service = _load(document, found)
    for item in found:
        if item.code == "unknown-field":
            from msvc_pulumi.api.elsewhere import belongs  # noqa: PLC0415  only mistakes need it

            told = replace(item, help=belongs(item.field) or item.help)
            diagnostics.add(told.at(document.key_span(item.field)))
        else:
            diagnostics.add(item.at(document.span(item.field)))
    return None if found.errors else service


def _load(document: Document, found: Diagnostics) -> ModelService | None:
    value = document.value
    if not isinstance(value, dict):
        found.error(
            "not-a-model-service",
            "the document is not a ModelService: it must be a mapping",
            help=f"begin with apiVersion: {API_VERSION} and kind: {KIND}",
        )
        return None
    status = {key for key in value if key.lower() == "status"}
    stated = {key: member for key, member in value.items() if key not in status}
    decoded = schema.decode(_TYPE, stated, at=FieldPath(), diagnostics=found)
    identity = _check_identity(decoded)
    found.extend(identity)
    if any(item.code == "not-a-model-service" for item in identity):
        return None
    if found.errors:
        # What is reported already must not be reported as missing once more.
        broken = {str(item.field).lower() for item in found.errors}
        found.extend(
            item
            for item in _check(decoded)
            if not any(str(item.field).lower().startswith(prefix) for prefix in broken)
        )
        return None
    found.extend(_check(decoded))
    if found.errors:
        return None
    _keep_null_replicas(decoded, document)
    return ModelService.model_validate(decoded)


def _check_identity(decoded: dict[str, Any]) -> list[Diagnostic]:
    """Whether this is a ModelService at all; another kind with a fitting spec may pass as one."""
    kind, version = decoded.get("kind", ""), decoded.get("apiVersion", "")
    if kind == KIND and version == API_VERSION:
        return []
    spec = decoded.get("spec") or {}
    if kind != KIND and not {"modelArtifacts", "routing"} & spec.keys():
        summary = f'the document is not a ModelService: its kind is "{kind}"'
        if not kind:
            summary = "the document is not a ModelService: it has no kind"
        near = f"begin with apiVersion: {API_VERSION} and kind: {KIND}"
        return [Diagnostic("not-a-model-service", summary, field=FieldPath.of("kind"), help=near)]
    wrong = ("kind", kind, KIND) if kind != KIND else ("apiVersion", version, API_VERSION)
    name, value, wanted = wrong
    close = nearest(value, [wanted]) if value else None
    problem = Diagnostic(
        "unexpected-kind",
        f'expected "{wanted}", found {_shown(value)}; read as a ModelService nevertheless',
        Severity.WARNING,
        FieldPath.of(name),
        help=f"did you mean {close}?" if close else "",
    )
    return [problem]


def _shown(value: str) -> str:
    return f'"{value}"' if value else "nothing"


def _check(decoded: dict[str, Any]) -> Iterator[Diagnostic]:
    yield from _check_metadata(decoded.get("metadata", {}))
    if "spec" not in decoded:
        decoded["spec"] = {}  # as the original: the required fields below are what is missing
    yield from _check_lines(decoded)
    yield from apifield.check(ModelService, decoded)
    for role in ("decode", "prefill"):
        section = decoded["spec"].get(role, {})
        path = FieldPath.of("spec", role)
        yield from _check_autoscaling(section, path)


def _check_lines(decoded: dict[str, Any]) -> Iterator[Diagnostic]:
    """Texts of Kubernetes' own types from which names are made or looked up."""
    for path in _ONE_LINE:
        text = path.find(decoded)
        if isinstance(text, str) and (problem := apifield.one_line(text, path)):
            yield problem


def _check_metadata(metadata: dict[str, Any]) -> Iterator[Diagnostic]:
    name = metadata.get("name", "")
    path = FieldPath.of("metadata", "name")
    if not name:
        generated = "generateName" in metadata
        yield Diagnostic(
            "required",
            "Required value",
            field=path,
            help="children are named after it: generateName is not enough" if generated else "",
        )
    elif not re.search(r"[A-Za-z0-9]", name):
        yield Diagnostic(
            "invalid-value", f'Invalid value: "{name}": must have a letter or digit', field=path
        )
    else:
        yield from _check_name(name, path, _NAME, 253, "a lowercase RFC 1123 subdomain")
    if namespace := metadata.get("namespace"):
        path = FieldPath.of("metadata", "namespace")
        for problem in _check_name(namespace, path, _LABEL, 63, "a lowercase RFC 1123 label"):
            yield replace(problem, refused=True)  # every child is put there


def _check_name(
    name: str, path: FieldPath, pattern: str, limit: int, what: str
) -> Iterator[Diagnostic]:
    if len(name) > limit or not re.fullmatch(pattern, name):
        yield Diagnostic(
            "invalid-name",
            f'Invalid value: "{name}": must be {what} of at most {limit} characters',
            Severity.WARNING,
            path,
            notes=("the API server rejects this",),
            help="use lower-case letters, digits and '-', with a letter or digit at both ends",
        )


def _check_autoscaling(section: dict[str, Any], path: FieldPath) -> Iterator[Diagnostic]:
    scaling = section.get("autoscaling")
    if scaling is None:
        return
    here = path.child("autoscaling")
    stated = [name for name in ("hpa", "keda", "external") if name in scaling]
    if len(stated) != 1:
        summary = "exactly one of hpa, keda and external must be stated"
        if stated:
            summary += f", not {' and '.join(stated)}"
        yield Diagnostic("invalid-value", f"Invalid value: {summary}", field=here)
    for name in stated:
        if "scaleTargetRef" in scaling[name]:
            yield Diagnostic(
                "forbidden",
                "Forbidden: the target is the role's own workload",
                field=here.child(name, "scaleTargetRef"),
                help="remove scaleTargetRef",
            )


def _keep_null_replicas(decoded: dict[str, Any], document: Document) -> None:
    """Let ``replicas: null`` be told from a missing one: ``model_fields_set`` has the field.

    The API server defaults only what is missing, so a null keeps the base config's count.
    """
    for name in _SECTIONS:
        section = decoded["spec"].get(name)
        stated = document.get(FieldPath.of("spec", name))
        if section is not None and isinstance(stated, dict) and "replicas" in stated:
            section.setdefault("replicas", None)
