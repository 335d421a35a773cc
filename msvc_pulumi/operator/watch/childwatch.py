"""`ChildWatch`: sees every change of the kinds that ModelServices own.

A fleet has many more children than services. Of most of them all that matters is whether they still
are what was applied (`ownership`), so only their metadata is asked for; of workloads the status
counts as well. Unlike kopf's, these streams notice what was deleted while they were broken.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.cluster.modelservices import API_VERSION, KIND
from msvc_pulumi.operator.executor import Key
from msvc_pulumi.operator.watch.fleet import Fleet
from msvc_pulumi.operator.watch.ownedchildren import OwnedChildren
from msvc_pulumi.target.capabilities import OPTIONAL
from msvc_pulumi.target.kinds import DEPLOYMENT, KINDS, LEADER_WORKER_SET, Kind

__all__ = ["CHILD_KINDS", "ChildWatch"]

logger = logging.getLogger(__name__)

CHILD_KINDS: tuple[Kind, ...] = tuple(dict.fromkeys((*KINDS.values(), *OPTIONAL)))
"""The kinds of all children that a plan may have."""

WORKLOADS = (DEPLOYMENT, LEADER_WORKER_SET)
NOT_SERVED_PAUSE = 60.0  # seconds until a kind that cannot be watched is tried again
FORBIDDEN_PAUSE = 10.0
FAILURE_PAUSE = 1.0
WATCH_SECONDS = 300.0
FORBIDDEN, MISSING, EXPIRED = 403, 404, 410  # HTTP; expired is the version to watch from


class ChildWatch:
    """Keeps ``fleet`` and ``children`` true.

    ``changed`` is called for the ModelService of each child that has changed, ``reported`` for that
    of a workload whose status may have.
    """

    def __init__(
        self,
        cluster: Cluster,
        fleet: Fleet,
        children: OwnedChildren,
        namespaces: tuple[str, ...],
        *,
        changed: Callable[[Key], None],
        reported: Callable[[Key], None],
    ) -> None:
        self._cluster = Cluster(cluster.connection)  # its streams take connections for themselves
        self._fleet, self._children = fleet, children
        self._changed, self._reported = changed, reported
        self._namespaces = namespaces or (None,)
        self._ended = threading.Event()
        self._versions: dict[tuple[Kind, str | None], str] = {}

    def look(self) -> None:
        """Everything that is there now has been seen. Raises ClusterError."""
        for kind in CHILD_KINDS:
            for namespace in self._namespaces:
                try:
                    if self._cluster.serves(kind.api_version, kind.kind):
                        self._list(kind, namespace)
                except ClusterError as error:
                    if error.status != FORBIDDEN:
                        raise
                    logger.warning("no watch over hand edits of %s: %s", kind.kind, error)

    def start(self) -> None:
        """See what changes from the last look on."""
        for kind in CHILD_KINDS:
            for namespace in self._namespaces:
                name = f"watch-{kind.kind}-{namespace or 'all'}"
                threading.Thread(
                    target=self._follow, args=(kind, namespace), name=name, daemon=True
                ).start()

    def stop(self) -> None:
        """See nothing any more."""
        self._ended.set()

    def _follow(self, kind: Kind, namespace: str | None) -> None:
        pause = 0.0
        while not self._ended.wait(pause):
            pause = FAILURE_PAUSE
            try:
                pause = self._watch(kind, namespace)
            except ClusterError as error:
                if error.status in (MISSING, EXPIRED):
                    self._versions.pop((kind, namespace), None)
                if error.status == MISSING:
                    self._children.unwatched(kind.api_version, kind.kind, namespace)
                    pause = NOT_SERVED_PAUSE
                if error.status == FORBIDDEN:  # a server that has just started knows no roles yet
                    pause = FORBIDDEN_PAUSE
                logger.debug("the watch of %s ended: %s", kind.kind, error)
            except Exception:
                logger.exception("unexpected failure of the watch of %s", kind.kind)

    def _watch(self, kind: Kind, namespace: str | None) -> float:
        """Seconds to wait before the next watch."""
        version = self._versions.get((kind, namespace))
        if version is None:
            if not self._cluster.serves(kind.api_version, kind.kind):
                return NOT_SERVED_PAUSE
            version = self._list(kind, namespace)
        events = self._cluster.watch(
            kind.api_version,
            kind.kind,
            namespace,
            resource_version=version,
            timeout=WATCH_SECONDS,
            metadata=kind not in WORKLOADS,
        )
        for event, item in events:
            if self._ended.is_set():
                break
            if event != "BOOKMARK":
                self._see(kind, item, gone=event == "DELETED")
            self._versions[kind, namespace] = item["metadata"]["resourceVersion"]
        return 0.0

    def _list(self, kind: Kind, namespace: str | None) -> str:
        """The version to watch from; everything of the kind has been seen."""
        names: set[Key] = set()
        version = ""
        metadata = kind not in WORKLOADS
        pages = self._cluster.pages(kind.api_version, kind.kind, namespace, metadata=metadata)
        for items, found in pages:
            version = found
            for item in items:
                names.add(Key(item["metadata"].get("namespace", ""), item["metadata"]["name"]))
                self._see(kind, item)
        known = self._children.named(kind.api_version, kind.kind, namespace)
        for name, owner in known.items():
            if name not in names:  # it was deleted while nobody watched
                self._see(kind, _remains(kind, name, owner), gone=True)
        self._versions[kind, namespace] = version
        self._children.watched(kind.api_version, kind.kind, namespace, names)
        return version

    def _see(self, kind: Kind, item: Mapping[str, Any], *, gone: bool = False) -> None:
        typed = {**item, "apiVersion": kind.api_version, "kind": kind.kind}
        if kind in WORKLOADS:
            owner = self._fleet.see_workload(typed, gone=gone)
            if owner is not None:
                self._reported(owner)
        owner = self._children.see(typed, gone=gone)
        if owner is not None:
            self._changed(owner)


def _remains(kind: Kind, name: Key, owner: Key) -> dict[str, Any]:
    """An object that is gone, as far as its name and owner go."""
    reference = {"apiVersion": API_VERSION, "kind": KIND, "name": owner.name}
    metadata = {"namespace": name.namespace, "name": name.name, "ownerReferences": [reference]}
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata}
