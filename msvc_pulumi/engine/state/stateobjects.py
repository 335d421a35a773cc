"""`StateObject`: what the state of a stack knows of an object in the cluster."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from msvc_pulumi.cluster.claims import Place, pulumi_manager

__all__ = ["StateObject", "creations", "recorded", "state_objects", "without"]

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


def creations(state: Mapping[str, Any]) -> dict[Place, Resource]:
    """The Kubernetes objects that a run which was killed may have made without the state knowing,
    as far as the engine wrote it down before it asked for them.

    The engine keeps such a note for ever (``pkg/backend/journal.go``), so one of what is recorded
    by now says nothing.
    """
    known = {resource["urn"] for resource in state.get("resources") or ()}
    found: dict[Place, Resource] = {}
    for operation in state.get("pending_operations") or ():
        resource = operation["resource"]
        place = _place(resource["type"], resource.get("inputs") or {})
        begun = operation.get("type") == "creating" and resource["urn"] not in known
        if begun and place is not None:
            found[place] = resource
    return found


def recorded(resource: Resource, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The resource of a creation that was cut off, as the state would have it if the object with
    that ``metadata`` had been made known.

    What Pulumi's Kubernetes plugin reads of the outputs are the inputs, the field manager and the
    first version (``checkpointObject`` in ``provider.go``). The object's own content is left out:
    that of a Secret would be in the clear.
    """
    inputs = resource.get("inputs") or {}
    names = [metadata.get("namespace"), metadata["name"]]
    return {
        **resource,
        "id": "/".join(name for name in names if name),
        "outputs": {
            **inputs,
            "metadata": {**inputs["metadata"], **metadata},
            "__inputs": inputs,
            "__initialApiVersion": inputs["apiVersion"],
            "__fieldManager": pulumi_manager(metadata),
        },
    }


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
