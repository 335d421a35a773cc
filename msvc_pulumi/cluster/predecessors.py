"""Who wrote a ModelService's objects before Pulumi did, and what is left of that in an object.

The original operator writes whole objects (operation Update), so that it owns every field of
theirs in ``metadata.managedFields``, and an apply of ours never removes one. Its field manager has
the name of its binary, ``manager`` in its image like that of many other operators, so that a name
proves nothing: who wrote the owner reference to the ModelService does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from msvc_pulumi.cluster.claims import CREATOR
from msvc_pulumi.cluster.fieldsets import Fields, split, united
from msvc_pulumi.cluster.modelservices import KIND
from msvc_pulumi.out.declaration import DELETION

__all__ = ["ADOPTER", "fields_of", "handed", "is_inherited", "predecessors", "released", "renamed"]

ADOPTER = f"{CREATOR}-adoption"
"""Field manager of what is being taken over; it counts as Pulumi's if we are killed meanwhile."""
# A field that all objects have, always with the same value.
WRITTEN: Fields = {"f:metadata": {"f:annotations": {f"f:{DELETION}": {}}}}
# People. What they wrote stays, whatever it is.
PEOPLE = "kubectl"

Entry = Mapping[str, Any]
Metadata = Mapping[str, Any]
Handed = Collection[tuple[str, str]]


def predecessors(metadata: Metadata) -> frozenset[str]:
    """The field managers that wrote an owner reference to a ModelService, without our own."""
    uids = {
        f'k:{{"uid":"{owner.get("uid")}"}}'
        for owner in metadata.get("ownerReferences") or ()
        if owner.get("kind") == KIND
    }
    return frozenset(
        str(entry.get("manager", ""))
        for entry in _written(metadata)
        if uids & _owners(entry).keys() and not _is_excepted(str(entry.get("manager", "")))
    )


def is_inherited(metadata: Metadata) -> bool:
    """Whether a predecessor still owns fields of the object, or its adoption came to no end."""
    return bool(handed(metadata, predecessors(metadata)))


def handed(metadata: Metadata, names: Collection[str]) -> frozenset[tuple[str, str]]:
    """Manager and operation of the entries of ``names``, and of an adoption that came to no end."""
    return frozenset(
        (str(entry["manager"]), str(entry["operation"]))
        for entry in metadata.get("managedFields") or ()
        if not entry.get("subresource")
        and (
            (entry.get("operation") == "Update" and entry.get("manager") in names)
            or (entry.get("operation") == "Apply" and entry.get("manager") == ADOPTER)
        )
    )


def fields_of(metadata: Metadata, entries: Handed, *, but: bool = False) -> Fields:
    """What these entries own, or all ``but`` these; a status is nobody's here."""
    return united(
        entry.get("fieldsV1") or {}
        for entry in metadata.get("managedFields") or ()
        if entry.get("subresource") != "status"
        and (not entry.get("subresource") and _name(entry) in entries) is not but
    )


def renamed(
    metadata: Metadata, entries: Handed, to: tuple[str, str], kept: Iterable[str] = ()
) -> list[dict[str, Any]]:
    """``managedFields`` with what ``entries`` own moved to the manager and operation ``to``, but
    for the paths ``kept``.
    """
    moved: list[Fields] = []
    result: list[dict[str, Any]] = []
    last: dict[str, Any] = {}
    for entry in metadata.get("managedFields") or ():
        if entry.get("subresource") or _name(entry) not in {*entries, to}:
            result.append(dict(entry))
            continue
        fields = entry.get("fieldsV1") or {}
        own: Fields = {}
        if _name(entry) != to:
            fields, own = split(fields, kept)
        moved.append(fields)
        last = dict(entry)
        if own:
            result.append({**entry, "fieldsV1": own})
    if not moved:
        return result
    manager, operation = to
    return [
        *result,
        {**last, "manager": manager, "operation": operation, "fieldsV1": united(moved)},
    ]


def released(metadata: Metadata, entries: Handed) -> list[dict[str, Any]]:
    """``managedFields`` without what ``entries`` own, but for what says that Pulumi wrote it.

    A creation that finds the object applies it then without a conflict. With an owner there would
    be one wherever the server has filled in a default of something that is applied as a whole.
    """
    created = (CREATOR, "Update")
    return [
        {**entry, "fieldsV1": WRITTEN} if _name(entry) == created else entry
        for entry in renamed(metadata, entries, created)
    ]


def _name(entry: Entry) -> tuple[str, str]:
    return str(entry.get("manager", "")), str(entry.get("operation", ""))


def _written(metadata: Metadata) -> Iterable[Entry]:
    for entry in metadata.get("managedFields") or ():
        if entry.get("operation") == "Update" and not entry.get("subresource"):
            yield entry


def _owners(entry: Entry) -> Fields:
    fields = (entry.get("fieldsV1") or {}).get("f:metadata") or {}
    return dict(fields.get("f:ownerReferences") or {})


def _is_excepted(manager: str) -> bool:
    return manager.startswith((PEOPLE, "pulumi-"))
