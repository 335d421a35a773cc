"""`absorbed_fields`: conflicts of which the Kubernetes plugin says nothing when it applies.

What ``kubectl`` set by any of its commands the plugin takes to itself before it writes an object
(``fixCSAFieldManagers`` in its await package); only its preview reports it. Without a preview the
server is asked here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.cluster.claims import CREATOR, PULUMI, Place
from msvc_pulumi.cluster.existing import existing
from msvc_pulumi.cluster.ownership import Holder
from msvc_pulumi.engine.state.stateobjects import state_objects
from msvc_pulumi.errors import FieldPath
from msvc_pulumi.out.declaration import POOL_UID, Declaration, declarations, logical_names
from msvc_pulumi.plan import Plan

__all__ = ["absorbed_fields"]

APPLIER = f"{CREATOR}-"  # what the name of its field manager begins with


def absorbed_fields(
    cluster: Cluster, plans: Sequence[Plan], state: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """(urn, message) for each object that an update would write over fields of kubectl's, as the
    engine reports such an error.

    Raises ClusterError.
    """
    resources = {item["urn"]: item for item in state.get("resources") or ()}
    recorded = {one.place: one.urn for one in state_objects(resources.values())}
    if not recorded:
        return
    changed = [
        (recorded[place], declaration)
        for name, plan in zip(logical_names(plans), plans, strict=True)
        for declaration in declarations(name, plan)
        if (place := Place.of(declaration.properties)) in recorded
        and _differs(declaration, resources[recorded[place]].get("inputs") or {})
    ]
    live = existing(cluster, [Place.of(one.properties) for _, one in changed])
    for urn, declaration in changed:
        metadata = live.get(Place.of(declaration.properties), {})
        manager = _manager(metadata)
        if manager and _is_absorbed(metadata):
            try:
                stated = _stated(declaration)
                cluster.apply(stated, field_manager=manager, dry_run=True)
            except ClusterError as error:
                if error.is_conflict:
                    yield urn, _told(error)


def _told(error: ClusterError) -> str:
    """A conflict in the words of the API server."""
    found = [f"{one.summary}: .{_path(one.field)}" for one in error.diagnostics]
    return f"Apply failed with {len(found)} conflict{'s' * (len(found) > 1)}: {' '.join(found)}"


def _path(field: FieldPath) -> str:
    """A path whose items of lists are known by their keys, as in ``containers[name="a"].image``."""
    steps = (f"[{step}]" if "=" in str(step) else f".{step}" for step in field)
    return "".join(steps).removeprefix(".")


def _differs(declaration: Declaration, inputs: Mapping[str, Any]) -> bool:
    """Whether the engine would write the object."""
    before = {key: value for key, value in inputs.items() if not key.startswith("__")}
    return bool(_unstamped(before) != declaration.properties)


def _unstamped(properties: Any) -> Any:
    """Without what names another object, which is known only once that is made."""
    if not isinstance(properties, Mapping):
        return properties
    return {key: _unstamped(value) for key, value in properties.items() if key != POOL_UID}


def _stated(declaration: Declaration) -> dict[str, Any]:
    properties = declaration.properties
    if "spec.replicas" in declaration.ignore_changes:
        spec = {key: value for key, value in properties["spec"].items() if key != "replicas"}
        return {**properties, "spec": spec}
    return properties


def _manager(metadata: Mapping[str, Any]) -> str:
    """The plugin's own name for this object, "" if it has not applied it yet."""
    names = (str(entry.get("manager")) for entry in metadata.get("managedFields") or ())
    return next((name for name in names if name.startswith(APPLIER)), "")


def _is_absorbed(metadata: Mapping[str, Any]) -> bool:
    holders = map(Holder.of, metadata.get("managedFields") or ())
    return any(one.is_absorbed and not one.manager.startswith(PULUMI) for one in holders)
