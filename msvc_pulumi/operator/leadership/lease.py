"""`LeaseLock`: who leads, as a Lease says; after client-go ``tools/leaderelection``.

A candidate never compares its clock with another's: a lease has expired when it was seen unchanged
for as long as it is valid.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.operator.settings import Election

__all__ = ["STATE", "LeaseLock"]

API_VERSION, KIND = "coordination.k8s.io/v1", "Lease"
STATE = "llm-d.ai/state"
"""Annotation of the Lease: which state the leader works with."""


class LeaseLock:
    """One candidate's view of the Lease; for one thread."""

    def __init__(
        self,
        cluster: Cluster,
        election: Election,
        identity: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.election, self.identity = election, identity
        self.state = ""
        """Which state this candidate works with, "" as long as that is not known."""
        self.holder, self.holder_state = "", ""
        """Who held the Lease when it was last looked at, and with which state."""
        self._cluster, self._clock = cluster, clock
        self._seen: object = None
        self._seen_at = 0.0

    def attempt(self) -> bool:
        """Whether the Lease is held from now on for its whole duration. Raises ClusterError."""
        lease = self._read()
        if lease is None:
            return self._write(self._cluster.create, self._manifest(0, acquired=True))
        spec = lease.get("spec") or {}
        if self.holder not in ("", self.identity) and not self._has_expired(spec):
            return False
        mine = self.holder == self.identity
        body = self._manifest(
            int(spec.get("leaseTransitions") or 0) + (not mine), acquired=not mine
        )
        body["metadata"]["resourceVersion"] = lease["metadata"]["resourceVersion"]
        return self._write(self._patch, body)

    def release(self) -> None:
        """Somebody else may take the Lease at once, if it was held. Raises ClusterError."""
        lease = self._read()
        if lease is None or self.holder != self.identity:
            return
        version = lease["metadata"]["resourceVersion"]
        spec = {"holderIdentity": "", "leaseDurationSeconds": 1, "renewTime": _now()}
        self._write(self._patch, {"metadata": {"resourceVersion": version}, "spec": spec})
        self.holder = ""

    def _read(self) -> dict[str, Any] | None:
        lease = self._cluster.get(API_VERSION, KIND, self.election.name, self.election.namespace)
        metadata, spec = (lease or {}).get("metadata") or {}, (lease or {}).get("spec") or {}
        self.holder = spec.get("holderIdentity") or ""
        self.holder_state = (metadata.get("annotations") or {}).get(STATE, "")
        seen = (self.holder, spec.get("renewTime"), spec.get("leaseTransitions"))
        if lease is not None and seen != self._seen:
            self._seen, self._seen_at = seen, self._clock()
        return lease

    def _has_expired(self, spec: dict[str, Any]) -> bool:
        duration = spec.get("leaseDurationSeconds") or self.election.lease_duration
        return self._clock() > self._seen_at + duration

    def _manifest(self, transitions: int, *, acquired: bool) -> dict[str, Any]:
        moment = _now()
        spec: dict[str, Any] = {
            "holderIdentity": self.identity,
            "leaseDurationSeconds": int(self.election.lease_duration),
            "renewTime": moment,
            "leaseTransitions": transitions,
        }
        if acquired:
            spec["acquireTime"] = moment
        return {
            "apiVersion": API_VERSION,
            "kind": KIND,
            "metadata": {
                "name": self.election.name,
                "namespace": self.election.namespace,
                "annotations": {STATE: self.state} if self.state else {},
            },
            "spec": spec,
        }

    def _patch(self, body: dict[str, Any]) -> object:
        name, namespace = self.election.name, self.election.namespace
        return self._cluster.patch(API_VERSION, KIND, name, namespace, body=body)

    def _write(self, write: Callable[[dict[str, Any]], object], body: dict[str, Any]) -> bool:
        """Whether nobody else was quicker."""
        try:
            write(body)
        except ClusterError as error:
            if error.reason in ("Conflict", "AlreadyExists"):
                return False
            raise
        self.holder = body["spec"]["holderIdentity"]
        return True


def _now() -> str:
    """This microsecond, as the API writes metav1.MicroTime."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
