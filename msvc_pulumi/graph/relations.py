"""What objects have to do with each other: `relations` reads it from their manifests alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Any

__all__ = ["Place", "Relation", "relations"]

Manifest = dict[str, Any]
Place = tuple[str, str]
"""Kind and name of an object."""

WORKLOADS = ("Deployment", "LeaderWorkerSet")
AUTOSCALERS = ("HorizontalPodAutoscaler", "ScaledObject")


class Relation(StrEnum):
    """What the object at an arrow's start does with the one at its end."""

    ROUTES = "routes to"
    SELECTS = "selects"
    SCALES = "scales"
    REFERS = "refers to"


def relations(manifests: Sequence[Manifest]) -> Iterator[tuple[Place, Place, Relation]]:
    """Every relation of the objects, also to objects that are not among them."""
    workloads = [one for one in manifests if one["kind"] in WORKLOADS]
    for manifest in manifests:
        own, kind = _place(manifest), manifest["kind"]
        spec = manifest.get("spec") or {}
        if kind == "HTTPRoute":
            yield from _route(spec, own)
        elif kind == "InferencePool":
            yield from _pool(spec, own)
        elif kind in AUTOSCALERS:
            target = spec.get("scaleTargetRef") or {}
            yield own, (target.get("kind", "Deployment"), target.get("name", "")), Relation.SCALES
        elif kind == "RoleBinding":
            role = manifest.get("roleRef") or {}
            yield own, (role.get("kind", ""), role.get("name", "")), Relation.REFERS
            for subject in manifest.get("subjects") or ():
                yield own, (subject.get("kind", ""), subject.get("name", "")), Relation.REFERS
        elif kind in WORKLOADS:
            for pod in _pods(manifest):
                yield from ((own, other, Relation.REFERS) for other in _used(pod))
        if kind in ("Service", "InferencePool"):
            labels = _selector(spec)
            for workload in workloads:
                if labels and any(labels.items() <= have.items() for have in _labels(workload)):
                    yield own, _place(workload), Relation.SELECTS
        pool = spec.get("poolRef") or {}
        if pool.get("name"):
            yield own, (pool.get("kind") or "InferencePool", pool["name"]), Relation.REFERS


def _place(manifest: Manifest) -> Place:
    return manifest["kind"], manifest["metadata"].get("name", "")


def _route(spec: Manifest, own: Place) -> Iterator[tuple[Place, Place, Relation]]:
    for parent in spec.get("parentRefs") or ():
        yield (parent.get("kind") or "Gateway", parent.get("name", "")), own, Relation.ROUTES
    for rule in spec.get("rules") or ():
        for backend in rule.get("backendRefs") or ():
            yield own, (backend.get("kind") or "Service", backend.get("name", "")), Relation.ROUTES


def _pool(spec: Manifest, own: Place) -> Iterator[tuple[Place, Place, Relation]]:
    picker = spec.get("endpointPickerRef") or spec.get("extensionRef") or {}
    if picker.get("name"):
        yield own, (picker.get("kind") or "Service", picker["name"]), Relation.ROUTES


def _selector(spec: Manifest) -> dict[str, Any]:
    stated: dict[str, Any] = spec.get("selector") or {}
    inner = stated.get("matchLabels")
    return inner if isinstance(inner, dict) else stated


def _templates(workload: Manifest) -> Iterator[Manifest]:
    spec = workload.get("spec") or {}
    group = spec.get("leaderWorkerTemplate") or {}
    for template in (
        spec.get("template"),
        group.get("leaderTemplate"),
        group.get("workerTemplate"),
    ):
        if template:
            yield template


def _pods(workload: Manifest) -> Iterator[Manifest]:
    for template in _templates(workload):
        yield template.get("spec") or {}


def _labels(workload: Manifest) -> Iterator[dict[str, Any]]:
    for template in _templates(workload):
        yield (template.get("metadata") or {}).get("labels") or {}


def _used(pod: Manifest) -> Iterator[Place]:
    """What pods need to run: their ServiceAccount, volumes and sources of variables."""
    if pod.get("serviceAccountName"):
        yield "ServiceAccount", pod["serviceAccountName"]
    for secret in pod.get("imagePullSecrets") or ():
        yield "Secret", secret.get("name", "")
    for volume in pod.get("volumes") or ():
        yield from _volume(volume)
    for name in ("initContainers", "containers"):
        for container in pod.get(name) or ():
            for source in container.get("envFrom") or ():
                yield from _sources(source, ("configMapRef", "secretRef"))
            for variable in container.get("env") or ():
                yield from _sources(
                    variable.get("valueFrom") or {}, ("configMapKeyRef", "secretKeyRef")
                )


def _volume(volume: Manifest) -> Iterator[Place]:
    if claim := (volume.get("persistentVolumeClaim") or {}).get("claimName"):
        yield "PersistentVolumeClaim", claim
    if name := (volume.get("configMap") or {}).get("name"):
        yield "ConfigMap", name
    if name := (volume.get("secret") or {}).get("secretName"):
        yield "Secret", name


def _sources(stated: Manifest, names: tuple[str, str]) -> Iterator[Place]:
    for name, kind in zip(names, ("ConfigMap", "Secret"), strict=True):
        if found := (stated.get(name) or {}).get("name"):
            yield kind, found
