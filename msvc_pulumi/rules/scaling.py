"""Autoscalers that measure what their target does not state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from msvc_pulumi.errors import Diagnostic, FieldPath
from msvc_pulumi.plan import Plan, PlannedObject
from msvc_pulumi.rules.finding import advice, items
from msvc_pulumi.rules.places import placed
from msvc_pulumi.rules.workloads import Pods

__all__ = ["unmeasured"]

SPEC = FieldPath.of("spec")


def unmeasured(plan: Plan, pods: Sequence[Pods]) -> Iterator[Diagnostic]:
    """A warning for every metric relative to a request that a measured container does not state.

    The HorizontalPodAutoscaler then says FailedGetResourceMetric and never scales. A namespace's
    LimitRange may fill requests in, so this is no error.
    """
    for planned in plan:
        kind = planned.manifest["kind"]
        if kind not in ("HorizontalPodAutoscaler", "ScaledObject"):
            continue
        spec = planned.manifest["spec"]
        target = spec.get("scaleTargetRef") or {}
        workload = _target(pods, target.get("kind"), target.get("name"))
        if workload is None:
            continue
        for path, resource, container in _measured(kind, spec):
            yield from _unstated(planned, path, resource, container, workload)


def _target(pods: Sequence[Pods], kind: Any, name: Any) -> Pods | None:
    """The pods that are scaled: of a LeaderWorkerSet the leader's."""
    for pod in pods:
        manifest = pod.workload.manifest
        if (manifest["kind"], manifest["metadata"].get("name")) == (kind or "Deployment", name):
            return pod
    return None


def _measured(kind: str, spec: dict[str, Any]) -> Iterator[tuple[FieldPath, str, str]]:
    """Place, resource and container ("" for all) of each metric that is a part of a request."""
    if kind == "ScaledObject":
        for number, trigger in items(spec.get("triggers")):
            resource = trigger.get("type") or ""
            if resource in ("cpu", "memory") and trigger.get("metricType") != "AverageValue":
                container = (trigger.get("metadata") or {}).get("containerName") or ""
                yield SPEC.child("triggers", number), resource, container
        return
    metrics = spec.get("metrics") or []
    if not metrics:
        yield SPEC.child("maxReplicas"), "cpu", ""
    for number, metric in items(metrics):
        kind = metric.get("type") or ""
        member = {"Resource": "resource", "ContainerResource": "containerResource"}.get(kind)
        source = metric.get(member or "") or {}
        if (source.get("target") or {}).get("averageUtilization") is None:
            continue
        path = SPEC.child("metrics", number, member or "")
        yield path, source.get("name") or "", source.get("container") or ""


def _unstated(
    planned: PlannedObject,
    path: FieldPath,
    resource: str,
    container: str,
    target: Pods,
) -> Iterator[Diagnostic]:
    if _asks(target.spec, resource):
        return
    running = list(_running(target.spec, target.at))
    if container and all(stated.get("name") != container for _, stated in running):
        known = ", ".join(f'"{stated.get("name", "")}"' for _, stated in running) or "none"
        finding = advice(
            path.child("container") if planned.manifest["kind"][0] == "H" else path,
            "unmeasured-container",
            f'the target has no container "{container}": the autoscaler never scales',
            f"its containers: {known}",
        )
        yield placed(planned, finding)
        return
    for place, stated in running:
        if (container and stated.get("name") != container) or _asks(stated, resource):
            continue
        name = stated.get("name", "")
        finding = advice(
            path,
            "unmeasured-container",
            f'container "{name}" requests no {resource}, and use is measured as a part of the '
            "request: the autoscaler never scales",
            f"state requests.{resource} of the container, or measure another one by a "
            "ContainerResource metric",
        )
        yield placed(planned, finding, [(target.workload, (place, f"requests no {resource}"))])


def _running(pod: dict[str, Any], at: FieldPath) -> Iterator[tuple[FieldPath, dict[str, Any]]]:
    """The containers that run with the pod, sidecars too."""
    for number, container in items(pod.get("containers")):
        yield at.child("containers", number), container
    for number, container in items(pod.get("initContainers")):
        if container.get("restartPolicy") == "Always":
            yield at.child("initContainers", number), container


def _asks(holder: dict[str, Any], resource: str) -> bool:
    """Whether it has a request, which a limit stands for too."""
    resources = holder.get("resources") or {}
    return any(resource in (resources.get(kind) or {}) for kind in ("requests", "limits"))
