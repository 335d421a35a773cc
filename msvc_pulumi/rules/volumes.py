"""Volumes of a pod, and where its containers mount them.

Rules: ``pkg/apis/core/validation/validation.go`` (``ValidateVolumes``, ``ValidateVolumeMounts``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msvc_pulumi.errors import FieldPath
from msvc_pulumi.rules.finding import (
    Finding,
    duplicate,
    forbidden,
    invalid,
    items,
    not_found,
    required,
)
from msvc_pulumi.rules.names import dns_label

__all__ = ["mounts", "volumes"]

# The field of a source that names what it takes its content from.
NAMES = {
    "secret": "secretName",
    "configMap": "name",
    "persistentVolumeClaim": "claimName",
    "hostPath": "path",
    "csi": "driver",
}


def volumes(pod: dict[str, Any], at: FieldPath) -> Iterator[Finding]:
    first: dict[str, FieldPath] = {}
    for number, volume in items(pod.get("volumes")):
        here = at.child("volumes", number)
        name = volume.get("name") or ""
        if not name:
            yield required(here.child("name"))
        elif problem := dns_label(name):
            yield invalid(here.child("name"), name, problem)
        elif name in first:
            yield duplicate(here.child("name"), name, first[name], "rename or remove one of them")
        first.setdefault(name, here.child("name"))
        yield from _sources(volume, here)


def _sources(volume: dict[str, Any], at: FieldPath) -> Iterator[Finding]:
    chosen = [name for name, value in volume.items() if name != "name" and value is not None]
    if not chosen:  # the API server makes an emptyDir of it
        return
    for name in chosen[1:]:
        other = (at.child(chosen[0]), "the other source")
        problem = "may not specify more than 1 volume type"
        yield forbidden(at.child(name), problem, "keep one of them", other)
    source, here = volume[chosen[0]], at.child(chosen[0])
    if not isinstance(source, dict):
        return
    field = NAMES.get(chosen[0])
    if field is not None and not source.get(field):
        yield required(here.child(field))
    if chosen[0] == "hostPath" and ".." in (source.get("path") or "").split("/"):
        yield invalid(here.child("path"), source["path"], "must not contain '..'")
    yield from _files(source, here)
    for number, projection in items(source.get("sources")):
        for kind in ("secret", "configMap"):
            if (stated := projection.get(kind)) is not None:
                place = here.child("sources", number, kind)
                if not stated.get("name"):
                    yield required(place.child("name"))
                yield from _files(stated, place)


def _files(source: dict[str, Any], at: FieldPath) -> Iterator[Finding]:
    for number, item in items(source.get("items")):
        if "fieldRef" in item or "resourceFieldRef" in item:
            continue
        here = at.child("items", number)
        if not item.get("key"):
            yield required(here.child("key"))
        path = item.get("path") or ""
        if not path:
            yield required(here.child("path"))
        elif problem := _descending(path):
            yield invalid(here.child("path"), path, problem)


def mounts(container: dict[str, Any], at: FieldPath, known: list[str]) -> Iterator[Finding]:
    first: dict[str, FieldPath] = {}
    for number, mount in items(container.get("volumeMounts")):
        here = at.child("volumeMounts", number)
        name, path = mount.get("name") or "", mount.get("mountPath") or ""
        if not name:
            yield required(here.child("name"))
        elif name not in known:
            stated = ", ".join(f'"{volume}"' for volume in known) or "none"
            yield not_found(here.child("name"), name, "", f"volumes of the pod: {stated}")
        if not path:
            yield required(here.child("mountPath"))
        elif path in first:
            place = here.child("mountPath")
            other = (first[path], "mounted first here")
            yield invalid(place, path, "must be unique", "mount one of them elsewhere", other)
        first.setdefault(path, here.child("mountPath"))
        for field in ("subPath", "subPathExpr"):
            if problem := _descending(mount.get(field) or ""):
                yield invalid(here.child(field), mount[field], problem)
        if mount.get("subPath") and mount.get("subPathExpr"):
            problem = "subPathExpr and subPath are mutually exclusive"
            yield invalid(here.child("subPathExpr"), mount["subPathExpr"], problem)


def _descending(path: str) -> str:
    if path.startswith("/"):
        return "must be a relative path"
    return "must not contain '..'" if ".." in path.split("/") else ""
