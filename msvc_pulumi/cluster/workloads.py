"""What a workload, a Deployment or LeaderWorkerSet, still lacks, and why no node takes its pods."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from msvc_pulumi.cluster.client import Cluster

__all__ = [
    "Shortfall",
    "Unscheduled",
    "available",
    "complaints_about",
    "shortfall",
    "unit",
    "unscheduled",
]

Object = Mapping[str, Any]
LEADER_WORKER_SET = "LeaderWorkerSet"
SET_NAME = "leaderworkerset.sigs.k8s.io/name"  # its controller's label on all pods of a set
UNASSIGNED = "status.phase=Pending,spec.nodeName="


@dataclass(frozen=True, slots=True)
class Shortfall:
    """``reason`` is one for a condition, ``message`` says it to people, without naming the object.

    ``Progressing`` is what its controller still has to do, ``PodsNotReady`` what the pods have.
    """

    reason: Literal["Progressing", "PodsNotReady"]
    message: str


@dataclass(frozen=True, slots=True)
class Unscheduled:
    """A pod that no node takes; ``text`` says why to people."""

    labels: Mapping[str, str]
    text: str


def available(live: Object) -> int:
    """Replicas that are ready for long enough; a LeaderWorkerSet only counts ready ones."""
    field = "readyReplicas" if live["kind"] == LEADER_WORKER_SET else "availableReplicas"
    return int((live.get("status") or {}).get(field) or 0)


def unit(live: Object) -> str:
    """What its replicas are."""
    return "groups" if live["kind"] == LEADER_WORKER_SET else "pods"


def shortfall(live: Object) -> Shortfall | None:
    """What a live workload lacks until all its replicas are there, up to date and available."""
    groups, status = live["kind"] == LEADER_WORKER_SET, live.get("status") or {}
    wanted = int(live["spec"].get("replicas", 1))
    if not _is_observed(live):
        return Shortfall("Progressing", "its controller has not begun with the change")
    updated = int(status.get("updatedReplicas") or 0)
    if updated < wanted:
        return Shortfall("Progressing", f"{updated} of {wanted} {unit(live)} are new")
    old = int(status.get("replicas") or 0) - updated
    if old > 0 and not groups:  # a set keeps groups beyond its count while it rolls, and says so
        return Shortfall("Progressing", f"{old} old pods have not ended yet")
    if (count := available(live)) < wanted:
        text = f"{count} of {wanted} {unit(live)} are available"
        return Shortfall("PodsNotReady", ": ".join(filter(None, (text, _complaints(live)))))
    if groups and _holds(status, "UpdateInProgress"):
        return Shortfall("Progressing", "a rolling update is under way")
    return None


def unscheduled(cluster: Cluster, namespace: str | None) -> list[Unscheduled]:
    """The pods of a namespace that no node takes, those of which the scheduler has said why.

    Raises ClusterError.
    """
    pages = cluster.pages("v1", "Pod", namespace, fields=UNASSIGNED)  # of most little is kept
    return [
        Unscheduled(pod["metadata"].get("labels") or {}, text)
        for pods, _ in pages
        for pod in pods
        for condition in (pod.get("status") or {}).get("conditions") or ()
        if (text := _refusal(pod, condition))
    ]


def complaints_about(workload: Object, pods: Iterable[Unscheduled]) -> tuple[str, ...]:
    """What the scheduler says of those ``pods`` that a workload, live or planned, selects, each
    once.
    """
    labels = {SET_NAME: workload["metadata"]["name"]}
    if workload["kind"] != LEADER_WORKER_SET:
        labels = workload["spec"]["selector"].get("matchLabels") or {}
    return tuple(dict.fromkeys(pod.text for pod in pods if labels.items() <= pod.labels.items()))


def _refusal(pod: Object, condition: Object) -> str:
    """What a condition says against scheduling the pod; "" for any other."""
    message = condition.get("message")
    if not message or (condition["type"], condition["status"]) != ("PodScheduled", "False"):
        return ""
    return f"no node takes a pod: {message}{_asked(pod, message)}"


def _is_observed(live: Object) -> bool:
    """Whether the status is of the present generation; LeaderWorkerSet v0.8 does not say of which
    it is, so there any status will do.
    """
    status = live.get("status") or {}
    seen = status.get("observedGeneration")
    if live["kind"] == LEADER_WORKER_SET and seen is None:
        return bool(status.get("conditions"))
    return int(seen or 0) >= int(live["metadata"].get("generation", 0))


def _complaints(live: Object) -> str:
    """What the conditions say: a Deployment's that are not true, a set's that say what it does."""
    groups = live["kind"] == LEADER_WORKER_SET
    return "; ".join(
        item["message"]
        for item in (live.get("status") or {}).get("conditions") or ()
        if item.get("message")
        and item.get("status") != "Unknown"
        and (item.get("status") == "True" and item["type"] != "Available") == groups
    )


def _holds(status: Object, kind: str) -> bool:
    return any(
        (item["type"], item["status"]) == (kind, "True") for item in status.get("conditions") or ()
    )


def _asked(pod: Object, message: str) -> str:
    """The labels of nodes that the pod asks for, where the scheduler says that none has them."""
    if "affinity" not in message:
        return ""
    asked = "; or ".join(filter(None, map(_term, _terms(pod))))
    return f" (it asks for {asked})" if asked else ""


def _terms(pod: Object) -> list[Object]:
    affinity = (pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}
    return required.get("nodeSelectorTerms") or []


def _term(term: Object) -> str:
    return " and ".join(_expressions(term))


def _expressions(term: Object) -> Iterator[str]:
    for expression in term.get("matchExpressions") or ():
        values = ", ".join(expression.get("values") or ())
        operator = {"In": "in", "NotIn": "not in"}.get(expression["operator"])
        if operator:
            yield f"{expression['key']} {operator} [{values}]"
        else:
            yield " ".join(filter(None, (expression["key"], expression["operator"], values)))
