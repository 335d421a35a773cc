"""ModelServices as the API server gives them: `stated` without noise, and their BaseConfig."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

__all__ = ["API_VERSION", "KIND", "Reference", "base_config_of", "stated"]

API_VERSION, KIND = "llm-d.ai/v1alpha1", "ModelService"


class Reference(NamedTuple):
    """A ConfigMap that is referred to."""

    namespace: str
    name: str


def stated(item: Mapping[str, Any]) -> dict[str, Any]:
    """The object without what is no input: its status, and who set which field."""
    metadata = {key: value for key, value in item["metadata"].items() if key != "managedFields"}
    kept = {name: value for name, value in item.items() if name != "status"}
    return {**kept, "metadata": metadata}


def base_config_of(service: Mapping[str, Any]) -> Reference | None:
    """The ConfigMap that a ModelService refers to, None if it does not."""
    reference = (service.get("spec") or {}).get("baseConfigMapRef") or {}
    name = reference.get("name")
    if not name:
        return None
    return Reference(reference.get("namespace") or service["metadata"]["namespace"], name)
