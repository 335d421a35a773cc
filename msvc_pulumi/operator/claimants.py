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

from msvc_pulumi.claims import Claim, claims, name_conflict
from msvc_pulumi.errors import Diagnostic
from msvc_pulumi.operator.childwatch import CHILD_KINDS
from msvc_pulumi.operator.executor import Key
from msvc_pulumi.operator.fleet import Fleet
from msvc_pulumi.operator.ownedchildren import Identity, OwnedChildren
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
        self._wanted: dict[Key, frozenset[Claim]] = {}
        self._held: dict[Key, frozenset[Claim]] = {}
        # What is held for no other reason than that the cluster has it.
        self._fading: dict[Key, frozenset[Claim]] = {}
        self._claimants: dict[Claim, set[Key]] = defaultdict(set)
        self._awaited: dict[Key, frozenset[Claim]] = {}
        self._waiting: dict[Claim, set[Key]] = defaultdict(set)

    def claim(
        self, service: Mapping[str, Any], key: Key, plan: Plan, *, hold: bool = False
    ) -> Diagnostic | None:
        """Why ``key`` has to wait; None if it may go on, and comes before all who are younger.

        With ``hold`` nobody older comes before it from here on: the plan is being applied. What it
        held before it holds too, until `settle` says that it is gone.
        """
        wanted = claims(plan)
        with self._lock:
            self._ages[key] = age_of(service)
            self._await(key, frozenset())
            rivals = {claim: rival for claim in wanted if (rival := self._rival(key, claim))}
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
        shared = [(claim, wanted[claim]) for claim, rival in rivals.items() if rival == first]
        named = first.name if first.namespace == key.namespace else "of another namespace"
        return name_conflict(key.name, named, shared)

    def settle(self, key: Key, plan: Plan) -> None:
        """The cluster has what ``plan`` says of ``key``; what else it had goes, or has gone."""
        now = frozenset(claims(plan))
        with self._lock:
            left = self._held.get(key, frozenset()) - now
            self._fade(key, frozenset(claim for claim in left if self._owner(claim) == key))
            freed = self._set(self._held, key, now | self._fading.get(key, frozenset()))
        self._tell(freed)

    def look(self, key: Key) -> None:
        """Something about the objects of ``key`` is new."""
        with self._lock:
            fading = self._fading.get(key, frozenset())
            gone = frozenset(claim for claim in fading if self._owner(claim) != key)
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

    def _rival(self, key: Key, claim: Claim) -> Key | None:
        """Who comes before ``key`` for what ``claim`` names."""
        others = [other for other in self._claimants.get(claim, ()) if other != key]
        for other in others:
            if claim in self._held.get(other, ()):
                return other
        if claim in self._held.get(key, ()):
            return None
        owner = self._owner(claim)
        if owner == key:
            return None
        if owner is not None and self._fleet.service(owner) is not None:
            # This process has not applied it, but one before it has.
            self._set(self._held, owner, self._held.get(owner, frozenset()) | {claim})
            self._fade(owner, self._fading.get(owner, frozenset()) | {claim})
            return owner
        older = [other for other in others if self._ages[other] < self._ages[key]]
        return min(older, key=self._ages.__getitem__, default=None)

    def _owner(self, claim: Claim) -> Key | None:
        """The ModelService that owns what there is of that name."""
        version = VERSIONS.get((claim.group, claim.kind))
        if version is None:
            return None
        return self._children.owner(claim.namespace, Identity(version, claim.kind, claim.name))

    def _set(self, table: dict[Key, frozenset[Claim]], key: Key, now: frozenset[Claim]) -> set[Key]:
        """Those who wait for what ``key`` has no claim to any more."""
        before = table.pop(key, frozenset())
        if now:
            table[key] = now
        for claim in now - before:
            self._claimants[claim].add(key)
        freed: set[Key] = set()
        for claim in before - now:
            if claim in self._wanted.get(key, ()) or claim in self._held.get(key, ()):
                continue
            _discard(self._claimants, claim, key)
            freed |= self._waiting.get(claim, set())
        return freed

    def _fade(self, key: Key, now: frozenset[Claim]) -> None:
        if now:
            self._fading[key] = now
        else:
            self._fading.pop(key, None)

    def _await(self, key: Key, now: frozenset[Claim]) -> None:
        """``key`` is told when one of ``now`` is free, and of nothing else."""
        for claim in self._awaited.pop(key, ()):
            _discard(self._waiting, claim, key)
        if now:
            self._awaited[key] = now
        for claim in now:
            self._waiting[claim].add(key)

    def _tell(self, freed: set[Key]) -> None:
        for key in freed:
            self._freed(key)


def age_of(service: Mapping[str, Any]) -> Age:
    """Sorts older ModelServices first."""
    metadata = service["metadata"]
    return metadata.get("creationTimestamp", ""), metadata.get("uid", "")


def _discard(table: dict[Claim, set[Key]], claim: Claim, key: Key) -> None:
    table[claim].discard(key)
    if not table[claim]:
        del table[claim]
