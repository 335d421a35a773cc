"""`Replacement`: an object is deleted and made anew, because what it is to be it cannot become.

A Deployment leaves its ReplicaSets behind, so that its pods serve until those of the new one do;
only then they go. Both need accelerators for that time. Of anything else there is none for a
moment.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Event
from typing import Any, Self

from msvc_pulumi.cluster.claims import Place
from msvc_pulumi.cluster.client import Cluster, ClusterError
from msvc_pulumi.cluster.predecessors import ADOPTER, handed
from msvc_pulumi.errors import Diagnostic
from msvc_pulumi.target.kinds import DEPLOYMENT, Kind

__all__ = ["REPLACED", "Replacement"]

REPLACED = "llm-d.ai/replaced"
"""Annotation of ReplicaSets that serve until the pods of the Deployment it names do."""
WAITS = "replacement-waits"
REPLICA_SETS = ("apps/v1", "ReplicaSet")
GONE = 60.0  # seconds that a deletion may take which waits for no pods
POLL = 1.0
Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Replacement:
    """One of the object in ``place``; what it is to be is ``manifest``, None once it was made."""

    cluster: Cluster
    place: Place
    before: Mapping[str, Any]
    manifest: Object | None = None

    @classmethod
    def of(cls, cluster: Cluster, before: Mapping[str, Any], manifest: Object) -> Self:
        """The one of ``before``, which is there."""
        return cls(cluster, Place.of(before), before, manifest)

    @classmethod
    def begun(cls, cluster: Cluster, live: Mapping[str, Any]) -> Self | None:
        """The one that an earlier run began, whose end ``live`` is; None if there is none."""
        if not handed(live["metadata"], ()) or not _is_deployment(live):
            return None
        found = cls(cluster, Place.of(live), live)
        return found if found.leaves_pods else None

    @property
    def leaves_pods(self) -> bool:
        """Whether there still is what the pods of the one before belong to."""
        return bool(self._replaced())

    def start(self) -> None:
        """The new object is there. Raises ClusterError."""
        if self.manifest is None:
            return
        identity = self.place.identity
        uid = self.before["metadata"]["uid"]
        if _is_deployment(self.before):
            for item in self._replica_sets():
                if any(
                    owner.get("uid") == uid for owner in item["metadata"].get("ownerReferences", ())
                ):
                    self._annotate(item)
        propagation = "Orphan" if _is_deployment(self.before) else "Background"
        self.cluster.delete(*identity, propagation=propagation, uid=uid)
        self.cluster.wait(
            *identity,
            until=lambda found: found is None or found["metadata"]["uid"] != uid,
            timeout=GONE,
        )
        self.cluster.apply(self.manifest, field_manager=ADOPTER, force=True)
        count = (self.before.get("spec") or {}).get("replicas")
        if count is not None and "replicas" not in self.manifest["spec"]:
            self.cluster.patch(*identity, body={"spec": {"replicas": count}})

    def finish(self, wait: float, stopped: Event) -> Diagnostic | None:
        """None as soon as what was replaced is gone; what is waited for after ``wait`` seconds, or
        when it is ``stopped``.

        Raises:
            ClusterError: the cluster does not answer, or it refuses.
        """
        if not _is_deployment(self.before):
            return None
        end = time.monotonic() + wait
        if wait and self.cluster.patience is not None and not self._is_available():
            self.cluster.patience.progress(
                f'waiting for pods of the new Deployment "{self.place.name}", {wait:.0f} s at '
                "most; those of the old one serve"
            )
        while not self._is_available():
            if time.monotonic() >= end or stopped.wait(POLL):
                return Diagnostic(
                    WAITS,
                    f'pods of the new Deployment "{self.place.name}" in namespace '
                    f'"{self.place.namespace}" are not available yet; those of the old one serve '
                    "meanwhile",
                    help="see why: kubectl describe pods; both need accelerators for that time. "
                    "To do without the old ones, delete the ReplicaSets with the annotation "
                    f"{REPLACED}: {self.place.name}",
                )
        for item in self._replaced():
            name, namespace = item["metadata"]["name"], item["metadata"]["namespace"]
            self.cluster.delete(*REPLICA_SETS, name, namespace)
        return None

    def _is_available(self) -> bool:
        if not self._replaced():
            return True  # no pods are left that could serve
        live = self.cluster.get(*self.place.identity)
        if live is None:
            return False
        status, wanted = live.get("status") or {}, live["spec"].get("replicas", 1)
        seen = status.get("observedGeneration", 0) >= live["metadata"]["generation"]
        return bool(seen and status.get("availableReplicas", 0) >= wanted)

    def _replaced(self) -> list[Object]:
        return [
            item
            for item in self._replica_sets()
            if (item["metadata"].get("annotations") or {}).get(REPLACED) == self.place.name
            and not any(
                owner.get("controller") for owner in item["metadata"].get("ownerReferences", ())
            )
        ]

    def _replica_sets(self) -> list[Object]:
        return self.cluster.list(*REPLICA_SETS, self.place.namespace)[0]

    def _annotate(self, item: Object) -> None:
        metadata = item["metadata"]
        body = {"metadata": {"annotations": {REPLACED: self.place.name}}}
        try:
            self.cluster.patch(*REPLICA_SETS, metadata["name"], metadata["namespace"], body=body)
        except ClusterError as error:
            if error.status != 404:
                raise


def _is_deployment(item: Mapping[str, Any]) -> bool:
    return Kind(item["apiVersion"], item["kind"]) == DEPLOYMENT
