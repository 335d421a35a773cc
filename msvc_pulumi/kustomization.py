"""Plans as a Kustomize base: one file an object, and the kustomization.yaml that lists them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from hashlib import sha256

from msvc_pulumi.document.emitter import to_yaml
from msvc_pulumi.plan import Plan, PlannedObject

__all__ = ["KUSTOMIZATION", "MARK", "listed", "to_kustomization"]

KUSTOMIZATION = "kustomization.yaml"
MARK = "# Written by msvc generate -o kustomize, which replaces this file and those it lists.\n"
HEAD = f"{MARK}apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n"
LONGEST = 200  # characters of a file's name; most file systems take 255 bytes
SUFFIX = ".yaml"


def to_kustomization(plans: Iterable[Plan]) -> dict[str, str]:
    """Name of every file of the base → its text.

    An object's file is called by its kind and name, so an edit changes the files of what it
    changes; by its namespace and API group too where kind and name are not enough.
    """
    objects = [planned for plan in plans for planned in plan]
    counts = Counter(map(_name, objects))
    files: dict[str, str] = {}
    for planned in objects:
        name = _name(planned)
        if counts[name] > 1:
            name = _whole_name(planned)
        files[f"{_shortened(name)}{SUFFIX}"] = to_yaml(planned.manifest)
    lines = "".join(f"- {name}\n" for name in sorted(files))
    return {KUSTOMIZATION: HEAD + lines, **files}


def listed(kustomization: str) -> list[str]:
    """The files of a base, from its kustomization.yaml; none where `to_kustomization` is not its
    author."""
    if not kustomization.startswith(MARK):
        return []
    lines = kustomization.removeprefix(HEAD).splitlines()
    names = [line.removeprefix("- ") for line in lines if line.startswith("- ")]
    return [name for name in names if name.endswith(SUFFIX) and "/" not in name]


def _name(planned: PlannedObject) -> str:
    return f"{planned.manifest['kind'].lower()}-{planned.manifest['metadata']['name']}"


def _whole_name(planned: PlannedObject) -> str:
    manifest = planned.manifest
    group, _, version = manifest["apiVersion"].rpartition("/")
    kind = f"{manifest['kind']}.{group or version}".lower()
    namespace = manifest["metadata"].get("namespace")
    return "-".join(filter(None, (namespace, kind, manifest["metadata"]["name"])))


def _shortened(name: str) -> str:
    if len(name) <= LONGEST:
        return name
    return f"{name[:LONGEST]}-{sha256(name.encode()).hexdigest()[:8]}"
