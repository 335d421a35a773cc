"""Servers of which nobody asks whether they work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msvc_pulumi.children.modelserver import ModelServer
from msvc_pulumi.commandline.image import PICKERS, Image
from msvc_pulumi.errors import FieldPath
from msvc_pulumi.policies.workload import Pod, Workload
from msvc_pulumi.rules.finding import Finding, advice

__all__ = ["no_liveness_probes", "no_readiness_probes"]

SAYING = ("readinessProbe", "startupProbe")


def no_readiness_probes(workload: Workload) -> Iterator[Finding]:
    """Servers in pods that are ready as soon as their processes run.

    A startup probe counts: until it succeeds the pod is not ready. So does a probe of any
    container, for a pod is ready only as a whole.
    """
    for pod in workload.pods():
        if any(one.get(probe) for _, one in pod.staying() for probe in SAYING):
            continue
        for at, container in _servers(pod):
            yield advice(
                at.child("name"),
                "no-readiness-probe",
                f'the container "{container.get("name", "")}" has no readiness probe: the pod '
                "counts as ready before it can answer",
                "state a readinessProbe, of a model server for example httpGet of /v1/models, "
                "which answers when the model is loaded",
            )


def no_liveness_probes(workload: Workload) -> Iterator[Finding]:
    """Servers that are not restarted when they hang."""
    for pod in workload.pods():
        for at, container in _servers(pod):
            if not container.get("livenessProbe"):
                yield advice(
                    at.child("name"),
                    "no-liveness-probe",
                    f'the container "{container.get("name", "")}" has no liveness probe: when it '
                    "hangs, nobody restarts it",
                    "state a livenessProbe, of a model server for example httpGet of /health, and "
                    "a startupProbe that gives it the time to load the model",
                )


def _servers(pod: Pod) -> Iterator[tuple[FieldPath, dict[str, Any]]]:
    """The containers that answer requests as far as they are known, else the only one."""
    if pod.is_worker:  # the leader answers
        return
    containers = list(pod.containers())
    known = [(at, one) for at, one in containers if _answers(at, one)]
    if known:
        yield from known
    elif len(containers) == 1 and not _is_headless(*containers[0]):
        yield from containers


def _answers(at: FieldPath, container: dict[str, Any]) -> bool:
    if Image.of(container.get("image")).name in PICKERS:
        return True
    server = ModelServer.of(container, at)
    return server.stated is not None and not server.stated.switch("headless")


def _is_headless(at: FieldPath, container: dict[str, Any]) -> bool:
    server = ModelServer.of(container, at)
    return server.stated is not None and server.stated.switch("headless")
