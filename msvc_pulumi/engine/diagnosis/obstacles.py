"""`Obstacles`: what a run could not make what it should be, and how another goes around it.

The engine says of each object that the cluster refused it, in its preview or when its turn comes.
What the state has is left as it is by the next run, so that a replacement does not delete what
cannot be made again, and what depends on it goes on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.cluster.claims import Place
from msvc_pulumi.engine.diagnosis.failures import object_problem, place_of
from msvc_pulumi.engine.diagnosis.refusals import Conflict, are_refusals, conflicts, is_answered
from msvc_pulumi.engine.state.stateobjects import state_objects
from msvc_pulumi.errors import Diagnostic
from msvc_pulumi.out.declaration import declarations, logical_names
from msvc_pulumi.plan import Plan

__all__ = ["Obstacles", "declared_places"]

# What the plugin says of an object that was written, and then waited for in vain.
UNREADY = re.compile(r"was successfully created, but|timed out waiting")


@dataclass(frozen=True, slots=True)
class Obstacles:
    """What stood in the way of a run that failed.

    ``recorded`` is what the cluster refused of the objects that the state has, by URN; ``scaled``
    are those in whose way nothing is but a replica count that an autoscaler has set. In the places
    ``unanswered`` something may have been done that nobody heard of. With
    ``is_general`` something is wrong with more than objects; with ``is_preview`` nothing was done.
    """

    places: Mapping[str, Place] = field(default_factory=dict)
    since: Mapping[Conflict, str] = field(default_factory=dict)
    recorded: Mapping[str, Diagnostic] = field(default_factory=dict)
    scaled: frozenset[Place] = frozenset()
    unanswered: frozenset[Place] = frozenset()
    is_general: bool = False
    is_preview: bool = False

    @classmethod
    def of(
        cls,
        errors: Sequence[tuple[str, str]],
        state: Mapping[str, Any],
        plans: Sequence[Plan] | None,
        cluster: Cluster | None,
        *,
        is_preview: bool = False,
    ) -> Obstacles:
        """Those that ``errors`` of resources tell of, each a URN and a message, with what ``state``
        has and ``cluster`` knows of who wrote what.
        """
        known = {one.urn: one.place for one in state_objects(state.get("resources") or ())}
        places = {**declared_places(plans or ()), **known}
        since: dict[Conflict, str] = {}
        recorded: dict[str, Diagnostic] = {}
        scaled: set[Place] = set()
        unanswered: set[Place] = set()
        is_general = not errors
        for urn, message in errors:
            place = place_of(places, urn)
            found = conflicts(message)
            if place is not None and found and all(one.is_scaling for one in found):
                scaled.add(place)
            elif place is not None and found and cluster is not None:
                since |= _since(cluster, place, found)
            problem = object_problem(urn, message, place, since)
            is_general = is_general or problem is None
            is_told = problem is not None and (are_refusals([problem]) or is_answered(message))
            if place is not None and not is_told:
                unanswered.add(place)
            is_written = UNREADY.search(message) is not None
            if urn in known and problem is not None and place not in scaled and not is_written:
                recorded[urn] = problem
        return cls(
            places,
            since,
            recorded,
            frozenset(scaled),
            frozenset(unanswered),
            is_general,
            is_preview,
        )

    def also(self, later: Obstacles) -> Obstacles:
        """What was known before a run, and what the run met."""
        return replace(
            later,
            places={**self.places, **later.places},
            recorded={**self.recorded, **later.recorded},
            unanswered=self.unanswered | later.unanswered,
        )

    @property
    def around(self) -> list[str]:
        """The engine's flags for a run that leaves alone what was refused."""
        return [f"--exclude={urn}" for urn in self.recorded]

    def release(self, cluster: Cluster) -> None:
        """The counts of ``scaled`` are nobody's: what the user states wins over an autoscaler.

        Raises ClusterError.
        """
        for place in sorted(self.scaled):
            live = cluster.get(*place.identity, metadata=True)
            if live is None:
                continue
            metadata = live["metadata"]
            entries = [*_without_count(metadata.get("managedFields") or ())]
            body = {
                "metadata": {
                    "managedFields": entries,
                    "resourceVersion": metadata["resourceVersion"],
                }
            }
            try:
                cluster.patch(*place.identity, body=body)
            except ClusterError as error:
                if not error.is_conflict:  # somebody wrote the object meanwhile
                    raise


def declared_places(plans: Sequence[Plan]) -> dict[str, Place]:
    """Where the object of each resource is that ``plans`` declare, by its logical name."""
    return {
        declaration.name: Place.of(declaration.properties)
        for name, plan in zip(logical_names(plans), plans, strict=True)
        for declaration in declarations(name, plan)
    }


def _since(cluster: Cluster, place: Place, found: Sequence[Conflict]) -> dict[Conflict, str]:
    """When their managers last wrote the object; nothing where nobody tells."""
    try:
        live = cluster.get(*place.identity, metadata=True)
    except ClusterError:
        return {}
    times: dict[tuple[str, str], str] = {}
    for entry in (live or {"metadata": {}})["metadata"].get("managedFields") or ():
        writer = (str(entry.get("manager", "")), str(entry.get("subresource", "")))
        times[writer] = max(times.get(writer, ""), str(entry.get("time") or ""))
    return {one: time for one in found if (time := times.get((one.manager, one.subresource), ""))}


def _without_count(entries: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Who owns which fields, but for the count that was set by its subresource."""
    for entry in entries:
        if entry.get("subresource") != "scale":
            yield dict(entry)
