"""`Inspector`: whose the objects are that an update would write or delete, before it runs.

Where the watches have seen nothing, nothing is asked: what is made without taking over fails if
there is an object after all. So a fleet of new ModelServices costs no request, and an answer that
leads to a take-over or a refusal is never older than a moment.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.cluster.claims import Claim, Claimant, Place, claim, object_exists
from msvc_pulumi.cluster.existing import existing
from msvc_pulumi.declaration import owner_uid
from msvc_pulumi.engine.stateobjects import StateObject, pending_places, state_objects
from msvc_pulumi.errors import Diagnostic
from msvc_pulumi.operator.checkpoint import Checkpoint, pending, resources
from msvc_pulumi.operator.executor import Work
from msvc_pulumi.operator.ownedchildren import OwnedChildren, Presence

__all__ = ["Inspection", "Inspector"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found for one `Work`.

    With ``problems`` nothing of it may be applied. ``takes_over`` says that there are objects of
    its own which its state does not know, and ``lost`` are the URNs of those in its state that are
    not what it made: somebody made them anew, and they are not to be deleted.
    """

    problems: tuple[Diagnostic, ...] = ()
    takes_over: bool = False
    lost: frozenset[str] = frozenset()


class Inspector:
    """Looks at the cluster with what ``children`` knows already. Thread-safe."""

    def __init__(self, cluster: Cluster, children: OwnedChildren) -> None:
        self._cluster, self._children = cluster, children

    def inspect(
        self,
        works: Sequence[Work],
        states: Sequence[Checkpoint | None],
        *,
        fresh: bool = False,
        trusting: bool = False,
    ) -> list[Inspection]:
        """What was found for each work with its state. With ``fresh`` the watches are not trusted:
        a run that has just ended made things that they have yet to tell of. With ``trusting`` every
        planned object that Pulumi wrote counts as the stack's.

        Raises:
            ClusterError: the cluster does not answer.
        """
        looks = [
            _Look.of(work, state, self._children, fresh=fresh, trusting=trusting)
            for work, state in zip(works, states, strict=True)
        ]
        live = existing(self._cluster, {place for look in looks for place in look.uncertain})
        found = [look.inspection(live) for look in looks]
        for work, look, one in zip(works, looks, found, strict=True):
            awaited = look.uncertain if one.problems else ()
            self._children.await_change(work.key, awaited)
            for urn in one.lost:
                text = f"{urn.rpartition('::')[2]} is not what was made: it was made anew"
                logger.warning("%s", text, extra={"modelservice": str(work.key)})
        return found


@dataclass(frozen=True, slots=True)
class _Look:
    """One work: where it would write, what its stack made, and what has to be asked for."""

    claimant: Claimant
    planned: frozenset[Place]
    recorded: Mapping[Place, StateObject]
    uids: Collection[str]
    tried: Collection[Place]
    uncertain: Collection[Place]

    @classmethod
    def of(
        cls,
        work: Work,
        state: Checkpoint | None,
        children: OwnedChildren,
        *,
        fresh: bool,
        trusting: bool,
    ) -> _Look:
        made = [*state_objects(resources(state))]
        planned = frozenset(Place.of(item.manifest) for item in work.plan or ())
        recorded = {item.place: item for item in made}
        uid = owner_uid(work.plan) if work.plan is not None else ""
        return cls(
            Claimant(*work.key, uid),
            planned,
            recorded,
            {item.uid for item in made},
            planned if trusting else {*pending_places(pending(state))},
            {
                place
                for place in {*planned, *recorded}
                if _is_uncertain(
                    children.presence(place, work.key), known=place in recorded, fresh=fresh
                )
            },
        )

    def inspection(self, live: Mapping[Place, Mapping[str, Any]]) -> Inspection:
        problems: list[Diagnostic] = []
        lost: set[str] = set()
        takes_over = False
        for place in sorted(self.uncertain):
            metadata = live.get(place)
            if metadata is None:
                continue
            tried = place in self.tried
            found = claim(metadata, self.claimant, recorded=self.uids, tried=tried)
            known = self.recorded.get(place)
            if found is Claim.GIVEN and known is not None and place in self.planned:
                takes_over = True
                lost.add(known.urn)  # what the state has is gone; this one is made known instead
            elif found.holds:
                takes_over |= known is None and place in self.planned
            elif place in self.planned:
                problems.append(object_exists(place, metadata, self.claimant, found))
            elif known is not None:
                lost.add(known.urn)
        return Inspection(tuple(problems), takes_over, frozenset(lost))


def _is_uncertain(presence: Presence, *, known: bool, fresh: bool) -> bool:
    if fresh and not known:
        return True
    if presence is Presence.OWN:
        return not known  # it is to be taken over; that is worth a look
    return presence is not Presence.ABSENT
