"""What the operator asked of a plane's API server, read from the audit log."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from operator_process import HOME

from msvc_pulumi.installation.manifests import NAME

__all__ = ["WRITES", "Request", "position", "requests"]

USER = f"system:serviceaccount:{HOME}:{NAME}"
WRITES = ("create", "update", "patch", "delete", "deletecollection")


@dataclass(frozen=True, slots=True)
class Request:
    """One request for a resource; ``resource`` names a subresource as rules do."""

    verb: str
    group: str
    resource: str
    name: str
    forbidden: bool
    """Whether for want of a grant; a namespace on its way out answers 403, too."""


def position(log: Path) -> int:
    """Where the log ends now."""
    return log.stat().st_size


def requests(log: Path, since: int = 0) -> list[Request]:
    """What the operator and its engines asked for after ``since``; not what discovery needs."""
    with log.open("rb") as stream:
        stream.seek(since)
        records: list[dict[str, Any]] = [json.loads(line) for line in stream]
    return [
        _request(item)
        for item in records
        if item["user"].get("username") == USER and "resource" in item.get("objectRef", {})
    ]


def _request(record: dict[str, Any]) -> Request:
    about = record["objectRef"]
    resource = "/".join(filter(None, (about["resource"], about.get("subresource"))))
    forbidden = record.get("annotations", {}).get("authorization.k8s.io/decision") == "forbid"
    group, name = about.get("apiGroup", ""), about.get("name", "")
    return Request(record["verb"], group, resource, name, forbidden)
