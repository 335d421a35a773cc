"""What the operator, or another account, asked of an API server, read from its audit log."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any

from operator_process import HOME

from msvc_pulumi.installation.manifests import NAME
from msvc_pulumi.installation.permissions import CHILDREN

__all__ = ["UNSEEN", "WRITES", "Request", "position", "requests", "verbs"]

Verb = tuple[str, str, str]

USER = f"system:serviceaccount:{HOME}:{NAME}"
WRITES = ("create", "update", "patch", "delete", "deletecollection")


# Granted and yet not to be seen in the log of a plane: why.
HANDED_OUT = "the endpoint picker's Role grants it; nobody can grant what he does not have"
REPLACED = "only where a Deployment of the original operator has to be made anew"
NOT_SERVED = "the local plane has no definitions of the llm-d router"
CONFLICT = "read again when its finalizer cannot be written because somebody else wrote"
UNSEEN: list[tuple[str, str, str, str]] = [
    ("llm-d.ai", "modelservices", "get", CONFLICT),
    *(("apps", "replicasets", verb, REPLACED) for verb in ("list", "patch", "delete")),
    *(("", "pods", verb, HANDED_OUT) for verb in ("get", "list", "watch")),
    ("", "events", "patch", HANDED_OUT),
    *(
        ("coordination.k8s.io", "leases", verb, HANDED_OUT)
        for verb in ("get", "list", "watch", "create", "update", "patch", "delete")
    ),
    *(
        ("llm-d.ai", kind, verb, NOT_SERVED)
        for kind in CHILDREN["llm-d.ai"]
        for verb in ("get", "list", "watch", "create", "patch", "delete")
    ),
]


@dataclass(frozen=True, slots=True)
class Request:
    """One request for a resource; ``resource`` names a subresource as rules do."""

    verb: str
    group: str
    resource: str
    name: str
    namespace: str
    forbidden: bool
    """Whether for want of a grant; a namespace on its way out answers 403, too."""


def position(log: Path) -> int:
    """Where the log ends now."""
    return log.stat().st_size


def requests(log: Path, since: int = 0, user: str = USER) -> list[Request]:
    """What ``user`` asked for after ``since``; not what discovery needs.

    Unless it is named, it is the operator, with its engines. An apply that made an object took two
    rights, and is two requests here.
    """
    with log.open("rb") as stream:
        stream.seek(since)
        records: list[dict[str, Any]] = [json.loads(line) for line in stream]
    return [
        replace(_request(item), verb=verb)
        for item in records
        if item["user"].get("username") == user and "resource" in item.get("objectRef", {})
        for verb in (item["verb"], *(["create"] if _made_by_apply(item) else []))
    ]


def _made_by_apply(record: dict[str, Any]) -> bool:
    answer = record.get("responseStatus", {}).get("code")
    return bool(record["verb"] == "patch" and answer == HTTPStatus.CREATED)


def _request(record: dict[str, Any]) -> Request:
    about = record["objectRef"]
    resource = "/".join(filter(None, (about["resource"], about.get("subresource"))))
    forbidden = record.get("annotations", {}).get("authorization.k8s.io/decision") == "forbid"
    group, name = about.get("apiGroup", ""), about.get("name", "")
    space = about.get("namespace", "")
    return Request(record["verb"], group, resource, name, space, forbidden)


def verbs(rules: Iterable[Mapping[str, Any]]) -> set[Verb]:
    """(group, resource, verb) of all that rules grant."""
    return {
        (group, resource, verb)
        for rule in rules
        for group in rule.get("apiGroups", ())
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
