"""Objects made of the bases and changes in unit/rules/objects.yaml, and pairs of those changes."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from msvc_pulumi.cluster.errors import field_path
from msvc_pulumi.rules.refusals import broken_rules
from msvc_pulumi.validation.definitions import problems

FOLDER = Path(__file__).parent / "unit" / "rules"
VERDICTS = FOLDER / "verdicts.json"
PAIRS = 60  # of two changes to one object, by a fixed seed
SHORT = {
    "P": "spec.template.spec",
    "C": "spec.template.spec.containers[0]",
    "I": "spec.template.spec.initContainers[0]",
}


@dataclass(frozen=True)
class Generated:
    """One object; ``name`` says which changes made it."""

    name: str
    manifest: dict[str, Any]


def objects() -> Iterator[Generated]:
    """Every base, every change of it, and some pairs of changes."""
    table = yaml.safe_load((FOLDER / "objects.yaml").read_text(encoding="utf-8"))
    single: list[tuple[dict[str, Any], dict[str, Any]]] = []
    for name, entry in table.items():
        yield Generated(name, entry["base"])
        for change in entry["changes"]:
            single.append((entry["base"], change))
            yield _made(entry["base"], change)
    choice = random.Random(14)  # noqa: S311
    for _ in range(PAIRS):
        base, first = choice.choice(single)
        second = choice.choice([change for other, change in single if other is base])
        if not set(first) & set(second):
            yield _made(base, first, second)


def _made(base: dict[str, Any], *changes: dict[str, Any]) -> Generated:
    manifest = deepcopy(base)
    for change in changes:
        for path, value in change.items():
            _set(manifest, path, value)
    name = " + ".join(json.dumps(change) for change in changes)
    version = base["apiVersion"].rpartition("/")[2]
    return Generated(f"{base['kind']} {version} {name}", manifest)


def refused(manifest: dict[str, Any]) -> list[str]:
    """What this project knows to be refused of an object in Kubernetes 1.36."""
    found = (*broken_rules(manifest, (1, 36)), *problems(manifest))
    return [f"{finding.path}: {finding.summary}" for finding in found if finding.refused]


def _set(manifest: dict[str, Any], text: str, value: Any) -> None:
    first, dot, rest = text.partition(".")
    path = field_path(f"{SHORT.get(first, first)}{dot}{rest}")
    here: Any = manifest
    for step in path[:-1]:
        if isinstance(here, dict):
            here = here.setdefault(step, {})
        elif isinstance(step, int) and step < len(here):
            here = here[step]
        else:
            return  # taken away by another change
    last = path[-1]
    if isinstance(here, list):
        if value is None:
            del here[last]
        elif last == len(here):
            here.append(value)
        else:
            here[last] = value
    elif value is None:
        here.pop(last, None)
    else:
        here[last] = value
