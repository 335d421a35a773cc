"""`stack_drift`: what somebody changed of the objects of a stack since it applied them.

What was applied is in the stack's state, so a file that was edited since then is no drift.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.cluster.claims import Place
from msvc_pulumi.cluster.drift import (
    HIDDEN,
    Change,
    FieldDrift,
    ObjectDrift,
    compared,
    deleted,
    replaced,
)
from msvc_pulumi.cluster.errors import field_path
from msvc_pulumi.cluster.existing import Metadata, existing
from msvc_pulumi.cluster.ownership import disowned, foreign_fields, owned_fields, value_at
from msvc_pulumi.engine.state.stateobjects import state_objects
from msvc_pulumi.errors import Diagnostic
from msvc_pulumi.plan import Plan, PlannedObject

__all__ = ["never_applied", "stack_drift", "suspects"]

REQUESTS = 8  # to the API server at a time
# The key that marks a secret in a state (sdk/go/common/resource/sig).
SIGNATURE = "4dabf18193072939515e22adb298388d"
State = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Applied:
    """An object as the stack applied it last; ``ignored`` are paths that it then left alone, and
    ``outputs`` what the server had afterwards.
    """

    place: Place
    uid: str
    manifest: Mapping[str, Any]
    ignored: tuple[str, ...]
    outputs: Mapping[str, Any]

    def may_tell(self, metadata: Metadata | None) -> bool:
        """Whether the object itself has to be looked at."""
        return self.is_suspect(metadata) or bool(self.ignored or foreign_fields(metadata or {}))

    def is_suspect(self, metadata: Metadata | None) -> bool:
        """Whether there may be drift, as far as the metadata of what there is tells."""
        if metadata is None or self._is_another(metadata):
            return True
        owned, others = owned_fields(metadata), foreign_fields(metadata)
        return bool(disowned(self.manifest, owned, self.ignored, others))

    def drift(self, item: Mapping[str, Any] | None) -> ObjectDrift:
        if item is None:
            return deleted(self.place)
        if self._is_another(item["metadata"]):
            return replaced(self.place, item)
        found = compared(self.place, self.manifest, item, self.ignored)
        known = {one.path for one in found.added}
        moved = (
            FieldDrift(path, value, None)
            for path in map(field_path, self.ignored)
            if path not in known
            and (value := path.find(item)) not in (None, path.find(self.outputs))
        )
        return replace(found, added=(*found.added, *moved))

    def _is_another(self, metadata: Metadata) -> bool:
        return bool(self.uid) and metadata.get("uid") != self.uid


def stack_drift(cluster: Cluster, state: State, plans: Iterable[Plan]) -> list[ObjectDrift]:
    """The objects of ``state`` that are not what was applied, or of which others state something;
    with ``plans`` also what they would now apply instead.

    Raises:
        ClusterError: the cluster does not answer, or an object may not be read.
    """
    applied = list(_applied(state))
    live = existing(cluster, (one.place for one in applied))

    def look(one: _Applied) -> ObjectDrift | None:
        if not one.may_tell(live.get(one.place)):
            return None
        return one.drift(_read(cluster, one.place))

    with ThreadPoolExecutor(REQUESTS, "look") as pool:
        drifts = [*pool.map(look, applied)]
    planned = {Place.of(item.manifest): item for plan in plans for item in plan}
    found = []
    for one, drift in zip(applied, drifts, strict=True):
        if drift is None or (drift.change is Change.NONE and not drift.left):
            continue
        found.append(_foreseen(drift, one, planned.get(one.place), live.get(one.place)))
    return found


def suspects(state: State, live: Mapping[Place, Metadata]) -> int:
    """How many objects of ``state`` are not what was applied, as far as ``live`` tells."""
    return sum(one.is_suspect(live.get(one.place)) for one in _applied(state))


def never_applied(name: str) -> Diagnostic:
    """There is nothing that could have drifted."""
    return Diagnostic(
        "stack-unknown",
        f'there is no stack "{name}": nothing was applied under that name',
        help="name the one that `msvc up` made with --stack; `msvc diff FILE` compares files with "
        "the cluster, whoever applied them",
    )


def _applied(state: State) -> Iterator[_Applied]:
    resources = {
        item["urn"]: item
        for item in state.get("resources") or ()
        # One that waits for its deletion has a successor; one that was read is nobody's.
        if not item.get("delete") and not item.get("external")
    }
    for known in state_objects(resources.values()):
        resource = resources[known.urn]
        if resource["type"].endswith("Patch") or not known.place.name:
            continue
        manifest = _opaque(resource.get("inputs") or {})
        ignored = tuple(map(str, resource.get("ignoreChanges") or ()))
        yield _Applied(known.place, known.uid, manifest, ignored, resource.get("outputs") or {})


def _opaque(value: Any) -> Any:
    """``value`` without secrets, which are encrypted in a state."""
    if isinstance(value, Mapping):
        if SIGNATURE in value:
            return HIDDEN
        return {key: _opaque(item) for key, item in value.items()}
    return [_opaque(item) for item in value] if isinstance(value, list) else value


def _read(cluster: Cluster, place: Place) -> dict[str, Any] | None:
    try:
        return cluster.get(*place.identity)
    except ClusterError as error:
        if error.status != 404:
            raise
        return None  # its kind has gone, and it with that


def _foreseen(
    drift: ObjectDrift, applied: _Applied, planned: PlannedObject | None, metadata: Metadata | None
) -> ObjectDrift:
    """``drift`` with what ``planned`` would have instead of what was applied."""
    if planned is None or metadata is None:
        return drift
    fields = []
    for one in drift.fields:
        wanted = value_at(planned.manifest, applied.manifest, one.path, metadata)
        is_other = wanted is not None and one.stated not in (wanted, HIDDEN)
        fields.append(replace(one, wanted=wanted) if is_other else one)
    return replace(drift, fields=tuple(fields))
