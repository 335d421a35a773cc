"""`Workload`: what policies look at, one object that runs pods or says who they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from msvc_pulumi.errors import FieldPath
from msvc_pulumi.rules.finding import items
from msvc_pulumi.rules.workloads import TEMPLATES, templates

__all__ = ["KINDS", "Pod", "Workload"]

KINDS = ("Deployment", "LeaderWorkerSet", "ServiceAccount")
WORKER = TEMPLATES[-1]
SIZE = FieldPath.of("spec", "leaderWorkerTemplate", "size")


@dataclass(frozen=True, slots=True)
class Pod:
    """One kind of pod: its spec and where it is.

    ``group`` is the number of pods that make up a replica. ``is_worker`` is set where another pod
    of the group may be the one that is asked.
    """

    at: FieldPath
    spec: dict[str, Any]
    group: int = 1
    is_worker: bool = False

    def containers(self, *kinds: str) -> Iterator[tuple[FieldPath, dict[str, Any]]]:
        """The containers with their places: those that stay, or of the lists named in ``kinds``."""
        for kind in kinds or ("containers",):
            for number, container in items(self.spec.get(kind)):
                yield self.at.child(kind, number), container

    def staying(self) -> Iterator[tuple[FieldPath, dict[str, Any]]]:
        """Those that run as long as the pod, init containers that do so included."""
        yield from self.containers()
        for at, container in self.containers("initContainers"):
            if container.get("restartPolicy") == "Always":
                yield at, container


@dataclass(frozen=True, slots=True)
class Workload:
    """An object of one of `KINDS` as it is applied.

    ``model`` is the name of the model that its ModelService mounts, "" where nobody says.
    """

    manifest: dict[str, Any]
    model: str = ""

    def pods(self) -> Iterator[Pod]:
        """Its kinds of pods; an account has none."""
        size = SIZE.find(self.manifest)
        group = size if isinstance(size, int) and size > 0 else 1
        for at, template in templates(self.manifest):
            spec = template.get("spec") or {}
            yield Pod(at.child("spec"), spec, group, is_worker=at == WORKER and group > 1)
