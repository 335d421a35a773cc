"""What holds for custom resources of every kind: their metadata.

Their definitions say the rest, which is only looked at where somebody asks to validate.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msvc_pulumi.rules.finding import Finding
from msvc_pulumi.rules.metadata import name, object_metadata
from msvc_pulumi.rules.names import dns_subdomain

__all__ = ["CUSTOM_RESOURCES", "custom_resource"]

CUSTOM_RESOURCES = (
    "HTTPRoute",
    "InferenceModel",
    "InferenceModelRewrite",
    "InferenceObjective",
    "InferencePool",
    "ScaledObject",
)


def custom_resource(manifest: dict[str, Any]) -> Iterator[Finding]:
    yield from name(manifest["metadata"], dns_subdomain)
    yield from object_metadata(manifest["metadata"])
