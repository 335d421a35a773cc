"""Accelerators that a pod asks for twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from msvc_pulumi.errors import Diagnostic, FieldPath
from msvc_pulumi.plan import Plan, PlannedObject
from msvc_pulumi.rules.finding import Place, advice, items
from msvc_pulumi.rules.places import placed
from msvc_pulumi.rules.resources import amount
from msvc_pulumi.rules.workloads import Pods

__all__ = ["accelerators_twice"]

# The resources of the known device plugins, by the beginning of their names.
ACCELERATORS = (
    "amd.com/gpu",
    "aws.amazon.com/neuron",
    "google.com/tpu",
    "gpu.intel.com/",
    "habana.ai/gaudi",
    "huawei.com/Ascend",
    "nvidia.com/gpu",
    "nvidia.com/mig-",
)


def accelerators_twice(plan: Plan, pods: Sequence[Pods]) -> Iterator[Diagnostic]:  # noqa: ARG001
    """A warning where both sides ask for accelerators and the merge keeps both.

    One container with two kinds of them, which no node has; or two containers with the same kind,
    one of each side, which the merge took for two because their names differ.
    """
    for pod in pods:
        first: dict[str, FieldPath] = {}
        for number, container in items(pod.spec.get("containers")):
            if not (asked := _asked(container)):
                continue
            limits = pod.at.child("containers", number, "resources", "limits")
            if len(asked) > 1:
                yield _two_kinds(pod.workload, limits, asked)
            here = limits.child(asked[0])
            there = first.setdefault(asked[0], here)
            if there != here and _of_one_side_each(pod.workload, here, there):
                yield _two_containers(pod.workload, here, there)


def _of_one_side_each(planned: PlannedObject, *limits: FieldPath) -> bool:
    """Whether both containers are whole from one side; one that was merged found its partner."""
    sides = {planned.origin(path).kind for path in limits}
    names = [FieldPath(path[:-3]).child("name") for path in limits]
    merged = any(name in planned.child.sources for name in names)
    return not merged and sides == {"base config", "model service"}


def _asked(container: dict[str, Any]) -> list[str]:
    limits = (container.get("resources") or {}).get("limits") or {}
    return [
        name
        for name, quantity in limits.items()
        if name.startswith(ACCELERATORS) and amount(quantity) > 0
    ]


def _two_kinds(planned: PlannedObject, limits: FieldPath, asked: list[str]) -> Diagnostic:
    names = " and ".join(asked)
    others: list[Place] = [(limits.child(name), f"asks for {name}") for name in asked[:-1]]
    finding = advice(
        limits.child(asked[-1]),
        "two-accelerators",
        f"the container asks for {names}: no node has both, and the pod stays pending",
        "set the one that is not wanted to 0, or remove it",
        *others,
    )
    return placed(planned, finding)


def _two_containers(planned: PlannedObject, here: FieldPath, there: FieldPath) -> Diagnostic:
    finding = advice(
        here,
        "accelerators-twice",
        f"two containers of the pod ask for {here[-1]}, one of each side: they are merged only "
        "where their names agree",
        "give both containers the same name, or remove the resource from one of them",
        (there, "asked for here too"),
    )
    return placed(planned, finding)
