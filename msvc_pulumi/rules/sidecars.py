"""Init containers that never end, so that nothing after them starts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msvc_pulumi.children.flags import is_routing_sidecar
from msvc_pulumi.errors import Diagnostic
from msvc_pulumi.plan import Plan
from msvc_pulumi.rules.finding import advice, items
from msvc_pulumi.rules.places import placed
from msvc_pulumi.rules.workloads import Pods

__all__ = ["endless_init_containers"]


def endless_init_containers(plan: Plan, pods: Sequence[Pods]) -> Iterator[Diagnostic]:  # noqa: ARG001
    """A warning for every routing sidecar that is an ordinary init container."""
    for pod in pods:
        for number, container in items(pod.spec.get("initContainers")):
            if container.get("restartPolicy") == "Always":
                continue
            if not is_routing_sidecar(container.get("image") or ""):
                continue
            planned, place = pod.workload, pod.at.child("initContainers", number)
            stated = planned.child.merged_from_base(place.child("name")) is None
            remedy = "state restartPolicy: Always, which makes it a sidecar"
            if stated and planned.origin(place).kind == "model service":
                remedy = (
                    "state the container in the BaseConfig with restartPolicy: Always, which "
                    "makes it a sidecar; a ModelService has no such field"
                )
            finding = advice(
                place,
                "sidecar-never-ends",
                f'the init container "{container.get("name", "")}" serves requests and never '
                "ends: the pod waits for it for ever, and its containers do not start",
                remedy,
            )
            yield placed(planned, finding)
