"""`Inspector`: whose the objects are that an update would write or delete, before it runs.

Where the watches have seen nothing, nothing is asked: what is made without taking over fails if
there is an object after all. So a fleet of new ModelServices costs no request, and an answer that
leads to a take-over or a refusal is never older than a moment.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.cluster.adoption import Adoption
from msvc_pulumi.cluster.claims import Claimant, Metadata, Place
from msvc_pulumi.cluster.existing import existing
from msvc_pulumi.cluster.resumption import Resumption
from msvc_pulumi.engine.claims.stackclaims import StackClaims
from msvc_pulumi.engine.state.stateobjects import StateObject, creations, state_objects
from msvc_pulumi.errors import Diagnostic
from msvc_pulumi.operator.executor import Work
from msvc_pulumi.operator.stacks.checkpoint import Checkpoint, contents, resources
from msvc_pulumi.operator.watch.ownedchildren import OwnedChildren, Presence
from msvc_pulumi.out.declaration import owner_uid

__all__ = ["Inspector"]

logger = logging.getLogger(__name__)


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
    ) -> list[StackClaims]:
        """Whose the objects of each work with its state are.

        With ``fresh`` the watches are not trusted: a run that has just ended made things that they
        have yet to tell of. With ``trusting`` every planned object that Pulumi wrote counts as the
        stack's.

        Raises:
            ClusterError: the cluster does not answer.
        """
        looks = [
            _Look.of(work, state, self._children, fresh=fresh, trusting=trusting)
            for work, state in zip(works, states, strict=True)
        ]
        live = existing(self._cluster, {place for look in looks for place in look.uncertain})
        found = [look.claims(live) for look in looks]
        for work, look, one in zip(works, looks, found, strict=True):
            awaited = look.uncertain if one.problems else ()
            self._children.await_change(work.key, awaited)
            for urn in one.lost:
                text = f"{urn.rpartition('::')[2]} is not what was made: it was made anew"
                logger.warning("%s", text, extra={"modelservice": str(work.key)})
        return found

    def adopt(self, work: Work, found: StackClaims) -> tuple[Work, tuple[Diagnostic, ...]]:
        """The work as it is to be done, once what an earlier operator made of it, and what a run of
        ours made that was cut off, is as if Pulumi had made it; and why it is not yet.

        Raises:
            ClusterError: the cluster does not answer.
        """
        plan = work.plan
        if plan is None or not (found.inherited or found.resumed):
            return work, ()
        try:
            resumption = Resumption.of(self._cluster, plan, found.resumed)
            adoption = Adoption.of(self._cluster, plan, found.inherited, found.settled)
            problems = adoption.problems
            if not problems:
                resumption.carry_out(force=True)  # its objects are its own
                problems = adoption.carry_out()
        except ClusterError as error:
            if not error.status:
                raise
            return work, tuple(error.diagnostics)
        return replace(work, plan=resumption.applied(adoption.applied)), problems


@dataclass(frozen=True, slots=True)
class _Look:
    """One work: where it would write, what its stack made, and what has to be asked for."""

    claimant: Claimant
    planned: frozenset[Place]
    recorded: Mapping[Place, StateObject]
    uids: Collection[str]
    begun: Mapping[Place, Mapping[str, Any]]
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
        begun = creations(contents(state))
        uid = owner_uid(work.plan) if work.plan is not None else ""
        return cls(
            Claimant(*work.key, uid),
            planned,
            recorded,
            {item.uid for item in made},
            begun,
            planned if trusting else {*begun},
            {
                place
                for place in {*planned, *recorded, *begun}
                if place in begun
                or _is_uncertain(
                    children.presence(place, work.key), known=place in recorded, fresh=fresh
                )
            },
        )

    def claims(self, live: Mapping[Place, Metadata]) -> StackClaims:
        return StackClaims.judged(
            {place: live[place] for place in self.uncertain if place in live},
            dict.fromkeys(self.planned, self.claimant),
            self.recorded,
            self.uids,
            tried=self.tried,
            begun=self.begun,
            owner=self.claimant,
        )


def _is_uncertain(presence: Presence, *, known: bool, fresh: bool) -> bool:
    if fresh and not known:
        return True
    if presence is Presence.OWN:
        return not known  # it is to be taken over; that is worth a look
    return presence is not Presence.ABSENT
