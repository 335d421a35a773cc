"""`OwnedChildren`: what is known of the objects that ModelServices own, a few bytes of each; of all
others, that they are there.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, NamedTuple

from msvc_pulumi.cluster.claims import Claimant, Place, is_given
from msvc_pulumi.cluster.ownership import disowned, foreign_fields, owned_fields
from msvc_pulumi.cluster.predecessors import is_inherited
from msvc_pulumi.errors import FieldPath
from msvc_pulumi.operator.executor import Key
from msvc_pulumi.operator.watch.fleet import owner_of
from msvc_pulumi.plan import Plan, PlannedObject

__all__ = ["Identity", "OwnedChildren", "Presence", "Seen", "identity_of"]


class Identity(NamedTuple):
    """An object within its namespace."""

    api_version: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Seen:
    """One object as last seen; ``stamp`` changes with its content. Of one that ``is_inherited`` an
    earlier operator still owns fields.
    """

    fields: str
    stamp: str
    ends: bool
    foreign: str = ""
    is_inherited: bool = False

    @classmethod
    def of(cls, metadata: Mapping[str, Any]) -> Seen:
        # A status changes the version, but not the generation of what has one.
        stamp = metadata.get("generation") or metadata.get("resourceVersion", "")
        ends = bool(metadata.get("deletionTimestamp"))
        fields, foreign = owned_fields(metadata), foreign_fields(metadata)
        return cls(fields, str(stamp), ends, foreign, is_inherited(metadata))


class Presence(Enum):
    """What the watches tell of a place."""

    UNWATCHED = auto()
    ABSENT = auto()
    OWN = auto()
    """There is an object, and it names the ModelService as its owner."""
    INHERITED = auto()
    """The same, and an earlier operator still owns fields of it."""
    OTHERS = auto()


class OwnedChildren:
    """The children of all ModelServices, of the kinds that are watched. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watched: set[tuple[str, str, str | None]] = set()
        self._seen: dict[Key, dict[Identity, Seen]] = defaultdict(dict)
        self._owners: dict[tuple[str, Identity], Key] = {}
        self._accepted: dict[tuple[Key, Identity], Seen] = {}
        # Kind and namespace → hashes of the names of what nobody here owns: there is a lot of it.
        self._others: dict[tuple[str, str, str], set[int]] = {}
        self._awaited: dict[tuple[str, Identity], Key] = {}

    def watched(
        self, api_version: str, kind: str, namespace: str | None, names: Collection[Key]
    ) -> None:
        """All objects of that kind in ``namespace``, or everywhere, have been seen: ``names``."""
        with self._lock:
            self._watched.add((api_version, kind, namespace))
            there: dict[str, set[int]] = defaultdict(set)
            for space, name in names:
                there[space].add(hash(name))
            for place in [*self._others]:
                if place[:2] == (api_version, kind) and namespace in (None, place[2]):
                    self._others[place] &= there.get(place[2], set())

    def unwatched(self, api_version: str, kind: str, namespace: str | None) -> None:
        """Nothing is known of objects of that kind there any more."""
        with self._lock:
            self._watched.discard((api_version, kind, namespace))
            for (space, identity), owner in [*self._owners.items()]:
                if identity[:2] == (api_version, kind) and namespace in (None, space):
                    self._lose(owner, identity)

    def presence(self, place: Place, key: Key) -> Presence:
        """What is known of ``place``, as ``key`` would have it; asks nobody."""
        identity = Identity(place.api_version, place.kind, place.name)
        with self._lock:
            if not self._is_watched(identity, place.namespace):
                return Presence.UNWATCHED
            owner = self._owners.get((place.namespace, identity))
            if owner is not None:
                if owner != key:
                    return Presence.OTHERS
                seen = self._seen[owner][identity]
                return Presence.INHERITED if seen.is_inherited else Presence.OWN
            others = self._others.get(place[:3], ())
            return Presence.OTHERS if hash(place.name) in others else Presence.ABSENT

    def await_change(self, key: Key, places: Iterable[Place]) -> None:
        """``key`` waits, for nothing but these objects, until they are gone or are given to it."""
        wanted = {
            (place.namespace, Identity(place.api_version, place.kind, place.name))
            for place in places
        }
        with self._lock:
            for place in [place for place, other in self._awaited.items() if other == key]:
                del self._awaited[place]
            self._awaited |= dict.fromkeys(wanted, key)

    def named(self, api_version: str, kind: str, namespace: str | None) -> dict[Key, Key]:
        """Namespace and name of each known object of that kind → its ModelService."""
        with self._lock:
            return {
                Key(space, identity.name): owner
                for (space, identity), owner in self._owners.items()
                if identity[:2] == (api_version, kind) and namespace in (None, space)
            }

    def owner(self, namespace: str, identity: Identity) -> Key | None:
        """The ModelService that owns an object."""
        with self._lock:
            return self._owners.get((namespace, identity))

    def see(self, item: Mapping[str, Any], *, gone: bool = False) -> Key | None:
        """The ModelService that owns ``item``, did until now or waits for it, if something about it
        is new.
        """
        identity, owner = identity_of(item), None if gone else owner_of(item)
        place = (item["metadata"].get("namespace", ""), identity)
        with self._lock:
            before = self._owners.get(place)
            if before is not None and before != owner:
                self._lose(before, identity)
            self._note_other(place, there=owner is None and not gone)
            if owner is None:
                return before or self._freed(place, item["metadata"], gone=gone)
            now = Seen.of(item["metadata"])
            if self._seen.get(owner, {}).get(identity) == now:
                return None
            self._owners[place] = owner
            self._seen[owner][identity] = now
            return owner

    def lost(self, key: Key, identity: Identity) -> None:
        """It is not there."""
        with self._lock:
            self._lose(key, identity)

    def accept(self, key: Key, identity: Identity) -> None:
        """As it is now it counts as what was planned, until it changes."""
        with self._lock:
            now = self._seen.get(key, {}).get(identity)
            if now is not None:
                self._accepted[key, identity] = now

    def drifted(self, key: Key, plan: Plan) -> dict[Identity, list[FieldPath]]:
        """The planned objects that are not what was applied, with the paths that somebody changed;
        no paths for one that is not there.
        """
        with self._lock:
            known = dict(self._seen.get(key, {}))
            accepted = {item[1]: seen for item, seen in self._accepted.items() if item[0] == key}
        found: dict[Identity, list[FieldPath]] = {}
        for planned in plan:
            identity = identity_of(planned.manifest)
            if not _is_owned(planned) or not self._is_watched(identity, key.namespace):
                continue
            seen = known.get(identity)
            if seen is None:
                found[identity] = []
            elif accepted.get(identity) != seen and not seen.ends:
                paths = disowned(
                    planned.manifest, seen.fields, planned.ignore_changes, seen.foreign
                )
                if paths:
                    found[identity] = paths
        return found

    def strays(self, key: Key, plan: Plan) -> list[Identity]:
        """Objects that Pulumi once made for ``key`` and that ``plan`` does not have."""
        wanted = {identity_of(planned.manifest) for planned in plan}
        with self._lock:
            known = self._seen.get(key, {})
            return [
                identity
                for identity, seen in known.items()
                if identity not in wanted
                and seen.fields
                and not seen.ends
                and self._accepted.get((key, identity)) != seen
            ]

    def _freed(
        self, place: tuple[str, Identity], metadata: Mapping[str, Any], *, gone: bool
    ) -> Key | None:
        waiting = self._awaited.get(place)
        if waiting is None or not (gone or is_given(metadata, Claimant(*waiting))):
            return None
        return waiting

    def _is_watched(self, identity: Identity, namespace: str) -> bool:
        kind = (identity.api_version, identity.kind)
        return (*kind, None) in self._watched or (*kind, namespace) in self._watched

    def _note_other(self, place: tuple[str, Identity], *, there: bool) -> None:
        namespace, (api_version, kind, name) = place
        others = self._others.get((api_version, kind, namespace))
        if there:
            if others is None:
                others = self._others[api_version, kind, namespace] = set()
            others.add(hash(name))
        elif others is not None:
            others.discard(hash(name))
            if not others:
                del self._others[api_version, kind, namespace]

    def _lose(self, key: Key, identity: Identity) -> None:
        self._owners.pop((key.namespace, identity), None)
        self._accepted.pop((key, identity), None)
        known = self._seen.get(key)
        if known is not None:
            known.pop(identity, None)
            if not known:
                del self._seen[key]


def identity_of(item: Mapping[str, Any]) -> Identity:
    """What tells an object from the others of its namespace."""
    return Identity(item["apiVersion"], item["kind"], item["metadata"]["name"])


def _is_owned(planned: PlannedObject) -> bool:
    return bool(planned.manifest["metadata"].get("ownerReferences"))
