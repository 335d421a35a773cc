"""What cannot be changed in an object once it exists: it is made anew, and its pods with it.

Fields: ``ValidateImmutableField`` in Kubernetes' pkg/apis/*/validation; the Kubernetes plugin
replaces for the same (``forceNew`` in its provider package).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msvc_pulumi.errors import FieldPath

__all__ = [
    "CONTENTS",
    "fixed_fields",
    "following",
    "immutable_contents",
    "read_contents",
    "replaced_fields",
    "with_value",
]

CONTENTS = "llm-d.ai/immutable-contents"
"""Annotation of pods: a hash of the immutable ConfigMaps that they read. A kubelet does not look
at such a one again while it has pods of it."""

Manifest = Mapping[str, Any]
# Kind → paths of fields that the API server keeps as they were made.
FIXED: dict[str, tuple[FieldPath, ...]] = {
    "Deployment": (FieldPath.of("spec", "selector"),),
    "RoleBinding": (FieldPath.of("roleRef"),),
    "Service": (FieldPath.of("spec", "clusterIP"),),
    "PersistentVolumeClaim": tuple(
        FieldPath.of("spec", name)
        for name in ("accessModes", "selector", "storageClassName", "volumeName", "volumeMode")
    ),
    "Secret": (FieldPath.of("type"),),
}
FREEZABLE = ("ConfigMap", "Secret")
FROZEN = tuple(FieldPath.of(name) for name in ("immutable", "data", "binaryData", "stringData"))


def fixed_fields(manifest: Manifest) -> tuple[FieldPath, ...]:
    """The fields of an object as it is that stay so for as long as it exists."""
    fixed = FIXED.get(manifest["kind"], ())
    if manifest["kind"] in FREEZABLE and manifest.get("immutable"):
        fixed += FROZEN
    return fixed


def replaced_fields(old: Manifest, new: Manifest) -> list[FieldPath]:
    """Why ``old`` has to be made anew to become ``new``; empty where it can be changed.

    A field that either does not state has its default, of which nothing is known here.
    """
    return [
        field
        for field in fixed_fields(old)
        if (field in FROZEN or None not in (field.find(old), field.find(new)))
        and (field.find(old) or None) != (field.find(new) or None)
    ]


def immutable_contents(manifests: Iterable[Manifest]) -> dict[tuple[str, str], str]:
    """Namespace and name of each immutable ConfigMap → a hash of what it holds."""
    return {
        (manifest["metadata"].get("namespace", ""), manifest["metadata"]["name"]): _hash(manifest)
        for manifest in manifests
        if manifest["kind"] == "ConfigMap" and manifest.get("immutable")
    }


def following(manifest: dict[str, Any], contents: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    """A workload whose pods start again with other ``contents`` of what they read; anything else
    as it is.
    """
    if not contents:
        return manifest
    space = manifest["metadata"].get("namespace", "")
    found = manifest
    for path in _templates(manifest):
        template = path.find(manifest)
        read = {name for name in _read(template.get("spec")) if (space, name) in contents}
        if read:
            texts = [f"{name}={contents[space, name]}" for name in sorted(read)]
            metadata = template.get("metadata") or {}
            own = metadata.get("annotations") or {}
            annotations = {CONTENTS: _digest("\n".join(texts)), **own}
            changed = {**template, "metadata": {**metadata, "annotations": annotations}}
            found = with_value(found, path, changed)
    return found


def read_contents(manifest: Manifest, contents: Mapping[tuple[str, str], str]) -> dict[str, str]:
    """Which of ``contents`` a workload's pods read, by name."""
    if not contents:
        return {}
    space = manifest["metadata"].get("namespace", "")
    templates = (path.find(manifest) for path in _templates(manifest))
    names = (name for template in templates for name in _read(template.get("spec")))
    return {name: contents[space, name] for name in names if (space, name) in contents}


def _templates(manifest: Manifest) -> Iterator[FieldPath]:
    """Where a workload has templates of pods."""
    group = ("spec", "leaderWorkerTemplate")
    for steps in (("spec", "template"), (*group, "leaderTemplate"), (*group, "workerTemplate")):
        path = FieldPath(steps)
        if isinstance(path.find(manifest), dict):
            yield path


def _read(spec: Any) -> Iterator[str]:
    """The names of the ConfigMaps that a pod reads: as volumes, files of volumes or variables."""
    if isinstance(spec, list):
        for item in spec:
            yield from _read(item)
    elif isinstance(spec, dict):
        for key, value in spec.items():
            if key in ("configMap", "configMapRef", "configMapKeyRef") and isinstance(value, dict):
                if isinstance(name := value.get("name"), str):
                    yield name
            else:
                yield from _read(value)


def with_value(manifest: Any, path: FieldPath, value: Any) -> Any:
    """The same with ``value`` at ``path``, whose mappings are there."""
    if not path:
        return value
    inner = with_value(manifest.get(path[0]), FieldPath(path[1:]), value)
    return {**manifest, path[0]: inner}


def _hash(manifest: Manifest) -> str:
    held = [manifest.get("data") or {}, manifest.get("binaryData") or {}]
    return _digest(json.dumps(held, sort_keys=True))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
