"""Plans as a Kustomize base: one file an object, and the kustomization.yaml that lists them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from hashlib import sha256

from msvc_pulumi.document.emitter import to_yaml
from msvc_pulumi.plan import Plan, PlannedObject

__all__ = ["KUSTOMIZATION", "OTHER_NAMES", "is_edited", "listed", "to_kustomization"]

KUSTOMIZATION = "kustomization.yaml"
MARK = "# Written by msvc generate -o kustomize, which replaces this file and those it lists.\n"
DIGEST = "# Its lines below have the digest "
HEAD = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n"
OTHER_NAMES = ("kustomization.yml", "Kustomization")  # that Kustomize reads as well
UNSAFE = re.compile(r"[^a-z0-9.-]")  # in the name of a file, somewhere
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
    body = HEAD + "".join(f"- {name}\n" for name in sorted(files))
    return {KUSTOMIZATION: f"{MARK}{DIGEST}{_digest(body)}\n{body}", **files}


def listed(kustomization: str) -> list[str]:
    """The files of a base, from its kustomization.yaml; none where `to_kustomization` is not its
    author."""
    if not kustomization.startswith(MARK) or is_edited(kustomization):
        return []
    lines = kustomization.partition(HEAD)[2].splitlines()
    return [line.removeprefix("- ") for line in lines]


def is_edited(kustomization: str) -> bool:
    """Whether `to_kustomization` has written a text that somebody changed since."""
    if not kustomization.startswith(MARK):
        return False
    stated, _, body = kustomization.removeprefix(MARK).partition("\n")
    return stated != f"{DIGEST}{_digest(body)}"


def _name(planned: PlannedObject) -> str:
    return _portable(f"{planned.manifest['kind'].lower()}-{planned.manifest['metadata']['name']}")


def _whole_name(planned: PlannedObject) -> str:
    manifest = planned.manifest
    group, _, version = manifest["apiVersion"].rpartition("/")
    kind = f"{manifest['kind']}.{group or version}".lower()
    namespace = manifest["metadata"].get("namespace")
    return _portable("-".join(filter(None, (namespace, kind, manifest["metadata"]["name"]))))


def _portable(name: str) -> str:
    """``name`` for file systems that know no capitals or few characters; still one of its own."""
    portable = UNSAFE.sub("-", name.lower())
    return portable if portable == name else f"{portable}-{_digest(name)}"


def _shortened(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[:LONGEST]}-{_digest(name)}"


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:8]
