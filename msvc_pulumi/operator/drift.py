"""`Drift`: whether the objects of a ModelService are still what was applied, and what to do then.

What the watches tell may be late, so nothing is done before the server was asked again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from typing import Any

from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.cluster.ownership import owner_of_field
from msvc_pulumi.operator.executor import Key
from msvc_pulumi.operator.notices import post
from msvc_pulumi.operator.ownedchildren import Identity, OwnedChildren
from msvc_pulumi.operator.repairs import Repairs
from msvc_pulumi.plan import Plan

__all__ = ["Drift"]

logger = logging.getLogger(__name__)

SHOWN = 3  # changed fields of one object that an Event names
Object = Mapping[str, Any]


class Drift:
    """Compares plans with what is known of the objects. Thread-safe."""

    def __init__(self, cluster: Cluster, children: OwnedChildren) -> None:
        self._cluster, self._children = cluster, children
        self._repairs = Repairs()
        self._lock = threading.Lock()
        self._tried: dict[Key, dict[Identity, str]] = {}

    def is_suspected(self, key: Key, plan: Plan) -> bool:
        """Whether something may have to be done, as far as the watches tell; asks nobody."""
        return bool(self._children.drifted(key, plan) or self._children.strays(key, plan))

    def forget(self, key: Key) -> None:
        """It is gone from the cluster."""
        self._repairs.forget(key)
        with self._lock:
            self._tried.pop(key, None)

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
        text = "; ".join(text for text, _ in found.values())
        if pause:
            text = (
                f"{text}. This happens again and again: the next repair is not before {pause:.0f} s"
            )
        logger.warning("repaired: %s", text, extra={"modelservice": str(key)})
        post(self._cluster, service, "Warning", "Contested" if pause else "Drifted", text)
        with self._lock:
            self._tried[key] = {identity: version for identity, (_, version) in found.items()}
        return True, 0.0

    def conclude(self, service: Object | None, key: Key, plan: Plan) -> None:
        """A repair has ended: what it found no reason to write stays as it is.

        Somebody may have changed a field and changed it back; it is theirs then, but is right.
        """
        with self._lock:
            tried = self._tried.pop(key, {})
        left = self._confirmed(key, plan) if tried else {}
        for identity, (text, version) in left.items():
            if version and tried.get(identity) == version:
                self._children.accept(key, identity)
                if service is not None:
                    post(self._cluster, service, "Normal", "Kept", f"{text}; its value is right")

    def _confirmed(self, key: Key, plan: Plan) -> dict[Identity, tuple[str, str]]:
        """What has drifted → in words, and the version it was found in, "" if it is gone."""
        live = {
            identity: self._look(key, identity) for identity in self._children.drifted(key, plan)
        }
        found: dict[Identity, tuple[str, str]] = {}
        for identity, paths in self._children.drifted(key, plan).items():
            if identity not in live:
                continue
            item = live[identity]
            version = item["metadata"]["resourceVersion"] if item else ""
            found[identity] = (_told(identity, item, paths), version)
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


def _told(identity: Identity, item: Object | None, paths: list[str]) -> str:
    name = f"{identity.kind} {identity.name}"
    if item is None:
        return f"{name} was deleted"
    paths = paths or ["metadata.ownerReferences"]  # it is there, but nobody's
    what = ", ".join(paths[:SHOWN]) + (" and more" if len(paths) > SHOWN else "")
    who = owner_of_field(item["metadata"], paths[0])
    return f"{name}: {what} was changed{f' by {who}' if who else ''}"
