"""`is_abandoned`: whether the objects of a ModelService that is deleted are left to Kubernetes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from msvc_pulumi.operator.settings import Settings
from msvc_pulumi.operator.status.statusreport import ABANDON

__all__ = ["is_abandoned"]


def is_abandoned(service: Mapping[str, Any], attempts: int, settings: Settings) -> bool:
    """Whether its owner has given up on the deletion, or it was tried in vain for too long."""
    metadata = service["metadata"]
    if (metadata.get("annotations") or {}).get(ABANDON) == "true":
        return True
    tried = attempts >= settings.deletion_attempts
    return tried and _age(metadata["deletionTimestamp"]) > settings.deletion_limit


def _age(moment: str) -> float:
    then = datetime.fromisoformat(moment.replace("Z", "+00:00"))
    return (datetime.now(UTC) - then).total_seconds()
