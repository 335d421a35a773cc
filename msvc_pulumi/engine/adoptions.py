"""`adopt`: what an earlier operator made of many ModelServices becomes a stack's."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.cluster.adoption import Adoption
from msvc_pulumi.engine.stackclaims import StackClaims, planned_places
from msvc_pulumi.plan import Plan

__all__ = ["adopt"]

AT_A_TIME = 8  # ModelServices
REPLACED_WITHIN = 600.0  # seconds that pods of a new Deployment may take before the old ones go


def adopt(
    cluster: Cluster, plans: Sequence[Plan], claims: StackClaims, *, only_look: bool = False
) -> Sequence[Plan]:
    """The plans as they are to be applied, once what their ``claims`` inherit is as if Pulumi had
    made it; with ``only_look`` nothing is changed.

    Raises:
        ClusterError: the cluster does not answer or refuses, something has to be replaced that may
            not be, or pods of what was replaced are still waited for.
    """
    inherited = claims.inherited
    if not inherited:
        return plans
    concerned = [plan for plan in plans if not inherited.isdisjoint(planned_places([plan]))]
    with ThreadPoolExecutor(AT_A_TIME, "adopt") as pool:
        adoptions = list(
            pool.map(lambda plan: Adoption.of(cluster, plan, inherited, claims.settled), concerned)
        )
        problems = [problem for one in adoptions for problem in one.problems]
        if not problems and not only_look:
            done = pool.map(lambda one: one.carry_out(wait=REPLACED_WITHIN), adoptions)
            problems = [problem for waiting in done for problem in waiting]
    if problems:
        raise ClusterError(*problems)
    applied = {id(one.plan): one.applied for one in adoptions}
    return [applied.get(id(plan), plan) for plan in plans]
