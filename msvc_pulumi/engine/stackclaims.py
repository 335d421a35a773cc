"""`StackClaims`: whose the objects are that a run of a stack of plans would write or delete."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.cluster.claims import (
    Claim,
    Claimant,
    Metadata,
    Place,
    claim,
    is_made_by_pulumi,
    object_exists,
)
from msvc_pulumi.cluster.existing import existing
from msvc_pulumi.cluster.predecessors import is_inherited
from msvc_pulumi.declaration import owner_uid
from msvc_pulumi.engine.attempt import Attempt
from msvc_pulumi.engine.stateobjects import StateObject, pending_places, state_objects
from msvc_pulumi.errors import Diagnostic
from msvc_pulumi.plan import Plan

__all__ = ["StackClaims", "planned_places", "unrecorded"]

State = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StackClaims:
    """With ``problems`` nothing may be applied. ``takes_over`` says that there are objects of the
    stack's own which its state does not know; ``lost`` are the URNs of those in its state that are
    not what it made: somebody made them anew, and they are not to be deleted. ``inherited`` is
    where an earlier operator still owns fields of what is planned, or somebody gave it away; those
    in ``settled`` the state has.
    """

    problems: tuple[Diagnostic, ...] = ()
    takes_over: bool = False
    lost: frozenset[str] = frozenset()
    inherited: frozenset[Place] = frozenset()
    settled: frozenset[Place] = frozenset()

    @classmethod
    def of(
        cls, cluster: Cluster, plans: Iterable[Plan], state: State, attempt: Attempt
    ) -> StackClaims:
        """The claims of a stack with that ``state`` and those plans, none for a deletion; what a
        run before it was killed at is ``attempt``.

        Raises:
            ClusterError: the cluster does not answer.
        """
        recorded = {item.place: item for item in state_objects(state.get("resources") or ())}
        uids = {item.uid for item in recorded.values()} | attempt.uids
        tried = attempt.places.union(pending_places(state.get("pending_operations") or ()))
        planned = planned_places(plans)
        live = existing(cluster, {*planned, *recorded})
        return cls.judged(live, planned, recorded, uids, tried)

    @classmethod
    def judged(
        cls,
        live: Mapping[Place, Metadata],
        planned: Mapping[Place, Claimant],
        recorded: Mapping[Place, StateObject],
        uids: Collection[str],
        tried: Collection[Place],
        *,
        owner: Claimant | None = None,
    ) -> StackClaims:
        """The claims to what there is (``live``) of planned and recorded objects.

        ``uids`` are of what the stack made, ``tried`` the places where a killed run may have made
        something. ``owner`` is whose the recorded objects are that are not planned, where all are
        one ModelService's.
        """
        problems: list[Diagnostic] = []
        lost: set[str] = set()
        takes_over = False
        inherited: set[Place] = set()
        for place, metadata in sorted(live.items()):
            known = recorded.get(place)
            claimant = planned.get(place, owner)
            if claimant is None:
                made = metadata.get("uid") in uids
                made = made or (place in tried and is_made_by_pulumi(metadata))
                if known is not None and not made:
                    lost.add(known.urn)
                continue
            found = claim(metadata, claimant, recorded=uids, tried=place in tried)
            if place not in planned:
                if known is not None and not found.holds:
                    lost.add(known.urn)
            elif not found.holds:
                problems.append(object_exists(place, metadata, claimant, found))
                continue
            elif known is None:
                takes_over = True
            elif found is Claim.GIVEN:
                takes_over = True
                lost.add(known.urn)  # what the state has is gone; this one is made known instead
            if place in planned and (found is Claim.GIVEN or is_inherited(metadata)):
                inherited.add(place)
        kept = {item.place for item in recorded.values() if item.urn not in lost}
        return cls(
            tuple(problems),
            takes_over,
            frozenset(lost),
            frozenset(inherited),
            frozenset(inherited & kept),
        )


def planned_places(plans: Iterable[Plan]) -> dict[Place, Claimant]:
    """Where the plans have objects, and for which ModelService."""
    found: dict[Place, Claimant] = {}
    for plan in plans:
        claimant = Claimant(plan.namespace, plan.name, owner_uid(plan))
        found |= {Place.of(planned.manifest): claimant for planned in plan}
    return found


def unrecorded(cluster: Cluster, plans: Sequence[Plan], state: State) -> Attempt:
    """What Pulumi made of ``plans`` without the state knowing: a plugin that was killed did."""
    uids = {item.uid for item in state_objects(state.get("resources") or ())}
    made = existing(cluster, planned_places(plans)).values()
    return Attempt(
        uids=frozenset(
            str(item["uid"]) for item in made if item["uid"] not in uids and is_made_by_pulumi(item)
        )
    )
