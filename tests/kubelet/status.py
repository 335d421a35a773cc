"""What the kubelet reports of a pod and its containers (`PodStatus` of the API)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

__all__ = ["carried", "conditions", "now", "phase", "terminated"]

Object = dict[str, Any]


def now() -> str:
    """This second, as the API writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def terminated(code: int, started: str) -> Object:
    """The state of a container whose process ended; a negative code is a signal's."""
    return {
        "terminated": {
            "exitCode": code if code >= 0 else 128 - code,
            "reason": "Completed" if code == 0 else "Error",
            "startedAt": started,
            "finishedAt": now(),
        }
    }


def phase(
    statuses: Iterable[Mapping[str, Any]], policy: str, *, initialized: bool, failed: bool
) -> str:
    """The pod's phase by its main containers' statuses; ``failed`` is an init container's end.

    Rules: ``getPhase`` of k8s.io/kubernetes/pkg/kubelet.
    """
    statuses = list(statuses)
    if failed:
        return "Failed"
    new = any("waiting" in each["state"] and not each["lastState"] for each in statuses)
    if not initialized or new:
        return "Pending"
    ended = [
        each["state"]["terminated"]["exitCode"]
        for each in statuses
        if "terminated" in each["state"]
    ]
    if len(ended) == len(statuses) and policy != "Always":
        if not any(ended):
            return "Succeeded"
        if policy == "Never":
            return "Failed"
    return "Running"


def conditions(*, initialized: bool, ready: bool, gates: Iterable[str]) -> list[Object]:
    """The conditions that a kubelet reports; a readiness gate is somebody else's to open."""
    stated = {
        "PodReadyToStartContainers": True,
        "Initialized": initialized,
        "ContainersReady": ready,
        "Ready": ready and not list(gates),
        "PodScheduled": True,
    }
    return [{"type": name, "status": str(value)} for name, value in stated.items()]


def carried(new: Iterable[Object], old: Iterable[Mapping[str, Any]]) -> list[Object]:
    """``new`` conditions with the time since when each is so; others' are kept."""
    before = {each["type"]: each for each in old}
    result = []
    for each in new:
        known = before.pop(each["type"], {})
        same = known.get("status") == each["status"] and known.get("lastTransitionTime")
        result.append(
            {**each, "lastTransitionTime": known["lastTransitionTime"] if same else now()}
        )
    return [*result, *map(dict, before.values())]
