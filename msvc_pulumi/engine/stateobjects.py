"""`StateObject`: what the state of a stack knows of an object in the cluster."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from msvc_pulumi.cluster.claims import Place

__all__ = ["StateObject", "pending_places", "state_objects", "without"]

TYPES = "kubernetes:"
Resource = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StateObject:
    """One resource; ``uid`` is that of the object which the stack made, or saw last."""

    urn: str
    place: Place
    uid: str


def state_objects(resources: Iterable[Resource]) -> Iterator[StateObject]:
    """The Kubernetes objects among the resources of a state."""
    for resource in resources:
        outputs = resource.get("outputs") or {}
        place = _place(resource["type"], outputs)
        if place is not None:
            yield StateObject(resource["urn"], place, str(outputs["metadata"].get("uid", "")))


def pending_places(operations: Iterable[Mapping[str, Any]]) -> Iterator[Place]:
    """Where a run that was killed may have made an object, as far as the engine wrote it down."""
    for operation in operations:
        resource = operation["resource"]
        place = _place(resource["type"], resource.get("inputs") or {})
        if operation.get("type") == "creating" and place is not None:
            yield place


def without(resources: Iterable[Resource], urns: Collection[str]) -> list[dict[str, Any]]:
    """The resources but for those, which none of the others depends on any more."""
    return [_independent(item, urns) for item in resources if item["urn"] not in urns]


def _place(resource_type: str, properties: Mapping[str, Any]) -> Place | None:
    metadata = properties.get("metadata")
    if not resource_type.startswith(TYPES) or not isinstance(metadata, Mapping):
        return None
    if not {"apiVersion", "kind"} <= properties.keys():
        return None
    return Place.of(properties)


def _independent(resource: Resource, urns: Collection[str]) -> dict[str, Any]:
    result = dict(resource)
    if "dependencies" in result:
        result["dependencies"] = [urn for urn in result["dependencies"] if urn not in urns]
    if "propertyDependencies" in result:
        result["propertyDependencies"] = {
            name: found and [urn for urn in found if urn not in urns]
            for name, found in (result["propertyDependencies"] or {}).items()
        }
    return result
