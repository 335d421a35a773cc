"""`Drift`: whether the objects of a ModelService are still what was applied, and what to do then.

What the watches tell may be late, so nothing is done before the server was asked again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.cluster.claims import Place
from msvc_pulumi.cluster.drift import Change, ObjectDrift, compared, deleted, summary
from msvc_pulumi.errors import FieldPath
from msvc_pulumi.operator.drift.repairs import Repairs
from msvc_pulumi.operator.executor import Key
from msvc_pulumi.operator.status.notices import MAX_MESSAGE, post
from msvc_pulumi.operator.watch.ownedchildren import Identity, OwnedChildren, identity_of
from msvc_pulumi.plan import Plan

__all__ = ["Drift"]

logger = logging.getLogger(__name__)

TAIL = 120  # characters of an Event that are not about the objects
Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Found:
    """What has drifted, and the version it was found in, "" if it is gone."""

    drift: ObjectDrift
    version: str = ""

    @property
    def paths(self) -> set[FieldPath]:
        """The fields that are told of."""
        return {one.path for one in (*self.drift.fields, *self.drift.kept)}


class Drift:
    """Compares plans with what is known of the objects. Thread-safe."""

    def __init__(self, cluster: Cluster, children: OwnedChildren) -> None:
        self._cluster, self._children = cluster, children
        self._repairs = Repairs()
        self._lock = threading.Lock()
        self._tried: dict[Key, dict[Identity, _Found]] = {}
        self._meanwhile: dict[Key, dict[Identity, ObjectDrift]] = {}

    def is_suspected(self, key: Key, plan: Plan) -> bool:
        """Whether something may have to be done, as far as the watches tell; asks nobody."""
        return bool(self._children.drifted(key, plan) or self._children.strays(key, plan))

    def forget(self, key: Key) -> None:
        """It is gone from the cluster."""
        self._repairs.forget(key)
        with self._lock:
            self._tried.pop(key, None)
            self._meanwhile.pop(key, None)

    def examine(self, service: Object, key: Key, plan: Plan) -> tuple[bool, float]:
        """Whether ``key`` has to be repaired now, and in how many seconds to look again if not.

        Raises ClusterError.
        """
        found = self._confirmed(key, plan)
        if not found:
            self._remove_strays(service, key, plan)
            return False, 0.0
        wait = self._repairs.wait(key)
        if wait:
            return False, wait
        pause = self._repairs.begin(key)
        text = _text(found.values())
        if pause:
            text = (
                f"{text}. This happens again and again: the next repair is not before {pause:.0f} s"
            )
        logger.warning("repaired: %s", text, extra={"modelservice": str(key)})
        post(self._cluster, service, "Warning", "Contested" if pause else "Drifted", text)
        with self._lock:
            self._tried[key] = found
        return True, 0.0

    def is_repairing(self, key: Key) -> bool:
        """Whether a repair of ``key`` is under way."""
        with self._lock:
            return key in self._tried

    def glimpse(self, key: Key, plan: Plan) -> None:
        """Remember what somebody changes while ``key`` is repaired: the repair may heal it, and
        then it is told at its end. Raises ClusterError.
        """
        with self._lock:
            told = self._tried.get(key, {})
        for identity, paths in self._children.drifted(key, plan).items():
            known = told[identity].paths if identity in told else set()
            # What is told of and goes is the engine's doing: it replaces the object.
            if identity in told and known.issuperset(paths):
                continue
            item = self._cluster.get(*identity, key.namespace)
            drift = _compared(key, plan, identity, item)
            new = tuple(one for one in drift.fields if one.path not in known)
            if drift.change is not Change.NONE and (new or not drift.fields):
                with self._lock:
                    if key in self._tried:
                        found = self._meanwhile.setdefault(key, {})
                        found[identity] = replace(drift, fields=new)

    def conclude(self, service: Object | None, key: Key, plan: Plan) -> None:
        """A repair has ended: what it found no reason to write stays as it is.

        Somebody may have changed a field and changed it back; it is theirs then, but is right.
        """
        with self._lock:
            tried = self._tried.pop(key, {})
            meanwhile = self._meanwhile.pop(key, {})
        left = self._confirmed(key, plan) if tried else {}
        for identity, found in left.items():
            before = tried.get(identity)
            if found.version and before is not None and before.version == found.version:
                self._children.accept(key, identity)
                if service is not None:
                    text = f"{found.drift.brief()}; its value is right"
                    post(self._cluster, service, "Normal", "Kept", text)
        healed = [
            _Found(drift)
            for identity, drift in meanwhile.items()
            if identity not in left  # else it is looked at again, and told then
        ]
        if healed and service is not None:
            text = f"{_text(healed)}; meanwhile another repair was under way"
            logger.warning("repaired: %s", text, extra={"modelservice": str(key)})
            post(self._cluster, service, "Warning", "Drifted", text)

    def _confirmed(self, key: Key, plan: Plan) -> dict[Identity, _Found]:
        """What has drifted, after another look."""
        live = {
            identity: self._look(key, identity) for identity in self._children.drifted(key, plan)
        }
        found: dict[Identity, _Found] = {}
        for identity in self._children.drifted(key, plan):
            if identity not in live:
                continue
            item = live[identity]
            version = item["metadata"]["resourceVersion"] if item else ""
            found[identity] = _Found(_compared(key, plan, identity, item), version)
        return found

    def _look(self, key: Key, identity: Identity) -> Object | None:
        """The object now; what is known of it is true afterwards."""
        api_version, kind, name = identity
        item = self._cluster.get(api_version, kind, name, key.namespace)
        if item is None:
            self._children.lost(key, identity)
        else:
            self._children.see(item)
        return item

    def _remove_strays(self, service: Object, key: Key, plan: Plan) -> None:
        """Delete what is neither planned nor in the stack: a killed update made it."""
        for identity in self._children.strays(key, plan):
            item = self._look(key, identity)
            if item is None or identity not in self._children.strays(key, plan):
                continue
            owners = item["metadata"].get("ownerReferences") or ()
            if not any(owner.get("uid") == service["metadata"]["uid"] for owner in owners):
                continue  # of one that had this name before; the garbage collector's
            api_version, kind, name = identity
            try:
                self._cluster.delete(api_version, kind, name, key.namespace)
            except ClusterError as error:
                logger.warning("%s", error, extra={"modelservice": str(key)})
                self._children.accept(key, identity)  # it is not ours to delete
                continue
            text = f"{kind} {name} was left from an interrupted update"
            logger.warning("deleted: %s", text, extra={"modelservice": str(key)})
            post(self._cluster, service, "Normal", "Deleted", text)


def _compared(key: Key, plan: Plan, identity: Identity, item: Object | None) -> ObjectDrift:
    api_version, kind, name = identity
    place = Place(api_version, kind, key.namespace, name)
    if item is None:
        return deleted(place)
    planned = next(one for one in plan if identity_of(one.manifest) == identity)
    return compared(place, planned.manifest, item, planned.ignore_changes)


def _text(found: Iterable[_Found]) -> str:
    return summary((one.drift for one in found), MAX_MESSAGE - TAIL)
