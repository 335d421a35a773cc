"""`claims`: the objects that come to be in a cluster through a plan, each under its one name.

Two ModelServices that claim one name would write one object in turns, and the deletion of either
would take it from the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from msvc_pulumi.errors import Diagnostic, FieldPath
from msvc_pulumi.kinds import LEADER_WORKER_SET
from msvc_pulumi.plan import Plan, PlannedObject

__all__ = ["Claim", "claims", "is_stated", "name_conflict"]

NAME = FieldPath.of("metadata", "name")
SHOWN = 5  # of the objects that two ModelServices share


class Claim(NamedTuple):
    """The name of an object; versions of an API group are views of the same object."""

    group: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f'{self.kind} "{self.name}"'


def claims(plan: Plan) -> dict[Claim, PlannedObject]:
    """The names that ``plan`` takes, and what it takes each for.

    Among them are those of what other controllers make for a planned object.
    """
    found: dict[Claim, PlannedObject] = {}
    for planned in plan:
        for claim in _claimed(planned):
            found.setdefault(claim, planned)
    return found


def _claimed(planned: PlannedObject) -> Iterator[Claim]:
    manifest = planned.manifest
    metadata = manifest["metadata"]
    name, namespace = metadata.get("name", ""), metadata.get("namespace", "")
    if not name:  # the server refuses it, or names it
        return
    group, _, _ = manifest["apiVersion"].rpartition("/")
    yield Claim(group, manifest["kind"], namespace, name)
    spec = manifest.get("spec") or {}
    if manifest["kind"] == LEADER_WORKER_SET.kind:
        # Its controller lets the pods find each other by a headless Service of the set's name, and
        # takes whatever Service of that name there is (v0.8, CreateHeadlessServiceIfNotExists).
        if (spec.get("networkConfig") or {}).get("subdomainPolicy") != "UniquePerReplica":
            yield Claim("", "Service", namespace, name)
    elif manifest["kind"] == "ScaledObject":
        advanced = spec.get("advanced") or {}
        stated = (advanced.get("horizontalPodAutoscalerConfig") or {}).get("name")
        scaler = stated or f"keda-hpa-{name}"  # KEDA v2, getHPAName
        yield Claim("autoscaling", "HorizontalPodAutoscaler", namespace, scaler)


def name_conflict(
    name: str, first: str, shared: Iterable[tuple[Claim, PlannedObject]]
) -> Diagnostic:
    """ModelService ``name`` claims what ``first`` has: an error without a place.

    It tells of ConfigMaps last: another name for the ModelService may be all that it takes.
    """
    found = sorted(shared, key=lambda item: is_stated(item[1]))
    claim, planned = found[0]
    more = [str(other) for other, _ in found[1 : SHOWN + 1]]
    if len(found) > SHOWN + 1:
        more.append(f"{len(found) - SHOWN - 1} more")
    config = is_stated(planned)
    return Diagnostic(
        "name-conflict",
        f'ModelServices "{first}" and "{name}" both make {claim}',
        field=FieldPath.of("data", "configMaps") if config else NAME,
        notes=(f"and {', '.join(more)}",) if more else (),
        help='put "{{ .ModelServiceName }}" into the name'
        if config
        else "rename one of the ModelServices, or put it into another namespace",
    )


def is_stated(planned: PlannedObject) -> bool:
    """Whether a BaseConfig states the object's name; all others are made of the ModelService's."""
    return planned.key.startswith("configMaps")
