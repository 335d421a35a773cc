"""`alterations`: what an update would change, replace or delete of what a stack has made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msvc_pulumi.engine.state.stateobjects import TYPES
from msvc_pulumi.out.declaration import KEPT_POOL, declarations, logical_names, stamped
from msvc_pulumi.plan import Plan

__all__ = ["alterations"]

Resource = Mapping[str, Any]
# What the engine notes of a resource that it has begun to replace, or was told to.
BEGUN = ("delete", "pendingReplacement", "taint")


def alterations(state: Mapping[str, Any], plans: Sequence[Plan]) -> list[str]:
    """The URNs of objects that are not declared as they were the last time.

    Where there are none, an update adds objects, or does nothing. What it would do because the
    cluster is no more what it was is not known here.
    """
    resources = [*(state.get("resources") or ())]
    recorded = {_key(one): one for one in resources if one["type"].startswith(TYPES)}
    declared = dict(_declared(plans, recorded))
    return [
        one["urn"]
        for key, one in recorded.items()
        if declared.get(key) != one.get("inputs") or any(one.get(name) for name in BEGUN)
    ]


def _declared(
    plans: Sequence[Plan], recorded: Mapping[tuple[str, str], Resource]
) -> Iterator[tuple[tuple[str, str], Mapping[str, Any]]]:
    """Type and name of each object, and its properties as they are told to the engine."""
    for name, plan in zip(logical_names(plans), plans, strict=True):
        keys: dict[str, tuple[str, str]] = {}
        for declaration in declarations(name, plan):
            keys[declaration.key] = declaration.token, declaration.name
            properties = declaration.properties
            cause = recorded.get(keys.get(declaration.restarts_with, ("", "")))
            if cause is not None:
                metadata = (cause.get("outputs") or {}).get("metadata") or {}
                uid = metadata.get("uid", "")
                if (metadata.get("annotations") or {}).get(KEPT_POOL) != uid:
                    properties = stamped(declaration, uid)
            yield keys[declaration.key], properties


def _key(resource: Resource) -> tuple[str, str]:
    return resource["type"], resource["urn"].rpartition("::")[2]
