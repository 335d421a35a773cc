"""ModelServices as the API server gives them: their plans, and what those are made from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from msvc_pulumi.document.source import Document
from msvc_pulumi.errors import Diagnostic, ModelServiceError
from msvc_pulumi.interpolation.discretion import discreet
from msvc_pulumi.plan import Plan, plan_model_service
from msvc_pulumi.rules.exactness import refuse_inexact
from msvc_pulumi.target.capabilities import Capabilities
from msvc_pulumi.target.options import PlanOptions

__all__ = [
    "API_VERSION",
    "KIND",
    "Reference",
    "base_config_of",
    "plan_of",
    "stated",
    "without_managers",
]

API_VERSION, KIND = "llm-d.ai/v1alpha1", "ModelService"


class Reference(NamedTuple):
    """A ConfigMap that is referred to."""

    namespace: str
    name: str


def without_managers(item: Mapping[str, Any]) -> dict[str, Any]:
    """The object without who set which field, which is often most of it."""
    metadata = {key: value for key, value in item["metadata"].items() if key != "managedFields"}
    return {**item, "metadata": metadata}


def stated(item: Mapping[str, Any]) -> dict[str, Any]:
    """The object without what is no input: its status and version, and who set which field."""
    kept = {name: value for name, value in without_managers(item).items() if name != "status"}
    kept["metadata"].pop("resourceVersion", None)
    return kept


def plan_of(
    service: Mapping[str, Any],
    base_config: Mapping[str, Any] | None,
    options: PlanOptions,
    capabilities: Capabilities | None,
) -> Plan:
    """The plan of a ModelService, which owns what is planned and can be applied. Raises
    ModelServiceError.

    Neither it nor the error says what stands in a BaseConfig of another namespace.
    """
    metadata = service["metadata"]
    name = f"{metadata['namespace']}/{metadata['name']}"
    file = f"baseconfig of {name}"
    of_base = base_config["metadata"] if base_config else metadata
    foreign = of_base["namespace"] != metadata["namespace"]

    def told(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
        if not foreign:
            return tuple(diagnostics)
        config = f"{of_base['namespace']}/{of_base['name']}"
        return tuple(dict.fromkeys(discreet(diagnostics, file, config)))

    try:
        plan = plan_model_service(
            Document.of(stated(service), f"modelservice {name}"),
            Document.of(stated(base_config), file) if base_config else None,
            replace(options, owner_uid=metadata["uid"], capabilities=capabilities),
        )
        refuse_inexact([plan])
    except ModelServiceError as error:
        if not foreign:
            raise
        raise type(error)(told(error.diagnostics)) from None
    return replace(plan, diagnostics=told(plan.diagnostics)) if foreign else plan


def base_config_of(service: Mapping[str, Any]) -> Reference | None:
    """The ConfigMap that a ModelService refers to, None if it does not."""
    reference = (service.get("spec") or {}).get("baseConfigMapRef") or {}
    name = reference.get("name")
    if not name:
        return None
    return Reference(reference.get("namespace") or service["metadata"]["namespace"], name)
