"""`object_names`: the objects that come to be in a cluster through a plan, each by its one name.

Two ModelServices that take one name would write one object in turns, and the deletion of either
would take it from the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from msvc_pulumi.errors import Diagnostic, FieldPath
from msvc_pulumi.plan import Plan, PlannedObject
from msvc_pulumi.target.kinds import LEADER_WORKER_SET

__all__ = ["ObjectName", "is_stated", "name_conflict", "object_names"]

NAME = FieldPath.of("metadata", "name")
SHOWN = 5  # of the objects that two ModelServices share


class ObjectName(NamedTuple):
    """Tells an object from all others; versions of an API group are views of the same one."""

    group: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f'{self.kind} "{self.name}"'


def object_names(plan: Plan) -> dict[ObjectName, PlannedObject]:
    """The names that ``plan`` takes, and what it takes each for.

    Among them are those of what other controllers make for a planned object.
    """
    found: dict[ObjectName, PlannedObject] = {}
    for planned in plan:
        for taken in _taken(planned):
            found.setdefault(taken, planned)
    return found


def _taken(planned: PlannedObject) -> Iterator[ObjectName]:
    manifest = planned.manifest
    metadata = manifest["metadata"]
    name, namespace = metadata.get("name", ""), metadata.get("namespace", "")
    if not name:  # the server refuses it, or names it
        return
    group, _, _ = manifest["apiVersion"].rpartition("/")
    yield ObjectName(group, manifest["kind"], namespace, name)
    spec = manifest.get("spec") or {}
    if manifest["kind"] == LEADER_WORKER_SET.kind:
        # Its controller lets the pods find each other by a headless Service of the set's name, and
        # takes whatever Service of that name there is (v0.8, CreateHeadlessServiceIfNotExists).
        if (spec.get("networkConfig") or {}).get("subdomainPolicy") != "UniquePerReplica":
            yield ObjectName("", "Service", namespace, name)
    elif manifest["kind"] == "ScaledObject":
        advanced = spec.get("advanced") or {}
        stated = (advanced.get("horizontalPodAutoscalerConfig") or {}).get("name")
        scaler = stated or f"keda-hpa-{name}"  # KEDA v2, getHPAName
        yield ObjectName("autoscaling", "HorizontalPodAutoscaler", namespace, scaler)


def name_conflict(
    name: str, first: str, shared: Iterable[tuple[ObjectName, PlannedObject]]
) -> Diagnostic:
    """ModelService ``name`` takes what ``first`` has: an error without a place.

    It tells of ConfigMaps last: another name for the ModelService may be all that it takes.
    """
    found = sorted(shared, key=lambda item: is_stated(item[1]))
    taken, planned = found[0]
    more = [str(other) for other, _ in found[1 : SHOWN + 1]]
    if len(found) > SHOWN + 1:
        more.append(f"{len(found) - SHOWN - 1} more")
    config = is_stated(planned)
    return Diagnostic(
        "name-conflict",
        f'ModelServices "{first}" and "{name}" both make {taken}',
        field=FieldPath.of("data", "configMaps") if config else NAME,
        notes=(f"and {', '.join(more)}",) if more else (),
        help='put "{{ .ModelServiceName }}" into the name'
        if config
        else "rename one of the ModelServices, or put it into another namespace",
    )


def is_stated(planned: PlannedObject) -> bool:
    """Whether a BaseConfig states the object's name; all others are made of the ModelService's."""
    return planned.key.startswith("configMaps")
