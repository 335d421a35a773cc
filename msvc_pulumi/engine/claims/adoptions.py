"""`Adoptions`: what a stack does not know of its ModelServices becomes its own: what an earlier
operator made, and what a run of the stack's own made that was cut off.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from threading import Event
from typing import Self

from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.cluster.adoption import Adoption
from msvc_pulumi.cluster.claims import Place
from msvc_pulumi.cluster.resumption import Resumption
from msvc_pulumi.engine.claims.stackclaims import StackClaims, planned_places
from msvc_pulumi.plan import Plan

__all__ = ["Adoptions"]

AT_A_TIME = 8  # ModelServices
REPLACED_WITHIN = 600.0  # seconds that pods of a new Deployment may take before the old ones go


@dataclass(frozen=True, slots=True)
class Adoptions:
    """Those of the ``plans`` of a stack of which somebody else made something, and those of which
    there is something that its own run made.
    """

    plans: Sequence[Plan]
    concerned: tuple[Adoption, ...] = ()
    resumed: tuple[Resumption, ...] = ()

    @classmethod
    def of(cls, cluster: Cluster, plans: Sequence[Plan], claims: StackClaims) -> Self:
        """What has to become of all that ``claims`` inherit or resume; changes nothing.

        Raises:
            ClusterError: the cluster does not answer, or something is refused or has to be replaced
                that may not be.
        """

        def adoption(plan: Plan) -> Adoption:
            return Adoption.of(cluster, plan, claims.inherited, claims.settled)

        def resumption(plan: Plan) -> Resumption:
            return Resumption.of(cluster, plan, claims.resumed)

        with ThreadPoolExecutor(AT_A_TIME, "adopt") as pool:
            found = tuple(pool.map(adoption, _having(plans, claims.inherited)))
            resumed = tuple(pool.map(resumption, _having(plans, claims.resumed)))
        if problems := [problem for one in found for problem in one.problems]:
            raise ClusterError(*problems)
        return cls(plans, found, resumed)

    def carry_out(self, *, force: bool = False) -> None:
        """All of it is as if Pulumi had made it; with ``force`` also what somebody else has set of
        what is resumed.

        Raises:
            ClusterError: the cluster does not answer or refuses, or pods of what was replaced are
                still waited for.
        """
        stopped = Event()
        start = partial(Adoption.carry_out, wait=REPLACED_WITHIN, stopped=stopped)
        with ThreadPoolExecutor(AT_A_TIME, "adopt") as pool:
            try:
                for _ in pool.map(partial(Resumption.carry_out, force=force), self.resumed):
                    pass
                problems = [
                    problem for waiting in pool.map(start, self.concerned) for problem in waiting
                ]
            finally:
                stopped.set()  # Ctrl-C is not to be waited out
        if problems:
            raise ClusterError(*problems)

    @property
    def applied(self) -> Sequence[Plan]:
        """The plans as the engine has to apply them."""
        adopted = {id(one.plan): one.applied for one in self.concerned}
        resumed = {id(one.plan): one for one in self.resumed}
        plans = [(id(plan), adopted.get(id(plan), plan)) for plan in self.plans]
        return [resumed[key].applied(plan) if key in resumed else plan for key, plan in plans]


def _having(plans: Sequence[Plan], places: Collection[Place]) -> list[Plan]:
    """The plans that have something in ``places``."""
    if not places:
        return []
    return [plan for plan in plans if any(place in places for place in planned_places([plan]))]
