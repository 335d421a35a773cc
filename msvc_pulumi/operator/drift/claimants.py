"""`Claimants`: which ModelService has which object, where the plans of several name the same one.

Who has an object in the cluster keeps it. Of those that want it and do not have it yet the oldest
comes first, by creationTimestamp, then uid. The others wait, with nothing of theirs applied, and
are told when something they wait for is free.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from msvc_pulumi.errors import Diagnostic
from msvc_pulumi.fleet.objectnames import ObjectName, name_conflict, object_names
from msvc_pulumi.operator.executor import Key
from msvc_pulumi.operator.watch.childwatch import CHILD_KINDS
from msvc_pulumi.operator.watch.fleet import Fleet
from msvc_pulumi.operator.watch.ownedchildren import Identity, OwnedChildren
from msvc_pulumi.plan import Plan

__all__ = ["Claimants", "age_of"]

Age = tuple[str, str]
# Whoever else makes them, what is known of objects is known by the versions that are watched.
VERSIONS = {
    (kind.api_version.rpartition("/")[0], kind.kind): kind.api_version for kind in CHILD_KINDS
}


class Claimants:
    """Who claims and who holds each name. Thread-safe.

    ``freed`` is called, without a lock, for each ModelService that is to be tried again.
    """

    def __init__(self, fleet: Fleet, children: OwnedChildren, freed: Callable[[Key], None]) -> None:
        self._fleet, self._children, self._freed = fleet, children, freed
        self._lock = threading.Lock()
        self._ages: dict[Key, Age] = {}
        self._wanted: dict[Key, frozenset[ObjectName]] = {}
        self._held: dict[Key, frozenset[ObjectName]] = {}
        # What is held for no other reason than that the cluster has it.
        self._fading: dict[Key, frozenset[ObjectName]] = {}
        self._claimants: dict[ObjectName, set[Key]] = defaultdict(set)
        self._awaited: dict[Key, frozenset[ObjectName]] = {}
        self._waiting: dict[ObjectName, set[Key]] = defaultdict(set)

    def claim(
        self, service: Mapping[str, Any], key: Key, plan: Plan, *, hold: bool = False
    ) -> Diagnostic | None:
        """Why ``key`` has to wait; None if it may go on, and comes before all who are younger.

        With ``hold`` nobody older comes before it from here on: the plan is being applied. What it
        held before it holds too, until `settle` says that it is gone.
        """
        wanted = object_names(plan)
        with self._lock:
            self._ages[key] = age_of(service)
            self._await(key, frozenset())
            rivals = {name: rival for name in wanted if (rival := self._rival(key, name))}
            freed = self._set(self._wanted, key, frozenset() if rivals else frozenset(wanted))
            if rivals:
                self._await(key, frozenset(rivals))
            elif hold:
                held = self._held.get(key, frozenset()) | frozenset(wanted)
                self._set(self._held, key, held)
        self._tell(freed)
        if not rivals:
            return None
        first = next(iter(rivals.values()))
        shared = [(name, wanted[name]) for name, rival in rivals.items() if rival == first]
        named = first.name if first.namespace == key.namespace else "of another namespace"
        return name_conflict(key.name, named, shared)

    def settle(self, key: Key, plan: Plan) -> None:
        """The cluster has what ``plan`` says of ``key``; what else it had goes, or has gone."""
        now = frozenset(object_names(plan))
        with self._lock:
            left = self._held.get(key, frozenset()) - now
            self._fade(key, frozenset(name for name in left if self._owner(name) == key))
            freed = self._set(self._held, key, now | self._fading.get(key, frozenset()))
        self._tell(freed)

    def look(self, key: Key) -> None:
        """Something about the objects of ``key`` is new."""
        with self._lock:
            fading = self._fading.get(key, frozenset())
            gone = frozenset(name for name in fading if self._owner(name) != key)
            self._fade(key, fading - gone)
            kept = self._held.get(key, frozenset()) - (gone - self._wanted.get(key, frozenset()))
            freed = self._set(self._held, key, kept) if gone else set()
        self._tell(freed)

    def withdraw(self, key: Key) -> None:
        """``key`` has no plan: it keeps what it has and wants nothing."""
        with self._lock:
            self._await(key, frozenset())
            freed = self._set(self._wanted, key, frozenset())
        self._tell(freed)

    def forget(self, key: Key) -> None:
        """It is gone from the cluster."""
        with self._lock:
            self._ages.pop(key, None)
            self._fade(key, frozenset())
            self._await(key, frozenset())
            freed = self._set(self._wanted, key, frozenset())
            freed |= self._set(self._held, key, frozenset())
        self._tell(freed)

    def _rival(self, key: Key, name: ObjectName) -> Key | None:
        """Who comes before ``key`` for the object of that ``name``."""
        others = [other for other in self._claimants.get(name, ()) if other != key]
        for other in others:
            if name in self._held.get(other, ()):
                return other
        if name in self._held.get(key, ()):
            return None
        owner = self._owner(name)
        if owner == key:
            return None
        if owner is not None and self._fleet.service(owner) is not None:
            # This process has not applied it, but one before it has.
            self._set(self._held, owner, self._held.get(owner, frozenset()) | {name})
            self._fade(owner, self._fading.get(owner, frozenset()) | {name})
            return owner
        older = [other for other in others if self._ages[other] < self._ages[key]]
        return min(older, key=self._ages.__getitem__, default=None)

    def _owner(self, name: ObjectName) -> Key | None:
        """The ModelService that owns what there is of that name."""
        version = VERSIONS.get((name.group, name.kind))
        if version is None:
            return None
        return self._children.owner(name.namespace, Identity(version, name.kind, name.name))

    def _set(
        self, table: dict[Key, frozenset[ObjectName]], key: Key, now: frozenset[ObjectName]
    ) -> set[Key]:
        """Those who wait for what ``key`` has no claim to any more."""
        before = table.pop(key, frozenset())
        if now:
            table[key] = now
        for name in now - before:
            self._claimants[name].add(key)
        freed: set[Key] = set()
        for name in before - now:
            if name in self._wanted.get(key, ()) or name in self._held.get(key, ()):
                continue
            _discard(self._claimants, name, key)
            freed |= self._waiting.get(name, set())
        return freed

    def _fade(self, key: Key, now: frozenset[ObjectName]) -> None:
        if now:
            self._fading[key] = now
        else:
            self._fading.pop(key, None)

    def _await(self, key: Key, now: frozenset[ObjectName]) -> None:
        """``key`` is told when one of ``now`` is free, and of nothing else."""
        for name in self._awaited.pop(key, ()):
            _discard(self._waiting, name, key)
        if now:
            self._awaited[key] = now
        for name in now:
            self._waiting[name].add(key)

    def _tell(self, freed: set[Key]) -> None:
        for key in freed:
            self._freed(key)


def age_of(service: Mapping[str, Any]) -> Age:
    """Sorts older ModelServices first."""
    metadata = service["metadata"]
    return metadata.get("creationTimestamp", ""), metadata.get("uid", "")


def _discard(table: dict[ObjectName, set[Key]], name: ObjectName, key: Key) -> None:
    table[name].discard(key)
    if not table[name]:
        del table[name]
