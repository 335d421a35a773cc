"""`Adoption`: objects of an earlier operator become Pulumi's, before Pulumi applies anything.

What their predecessor owned is moved to a field manager of ours, an apply with that one sets what
is stated and removes what is not, and then all of it is as if Pulumi had created the object. So
nothing that others own is touched, pods start anew once at most, and a run that is killed in
between is gone through again by the next one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from threading import Event
from typing import Any

from msvc_pulumi.cluster.claims import CREATOR, Claimant, Place, consent, is_given
from msvc_pulumi.cluster.client import Cluster
from msvc_pulumi.cluster.foresight import Foreseen, foresee, stated
from msvc_pulumi.cluster.predecessors import ADOPTER, handed, predecessors, released, renamed
from msvc_pulumi.cluster.replacement import Replacement
from msvc_pulumi.cluster.rewriting import rewritten
from msvc_pulumi.errors import Diagnostic
from msvc_pulumi.out.declaration import KEPT_POOL, Declaration, declarations, owner_uid
from msvc_pulumi.plan import Plan, PlannedObject
from msvc_pulumi.target.kinds import DEPLOYMENT

__all__ = ["REPLACE", "Adoption", "unconfirmed", "with_live_counts"]

REPLACE = "llm-d.ai/replace"
"""Annotation of an object: the ModelService that may delete it and make it anew."""
UNCONFIRMED = "replacement-unconfirmed"

POOL = "inferencePool"
REPLICAS = "spec.replicas"
Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Adoption:
    """What becomes of those objects of ``plan`` that an earlier operator made."""

    cluster: Cluster
    plan: Plan
    foreseen: tuple[Foreseen, ...]
    recorded: Collection[Place] = ()

    @classmethod
    def of(
        cls,
        cluster: Cluster,
        plan: Plan,
        places: Collection[Place],
        recorded: Collection[Place] = (),
    ) -> Adoption:
        """The adoption of what is in ``places``; changes nothing. What is ``recorded`` in a state
        and cannot be changed in place is the engine's to replace.

        Raises:
            ClusterError: the cluster does not answer.
        """
        declared = {Place.of(one.properties): one for one in declarations(plan.name, plan)}
        found = {place: cluster.get(*place.identity) for place in declared if place in places}
        live = {place: item for place, item in found.items() if item is not None}
        names = {place: predecessors(item["metadata"]) for place, item in live.items()}
        # In another namespace there is no owner reference; what was given away may have the same.
        claimant = Claimant(plan.namespace, plan.name, owner_uid(plan))
        given = {place for place, item in live.items() if is_given(item["metadata"], claimant)}
        names |= dict.fromkeys(given, frozenset[str]().union(*names.values()))
        foreseen = (
            foresee(cluster, declared[place], item, names[place]) for place, item in live.items()
        )
        return cls(
            cluster,
            plan,
            tuple(one for one in foreseen if one.after is not None or one.place not in recorded),
            recorded,
        )

    @property
    def problems(self) -> tuple[Diagnostic, ...]:
        """Why it cannot be gone through with; then nothing may be changed."""
        claimant = Claimant(self.plan.namespace, self.plan.name, owner_uid(self.plan))
        return tuple(self._problems(claimant))

    @property
    def applied(self) -> Plan:
        """The plan as the engine has to apply it: a count that is not ours once the object is there
        is the one that it has. Of what it creates, the engine ignores no changes.
        """
        return with_live_counts(self.plan, {one.place: one.before for one in self.foreseen})

    def _problems(self, claimant: Claimant) -> Iterator[Diagnostic]:
        for one in self.foreseen:
            if one.refusal is None:
                continue
            if not one.is_replaceable:
                what = f'{one.place.kind} "{one.place.name}" is refused'
                yield from (
                    replace(item, notes=(what, *item.notes)) for item in one.refusal.diagnostics
                )
            elif not is_given(one.before["metadata"], claimant, REPLACE):
                yield unconfirmed(one, claimant)

    def carry_out(
        self, *, wait: float = 0.0, stopped: Event | None = None
    ) -> tuple[Diagnostic, ...]:
        """Take over what can be in place, replace the rest; why it has to be tried again, if so.

        Deployments that are replaced are waited for, ``wait`` seconds at most and until it is
        ``stopped``, before anything changes that leads requests to them.

        Raises:
            ClusterError: the cluster does not answer, or it refuses.
        """
        inplace = [one for one in self.foreseen if one.after is not None]
        replaced = [one for one in self.foreseen if one.after is None]
        first = self._needed({one.declaration.key for one in replaced})
        for declaration in declarations(self.plan.name, self.plan):
            if declaration.key in first:
                self._make(declaration)
        for one in inplace:
            if one.declaration.key in first:
                self._take(one)
        early = [one for one in replaced if one.restarts or one.declaration.key in first]
        begun = [
            *self._interrupted(),
            *(found for one in inplace if (found := Replacement.begun(self.cluster, one.before))),
            *map(self._replaced, early),
        ]
        stopped = stopped or Event()
        waiting = tuple(
            problem for one in begun if (problem := one.finish(wait, stopped)) is not None
        )
        if waiting:
            return waiting
        for one in inplace:
            if one.declaration.key not in first:
                self._take(one)
        for one in replaced:
            if one not in early:
                self._replaced(one)
            self._conclude(one.declaration)
        return ()

    def _replaced(self, one: Foreseen) -> Replacement:
        replacement = Replacement.of(self.cluster, one.before, stated(one.declaration))
        replacement.start()
        return replacement

    def _interrupted(self) -> Iterator[Replacement]:
        """Of Deployments that a killed run had deleted and not made again."""
        there = {one.place for one in self.foreseen}
        for declaration in declarations(self.plan.name, self.plan):
            place = Place.of(declaration.properties)
            if place.kind == DEPLOYMENT.kind and place not in there:
                found = Replacement(self.cluster, place, declaration.properties)
                if found.leaves_pods:
                    self._make(declaration)
                    yield found

    def _needed(self, keys: Iterable[str]) -> set[str]:
        """What these need, by plan key: pods to start, and bindings to be allowed at all."""
        depends = {one.key: one.depends_on for one in self.plan}
        return {key for other in keys for key in depends[other] if key != POOL}

    def _make(self, declaration: Declaration) -> None:
        """The object is there; one that was is as it was."""
        if self.cluster.get(*Place.of(declaration.properties).identity) is not None:
            return
        made = self.cluster.apply(declaration.properties, field_manager=ADOPTER, force=True)
        self._conclude(declaration, made)

    def _take(self, one: Foreseen) -> None:
        """The object is what is stated, and its predecessor's fields are Pulumi's."""
        names = {manager for manager, operation in one.entries if operation == "Update"}

        def ours(live: Object) -> Object | None:
            entries = handed(live["metadata"], names)
            fields = renamed(live["metadata"], entries, (ADOPTER, "Apply"), one.kept)
            return {"managedFields": fields} if entries else None

        moved = rewritten(self.cluster, one.place, one.before, ours)
        if moved or one.place not in self.recorded:  # what was given away has no predecessor
            now = self.cluster.apply(stated(one.declaration), field_manager=ADOPTER, force=True)
            self._conclude(one.declaration, now, same=True)

    def _conclude(
        self, declaration: Declaration, live: Object | None = None, *, same: bool = False
    ) -> None:
        """What the adoption owns of the object is as if Pulumi had created it, or to be had by who
        does; ``live`` is how it was a moment ago.
        """
        entries = {(ADOPTER, "Apply")}

        def created(live: Object) -> Object | None:
            metadata = live["metadata"]
            if not handed(metadata, ()):
                return None
            fields = (
                renamed(metadata, entries, (CREATOR, "Update"))
                if place in self.recorded
                else released(metadata, entries)
            )
            changes: Object = {"managedFields": fields}
            if same and declaration.key == POOL:  # no picker has to forget what it knows of it
                changes["annotations"] = {KEPT_POOL: metadata["uid"]}
            return changes

        place = Place.of(declaration.properties)
        rewritten(self.cluster, place, live or self.cluster.get(*place.identity), created)


def with_live_counts(plan: Plan, live: Mapping[Place, Object]) -> Plan:
    """The plan with the counts that ``live`` objects have where they are not ours to state."""
    counts = {
        place: item["spec"]["replicas"]
        for place, item in live.items()
        if "replicas" in (item.get("spec") or {})
    }
    return replace(plan, objects=tuple(_counting(planned, counts) for planned in plan))


def _counting(planned: PlannedObject, counts: Mapping[Place, int]) -> PlannedObject:
    count = counts.get(Place.of(planned.manifest))
    spec = planned.manifest.get("spec") or {}
    if count is None or "replicas" not in spec or REPLICAS not in planned.ignore_changes:
        return planned
    return replace(planned, manifest={**planned.manifest, "spec": {**spec, "replicas": count}})


def unconfirmed(one: Foreseen, claimant: Claimant) -> Diagnostic:
    """The error that names an object which has to be replaced, and how that is consented to."""
    place = one.place
    reasons = one.refusal.diagnostics if one.refusal else ()
    return Diagnostic(
        UNCONFIRMED,
        f'{place.kind} "{place.name}" in namespace "{place.namespace}" cannot become what is '
        "planned without being deleted and made anew",
        notes=tuple(
            f"{item.field}: {item.summary}" if item.field else item.summary for item in reasons
        ),
        help=f"its owner can say that it may be: {consent(place, claimant, REPLACE)}",
    )
