"""`OwnedChildren`: what is known of the objects that ModelServices own, a few bytes of each."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from msvc_pulumi.operator.executor import Key
from msvc_pulumi.operator.fleet import owner_of
from msvc_pulumi.operator.ownership import disowned, owned_fields
from msvc_pulumi.plan import Plan, PlannedObject

__all__ = ["Identity", "OwnedChildren", "Seen", "identity_of"]


class Identity(NamedTuple):
    """An object within its namespace."""

    api_version: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Seen:
    """One object as last seen; ``stamp`` changes with its content."""

    fields: str
    stamp: str
    ends: bool

    @classmethod
    def of(cls, metadata: Mapping[str, Any]) -> Seen:
        # A status changes the version, but not the generation of what has one.
        stamp = metadata.get("generation") or metadata.get("resourceVersion", "")
        return cls(owned_fields(metadata), str(stamp), bool(metadata.get("deletionTimestamp")))


class OwnedChildren:
    """The children of all ModelServices, of the kinds that are watched. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watched: set[tuple[str, str]] = set()
        self._seen: dict[Key, dict[Identity, Seen]] = defaultdict(dict)
        self._owners: dict[tuple[str, Identity], Key] = {}
        self._accepted: dict[tuple[Key, Identity], Seen] = {}

    def watched(self, api_version: str, kind: str) -> None:
        """All objects of that kind have been seen; what was not is not there."""
        with self._lock:
            self._watched.add((api_version, kind))

    def unwatched(self, api_version: str, kind: str) -> None:
        """Nothing is known of objects of that kind any more."""
        with self._lock:
            self._watched.discard((api_version, kind))
            for (_, identity), owner in [*self._owners.items()]:
                if identity[:2] == (api_version, kind):
                    self._lose(owner, identity)

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
        """The ModelService that owns ``item``, or did until now, if something about it is new."""
        identity, owner = identity_of(item), None if gone else owner_of(item)
        place = (item["metadata"].get("namespace", ""), identity)
        with self._lock:
            before = self._owners.get(place)
            if before is not None and before != owner:
                self._lose(before, identity)
            if owner is None:
                return before
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

    def drifted(self, key: Key, plan: Plan) -> dict[Identity, list[str]]:
        """The planned objects that are not what was applied, with the paths that somebody changed;
        no paths for one that is not there.
        """
        with self._lock:
            known, watched = dict(self._seen.get(key, {})), set(self._watched)
            accepted = {item[1]: seen for item, seen in self._accepted.items() if item[0] == key}
        found: dict[Identity, list[str]] = {}
        for planned in plan:
            identity = identity_of(planned.manifest)
            if identity[:2] not in watched or not _is_owned(planned):
                continue
            seen = known.get(identity)
            if seen is None:
                found[identity] = []
            elif accepted.get(identity) != seen and not seen.ends:
                paths = disowned(planned.manifest, seen.fields, planned.ignore_changes)
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
