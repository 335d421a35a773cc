"""`StackClaims`: whose the objects are that a run of a stack of plans would write or delete."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.cluster.claims import (
    Claim,
    Claimant,
    Metadata,
    Place,
    claim,
    object_exists,
    pulumi_manager,
)
from msvc_pulumi.cluster.existing import existing
from msvc_pulumi.cluster.predecessors import is_inherited
from msvc_pulumi.engine.claims.attempt import Attempt
from msvc_pulumi.engine.claims.stackdrift import suspects
from msvc_pulumi.engine.state.stateobjects import StateObject, creations, recorded, state_objects
from msvc_pulumi.errors import Diagnostic
from msvc_pulumi.out.declaration import owner_uid
from msvc_pulumi.plan import Plan

__all__ = ["StackClaims", "planned_places", "unrecorded"]

State = Mapping[str, Any]
Resource = Mapping[str, Any]
EMPTY: Mapping[Place, Resource] = MappingProxyType({})


NOBODY = Claimant("", "")


@dataclass(frozen=True, slots=True)
class StackClaims:
    """With ``problems`` nothing may be applied. In the places ``taken`` are objects of the stack's
    own which its state does not know; ``lost`` are the URNs of those in its state that are
    not what it made: somebody made them anew, and they are not to be deleted. ``suspects`` counts
    the objects that may not be what was applied any more. ``inherited`` is where an earlier
    operator still owns fields of what is planned, or somebody gave it away (``given``); those in
    ``settled`` the state has.

    Of what a killed run made ``made`` is to be recorded in the state, and ``abandoned`` (with uids)
    is to be deleted: no plan has it, and nothing is known of it that a state would need. After a
    run that was ``cut_off`` the state may be behind the cluster, and has to be refreshed.
    ``begun`` is what to keep while the run is under way, None if it makes nothing that is planned;
    ``pending`` says that the state has notes of the engine's about a run before it.
    """

    problems: tuple[Diagnostic, ...] = ()
    taken: frozenset[Place] = frozenset()
    lost: frozenset[str] = frozenset()
    made: tuple[Resource, ...] = ()
    abandoned: Mapping[Place, str] = field(default_factory=dict)
    cut_off: bool = False
    suspects: int = 0
    inherited: frozenset[Place] = frozenset()
    settled: frozenset[Place] = frozenset()
    given: frozenset[Place] = frozenset()
    begun: Attempt | None = None
    pending: bool = False

    @property
    def takes_over(self) -> bool:
        """Whether what there is has to be taken over instead of being made."""
        return bool(self.taken)

    @property
    def resumed(self) -> frozenset[Place]:
        """Where that is what a run of this stack's own made."""
        return self.taken - self.inherited

    @classmethod
    def of(
        cls, cluster: Cluster, plans: Iterable[Plan] | None, state: State, attempt: Attempt
    ) -> StackClaims:
        """The claims of a stack with that ``state`` and those plans, none for a deletion; what a
        run before it was killed at is ``attempt``. Where nobody knows the plans (None), nothing is
        told but what is to be recorded, and how many objects of the state may have changed.

        Raises:
            ClusterError: the cluster does not answer.
        """
        begun = creations(state)
        pending = bool(state.get("pending_operations"))
        cut_off = attempt.cut_off or pending
        known = {item.place: item for item in state_objects(state.get("resources") or ())}
        if plans is None:
            live = existing(cluster, {*begun, *known})
            tried = {place: live[place] for place in begun if place in live}
            made = cls.judged(tried, {}, {}, begun=begun).made
            changed = suspects(state, live)
            return cls(made=made, cut_off=cut_off, suspects=changed, pending=pending)
        uids = {item.uid for item in known.values()}.union(attempt.objects.values())
        places = attempt.places.union(begun)
        planned = planned_places(plans)
        live = existing(cluster, {*planned, *known, *places, *attempt.objects})
        found = cls.judged(live, planned, known, uids, tried=places, begun=begun)
        return replace(
            found,
            cut_off=cut_off,
            suspects=suspects(state, live),
            begun=attempt.begun({*begun, *planned}),
            pending=pending,
        )

    @classmethod
    def judged(
        cls,
        live: Mapping[Place, Metadata],
        planned: Mapping[Place, Claimant],
        known: Mapping[Place, StateObject],
        uids: Collection[str] = (),
        *,
        tried: Collection[Place] = (),
        begun: Mapping[Place, Resource] = EMPTY,
        owner: Claimant | None = None,
    ) -> StackClaims:
        """The claims to what there is (``live``) of objects that are planned, ``known`` to the
        state, or may have been made by a killed run.

        ``uids`` are of what the stack made, ``tried`` the places where a killed run may have made
        something, ``begun`` what the engine wrote down of that. ``owner`` is whose the objects are
        that are not planned, where all are one ModelService's.
        """
        problems: list[Diagnostic] = []
        lost: set[str] = set()
        made: list[Resource] = []
        abandoned: dict[Place, str] = {}
        taken: set[Place] = set()
        inherited: set[Place] = set()
        given: set[Place] = set()
        for place, metadata in sorted(live.items()):
            item = known.get(place)
            claimant = planned.get(place, owner)
            found = claim(metadata, claimant or NOBODY, recorded=uids, tried=place in tried)
            noted = item is None and place in begun and not is_inherited(metadata)
            if noted and _is_made(found, metadata):
                made.append(recorded(begun[place], metadata))
            elif place in planned and claimant is not None:
                if not found.holds:
                    problems.append(object_exists(place, metadata, claimant, found))
                    continue
                if found is Claim.GIVEN or is_inherited(metadata):
                    inherited.add(place)
                if found is Claim.GIVEN:
                    given.add(place)
                if item is None:
                    taken.add(place)
                elif found is Claim.GIVEN:
                    taken.add(place)
                    lost.add(item.urn)  # what the state has is gone; this is made known instead
            elif item is not None:
                if not (found.holds if claimant else _has_made(metadata, uids, place in tried)):
                    lost.add(item.urn)
            elif _is_made(found, metadata):
                abandoned[place] = str(metadata["uid"])
        kept = {item.place for item in known.values() if item.urn not in lost}
        return cls(
            tuple(problems),
            frozenset(taken),
            frozenset(lost),
            tuple(made),
            abandoned,
            inherited=frozenset(inherited),
            settled=frozenset(inherited & kept),
            given=frozenset(given),
        )


def _is_made(found: Claim, metadata: Metadata) -> bool:
    """Whether a killed run made it, and it is not about to go; an owner reference says only whose
    it is.
    """
    is_made = found is Claim.OWN and pulumi_manager(metadata) != ""
    return is_made and not metadata.get("deletionTimestamp")


def _has_made(metadata: Metadata, uids: Collection[str], tried: bool) -> bool:
    """Whether the stack made it, whoever owns it by now."""
    return metadata.get("uid") in uids or (tried and bool(pulumi_manager(metadata)))


def planned_places(plans: Iterable[Plan]) -> dict[Place, Claimant]:
    """Where the plans have objects, and for which ModelService."""
    found: dict[Place, Claimant] = {}
    for plan in plans:
        claimant = Claimant(plan.namespace, plan.name, owner_uid(plan))
        found |= {Place.of(planned.manifest): claimant for planned in plan}
    return found


def unrecorded(cluster: Cluster, plans: Sequence[Plan], state: State) -> dict[Place, str]:
    """What Pulumi made of ``plans`` without the state knowing, with uids: a plugin that was killed
    did.
    """
    uids = {item.uid for item in state_objects(state.get("resources") or ())}
    return {
        place: str(item["uid"])
        for place, item in existing(cluster, planned_places(plans)).items()
        if item["uid"] not in uids and pulumi_manager(item)
    }
