"""What an endpoint picker may read and write, by its release and what it is told.

It reads its pool, the pool's pods, and the objects that rank and rewrite requests; replicas that
elect a leader keep a Lease. No secrets, and no other writes. Sources: the reconcilers of the
Inference Extension v0.3 to v1.5 and of llm-d's router.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msvc_pulumi.children.child import Child
from msvc_pulumi.children.gocontainer import Told
from msvc_pulumi.children.pickerflags import flags, is_of_router, is_on, pickers
from msvc_pulumi.commandline.goprograms import Candidates

__all__ = ["EPP_RULES", "LEADER_ELECTION", "elects_leader", "rules"]

Rule = dict[str, Any]

LEADER_ELECTION = "ha-enable-leader-election"
READ = ["get", "list", "watch"]
OLD, NEW, ROUTER = "inference.networking.x-k8s.io", "inference.networking.k8s.io", "llm-d.ai"
POOLS, MODELS = "inferencepools", "inferencemodels"
HEIRS = ("inferenceobjectives", "inferencemodelrewrites")
LEADER_RULES: list[Rule] = [
    {
        "apiGroups": ["coordination.k8s.io"],
        "resources": ["leases"],
        "verbs": [*READ, "create", "update", "patch", "delete"],
    },
    {"apiGroups": [""], "resources": ["events"], "verbs": ["create", "patch"]},
]
EVERY_GROUP = {OLD: [POOLS, MODELS, *HEIRS], NEW: [POOLS], ROUTER: [*HEIRS]}


def rules(picker: Child) -> list[Rule]:
    """The rules of the picker's Role; for one that is not known those of every release."""
    here = next(pickers(picker), None)
    known = here.known if here else None
    told = flags(picker)
    elects = LEADER_RULES if elects_leader(known, told) else []
    return [*_reading({"": ["pods"], **_extension(known, told)}), *elects]


def _reading(groups: Mapping[str, list[str]]) -> list[Rule]:
    return [{"apiGroups": [g], "resources": kinds, "verbs": READ} for g, kinds in groups.items()]


def elects_leader(known: Candidates | None, told: Mapping[str, Told]) -> bool:
    """Whether replicas elect a leader; a release that does not know the flag ends at it."""
    return is_on(told, LEADER_ELECTION) and not (known and known.refuses(LEADER_ELECTION))


def _extension(known: Candidates | None, told: Mapping[str, Told]) -> Mapping[str, list[str]]:
    """What it reads of each API group of the Inference Extension and its heirs."""
    if known is not None and known.refuses("pool-group"):
        return {OLD: [POOLS, MODELS]}
    if known is None or not known.takes("pool-group"):
        return EVERY_GROUP
    group = told["pool-group"].value if "pool-group" in told else NEW
    old = [POOLS] if group == OLD or "$" in group else []
    read = {OLD: [*old, *HEIRS]}
    if group != OLD:
        read[NEW] = [POOLS]
    return {**read, ROUTER: [*HEIRS]} if is_of_router(known) else read


EPP_RULES = [*_reading({"": ["pods"], **EVERY_GROUP}), *LEADER_RULES]
"""All that a Role of any picker allows: who makes these Roles has to hold it."""
