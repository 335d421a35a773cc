"""`Comparison`: what a stack has made beside what is declared now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from msvc_pulumi.engine.state.stateobjects import TYPES
from msvc_pulumi.out.declaration import declarations, logical_names, restarting
from msvc_pulumi.plan import Plan

__all__ = ["Comparison"]

Resource = Mapping[str, Any]
Key = tuple[str, str]
# What the engine notes of a resource that it has begun to replace, was told to, or saw unfinished.
BEGUN = ("delete", "pendingReplacement", "taint", "initErrors")


@dataclass(frozen=True, slots=True)
class Comparison:
    """URNs of objects: ``altered`` are not declared as they were the last time, ``deviating`` are,
    but were something else when they were last seen.

    Where there are neither, an update adds objects, or does nothing. A quantity that the API server
    writes in its own way counts as another value.
    """

    altered: tuple[str, ...]
    deviating: tuple[str, ...]

    @classmethod
    def of(cls, state: Mapping[str, Any], plans: Sequence[Plan]) -> Self:
        resources = [one for one in state.get("resources") or () if one["type"].startswith(TYPES)]
        recorded = {_key(one): one for one in resources}
        declared = dict(_declared(plans, recorded)) if recorded else {}
        altered: list[str] = []
        deviating: list[str] = []
        for one in resources:
            wanted = declared.get(_key(one))
            if wanted != one.get("inputs") or any(one.get(name) for name in BEGUN):
                altered.append(one["urn"])
            elif not _holds(one.get("outputs"), wanted):
                deviating.append(one["urn"])
        return cls(tuple(altered), tuple(deviating))


def _holds(live: Any, declared: Any) -> bool:
    """Whether every value that is declared is the live one; others may be beside it."""
    if isinstance(declared, Mapping):
        return isinstance(live, Mapping) and all(
            _holds(live.get(key), value) for key, value in declared.items()
        )
    if isinstance(declared, list):
        return (
            isinstance(live, list)
            and len(live) == len(declared)
            and all(map(_holds, live, declared))
        )
    return bool(live == declared)


def _declared(
    plans: Sequence[Plan], recorded: Mapping[Key, Resource]
) -> Iterator[tuple[Key, Mapping[str, Any]]]:
    """Type and name of each object, and its properties as they are told to the engine."""
    for name, plan in zip(logical_names(plans), plans, strict=True):
        keys: dict[str, Key] = {}
        for declaration in declarations(name, plan):
            keys[declaration.key] = key = declaration.token, declaration.name
            properties = declaration.properties
            if declaration.restarts_with:
                cause = recorded.get(keys[declaration.restarts_with]) or {}
                # Of one that is to be made it is the uid "", which nothing bears.
                metadata = (cause.get("outputs") or {}).get("metadata") or {}
                properties = restarting(declaration, metadata)
            yield key, properties


def _key(resource: Resource) -> Key:
    return resource["type"], resource["urn"].rpartition("::")[2]
