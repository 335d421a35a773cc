"""Containers that may take all memory of their node."""

from __future__ import annotations

from collections.abc import Iterator

from msvc_pulumi.policies.workload import Workload
from msvc_pulumi.rules.finding import Finding, advice
from msvc_pulumi.rules.resources import amount

__all__ = ["unlimited_memory"]


def unlimited_memory(workload: Workload) -> Iterator[Finding]:
    """Containers without a limit of memory, of their own or their pod's.

    Limits of CPU are not asked for: they slow a container down while the node is idle.
    """
    for pod in workload.pods():
        if _limited(pod.spec):
            continue
        for at, container in pod.containers("initContainers", "containers"):
            if _limited(container):
                continue
            resources = container.get("resources") or {}
            place = at.child("resources") if resources else at.child("name")
            if resources.get("limits"):
                place = at.child("resources", "limits")
            yield advice(
                place,
                "no-memory-limit",
                f'the container "{container.get("name", "")}" has no limit of memory: it may take '
                "all that the node has, and others may be killed for it",
                "state resources.limits.memory",
            )


def _limited(holder: dict[str, object]) -> bool:
    resources = holder.get("resources")
    limits = resources.get("limits") if isinstance(resources, dict) else None
    # To the kubelet a limit of 0 is none.
    return isinstance(limits, dict) and "memory" in limits and amount(str(limits["memory"])) > 0
