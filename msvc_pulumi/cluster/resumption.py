"""`Resumption`: what a run of a stack's own made and no state has becomes what is planned.

Pulumi's field manager of an object has a name that only the state knows. Without that the next run
is another manager, to whom other values are conflicts, and what is not planned any more stays. So
what the first one owns is made what is planned, and is nobody's then, before Pulumi applies it.
Nothing is forced: a field that somebody else has set is a conflict then as it always is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Self

from msvc_pulumi.cluster.adoption import with_live_counts
from msvc_pulumi.cluster.claims import CREATOR, Place
from msvc_pulumi.cluster.client import Cluster, ClusterError
from msvc_pulumi.cluster.ownership import is_ours
from msvc_pulumi.cluster.predecessors import ADOPTER, Handed, released, renamed
from msvc_pulumi.cluster.rewriting import rewritten
from msvc_pulumi.errors import FieldPath
from msvc_pulumi.out.declaration import Declaration, declarations, restarting
from msvc_pulumi.plan import Plan
from msvc_pulumi.target.immutability import with_value

__all__ = ["Resumption"]

RESUMER = f"{CREATOR}-resumption"
"""Field manager in between; it counts as Pulumi's if we are killed meanwhile."""
REPLICAS = FieldPath.of("spec", "replicas")
Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Resumption:
    """Those objects of ``plan``, ``live`` by their places, that no state has."""

    cluster: Cluster
    plan: Plan
    live: Mapping[Place, Object]

    @classmethod
    def of(cls, cluster: Cluster, plan: Plan, places: Collection[Place]) -> Self:
        """The resumption of what is in ``places``; changes nothing. Raises ClusterError."""
        wanted = [place for one in plan if (place := Place.of(one.manifest)) in places]
        found = {place: cluster.get(*place.identity) for place in wanted}
        return cls(cluster, plan, {place: item for place, item in found.items() if item})

    def applied(self, plan: Plan) -> Plan:
        """``plan`` as the engine has to apply it: of what it creates, it ignores no changes."""
        return with_live_counts(plan, self.live)

    def carry_out(self, *, force: bool = False) -> None:
        """What Pulumi owns of each object is what is planned; with ``force`` also what somebody
        else owns by now.

        Raises:
            ClusterError: the cluster does not answer, or it does not let us.
        """
        found = {one.key: one for one in declarations(self.plan.name, self.plan)}
        for declaration in found.values():
            place = Place.of(declaration.properties)
            live = self.live.get(place)
            if live is None or not _own(live["metadata"]):
                continue
            manifest = declaration.properties
            if cause := found.get(declaration.restarts_with):
                manifest = self._stamped(declaration, Place.of(cause.properties))
            self._resume(place, live, _counting(manifest, live, declaration), force=force)

    def _resume(self, place: Place, live: Object, manifest: Object, *, force: bool) -> None:
        def ours(live: Object) -> Object | None:
            entries = _own(live["metadata"])
            fields = renamed(live["metadata"], entries, (RESUMER, "Apply"))
            return {"managedFields": fields} if entries else None

        def created(live: Object) -> Object | None:
            metadata, entries = live["metadata"], {(RESUMER, "Apply")}
            if now is not None:
                return {"managedFields": released(metadata, entries)}
            return {"managedFields": renamed(metadata, entries, (CREATOR, "Update"))}

        if not rewritten(self.cluster, place, live, ours):
            return
        now: Object | None = None
        try:
            now = self.cluster.apply(manifest, field_manager=RESUMER, force=force)
        except ClusterError as error:
            if not error.status:
                raise
            # Somebody else owns a field, or it cannot be changed: the engine says so.
        rewritten(self.cluster, place, now or self.cluster.get(*place.identity), created)

    def _stamped(self, declaration: Declaration, pool: Place) -> Object:
        """The workload with the uid of the pool there is, as the engine will have it."""
        live = self.live.get(pool) or self.cluster.get(*pool.identity)
        return declaration.properties if live is None else restarting(declaration, live["metadata"])


def _counting(manifest: Object, live: Object, declaration: Declaration) -> Object:
    count = REPLICAS.find(live)
    if count is None or str(REPLICAS) not in declaration.ignore_changes:
        return manifest
    return dict(with_value(manifest, REPLICAS, count))


def _own(metadata: Mapping[str, Any]) -> Handed:
    """Manager and operation of the entries that are Pulumi's; an adoption ends its own."""
    return frozenset(
        (str(entry["manager"]), str(entry["operation"]))
        for entry in metadata.get("managedFields") or ()
        if is_ours(entry) and entry["manager"] != ADOPTER
    )
