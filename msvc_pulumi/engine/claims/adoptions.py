"""`Adoptions`: what an earlier operator made of many ModelServices becomes a stack's."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from threading import Event
from typing import Self

from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.cluster.adoption import Adoption
from msvc_pulumi.engine.claims.stackclaims import StackClaims, planned_places
from msvc_pulumi.plan import Plan

__all__ = ["Adoptions"]

AT_A_TIME = 8  # ModelServices
REPLACED_WITHIN = 600.0  # seconds that pods of a new Deployment may take before the old ones go


@dataclass(frozen=True, slots=True)
class Adoptions:
    """Those of the ``plans`` of a stack of which somebody else made something."""

    plans: Sequence[Plan]
    concerned: tuple[Adoption, ...] = ()

    @classmethod
    def of(cls, cluster: Cluster, plans: Sequence[Plan], claims: StackClaims) -> Self:
        """What has to become of all that ``claims`` inherit; changes nothing.

        Raises:
            ClusterError: the cluster does not answer, or something is refused or has to be replaced
                that may not be.
        """
        inherited = claims.inherited
        some = [plan for plan in plans if not inherited.isdisjoint(planned_places([plan]))]
        if not some:
            return cls(plans)

        def look(plan: Plan) -> Adoption:
            return Adoption.of(cluster, plan, inherited, claims.settled)

        with ThreadPoolExecutor(AT_A_TIME, "adopt") as pool:
            found = tuple(pool.map(look, some))
        if problems := [problem for one in found for problem in one.problems]:
            raise ClusterError(*problems)
        return cls(plans, found)

    def carry_out(self) -> None:
        """All of it is as if Pulumi had made it.

        Raises:
            ClusterError: the cluster does not answer or refuses, or pods of what was replaced are
                still waited for.
        """
        stopped = Event()
        start = partial(Adoption.carry_out, wait=REPLACED_WITHIN, stopped=stopped)
        with ThreadPoolExecutor(AT_A_TIME, "adopt") as pool:
            try:
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
        applied = {id(one.plan): one.applied for one in self.concerned}
        return [applied.get(id(plan), plan) for plan in self.plans]
