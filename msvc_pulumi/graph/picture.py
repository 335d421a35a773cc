"""What a plan's picture shows: `picture` returns boxes with nodes, and arrows between these."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from msvc_pulumi.graph.relations import Place, Relation, relations
from msvc_pulumi.plan import Plan, PlannedObject

__all__ = ["Arrow", "Box", "Group", "Node", "Picture", "picture"]

Manifest = dict[str, Any]


class Group(StrEnum):
    """What belongs together, in the order in which it is drawn."""

    ROUTING = "routing"
    PICKER = "endpoint picker"
    PREFILL = "prefill"
    DECODE = "decode"
    SHARED = "shared"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class Node:
    """One object; ``details`` are lines below its name. Missing is what is left out."""

    name: str
    kind: str
    title: str
    group: Group
    details: tuple[str, ...] = ()
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Arrow:
    """``start`` and ``end`` are names of nodes."""

    start: str
    end: str
    relation: Relation


@dataclass(frozen=True, slots=True)
class Box:
    group: Group
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """The picture of one plan. What is in a box but `Group.OUTSIDE` the ModelService owns."""

    name: str
    title: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]

    @property
    def nodes(self) -> Iterator[Node]:
        for box in self.boxes:
            yield from box.nodes


def picture(plan: Plan, number: int) -> Picture:
    """The picture of ``plan``, the ``number``-th of a drawing."""
    nodes: dict[Place, Node] = {}
    for place, planned in ((_place(one), one) for one in plan):
        owned = planned.manifest["metadata"].get("namespace", "") in ("", plan.namespace)
        group = _group(planned.key) if owned else Group.OUTSIDE
        name = f"p{number}_{len(nodes)}"
        kind, title = planned.manifest["kind"], planned.manifest["metadata"].get("name", "")
        nodes[place] = Node(name, kind, title, group, tuple(_details(planned.manifest)))
    for skipped in plan.skipped:
        name = f"p{number}_{len(nodes)}"
        place = (skipped.kind, skipped.name)
        details = ("left out: not served",)
        group = _group(skipped.key)
        nodes[place] = Node(name, skipped.kind, skipped.name, group, details, missing=True)
    arrows = []
    for start, end, relation in relations([planned.manifest for planned in plan]):
        for place in (start, end):
            if place not in nodes:
                name = f"p{number}_{len(nodes)}"
                nodes[place] = Node(name, *place, Group.OUTSIDE)
        arrows.append(Arrow(nodes[start].name, nodes[end].name, relation))
    boxes = (
        Box(group, tuple(node for node in nodes.values() if node.group is group)) for group in Group
    )
    space = f" in {plan.namespace}" if plan.namespace else ""
    return Picture(
        f"p{number}",
        f"ModelService {plan.name}{space}",
        tuple(box for box in boxes if box.nodes),
        tuple(dict.fromkeys(arrows)),
    )


def _place(planned: PlannedObject) -> Place:
    return planned.manifest["kind"], planned.manifest["metadata"].get("name", "")


def _group(key: str) -> Group:
    if key.startswith("epp"):
        return Group.PICKER
    if key.startswith("prefill"):
        return Group.PREFILL
    if key.startswith("decode"):
        return Group.DECODE
    return Group.SHARED if key.startswith(("configMaps", "pd")) else Group.ROUTING


def _details(manifest: Manifest) -> Iterator[str]:
    """What somebody wants to know of an object at a glance."""
    spec = manifest.get("spec") or {}
    match manifest["kind"]:
        case "Deployment":
            yield from _workload(spec, (spec.get("template") or {}).get("spec") or {})
        case "LeaderWorkerSet":
            group = spec.get("leaderWorkerTemplate") or {}
            pod = (group.get("workerTemplate") or {}).get("spec") or {}
            yield from _workload(spec, pod, pods=group.get("size") or 1)
        case "Service":
            yield from _ports([port.get("port") for port in spec.get("ports") or ()])
        case "InferencePool":
            numbers = [port.get("number") for port in spec.get("targetPorts") or ()]
            yield from _ports(numbers or [spec.get("targetPortNumber")])
        case "HorizontalPodAutoscaler":
            yield _range(spec.get("minReplicas", 1), spec.get("maxReplicas"))
        case "ScaledObject":
            yield _range(spec.get("minReplicaCount", 0), spec.get("maxReplicaCount", 100))


def _workload(spec: Manifest, pod: Manifest, pods: int = 1) -> Iterator[str]:
    count = spec.get("replicas")
    replicas = "replicas: autoscaled" if count is None else f"replicas: {count}"
    yield f"{replicas}, {pods} pods each" if pods > 1 else replicas
    for container in pod.get("containers") or ():
        limits = (container.get("resources") or {}).get("limits") or {}
        asked = [f"{limits[name]} {name}" for name in limits if "/" in name]
        if asked:
            yield " + ".join(asked)


def _ports(numbers: list[Any]) -> Iterator[str]:
    stated = [str(number) for number in numbers if number is not None]
    if stated:
        yield f"port{'s' * (len(stated) > 1)} {', '.join(stated)}"


def _range(least: Any, most: Any) -> str:
    return f"{least} to {most} replicas"
