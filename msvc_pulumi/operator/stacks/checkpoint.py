"""Checkpoints of stacks, as the engine keeps them: joined for one run, parted after it.

An update costs half a second of processor time before it does anything. `join` makes one stack of
many, so that one update serves them all, and `part` gives each its own resources back. Format:
``sdk/go/common/apitype/core.go`` (``VersionedCheckpoint``, version 3).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from msvc_pulumi.engine.state.stateobjects import without
from msvc_pulumi.out.declaration import COMPONENT

__all__ = [
    "Checkpoint",
    "amended",
    "components",
    "contents",
    "dump",
    "join",
    "owner",
    "parse",
    "part",
    "renamed",
    "resources",
    "salt",
    "without_positions",
]

Checkpoint = dict[str, Any]

SHARED = ("pulumi:pulumi:Stack", "pulumi:providers:")
# Where a resource was declared; nine tenths of what a stack weighs, and of no use after the run.
POSITIONS = ("sourcePosition", "stackTrace")


def parse(content: bytes, stack: str) -> Checkpoint:
    """The checkpoint that is ``content``. Raises ValueError if that is not one."""
    checkpoint = json.loads(content)
    if not isinstance(checkpoint, dict) or checkpoint.get("version") != 3:
        raise ValueError(f"the state of {stack} is no checkpoint of version 3")
    return checkpoint


def dump(checkpoint: Checkpoint) -> bytes:
    """The checkpoint as it is kept."""
    return json.dumps(checkpoint, separators=(",", ":")).encode()


def salt(checkpoint: Checkpoint) -> str:
    """What the key of the stack's secrets is derived with, beside the passphrase; "" if unknown."""
    providers = contents(checkpoint).get("secrets_providers") or {}
    return str((providers.get("state") or {}).get("salt") or "")


def renamed(checkpoint: Checkpoint, old: str, new: str) -> Checkpoint:
    """The same stack under another name."""
    result: Checkpoint = json.loads(_moved(dump(checkpoint), old, new))
    return result


def _moved(content: bytes, old: str, new: str) -> bytes:
    for text in (
        "urn:pulumi:{}::",
        '::pulumi:pulumi:Stack::modelservice-{}"',
        '"organization/modelservice/{}"',
    ):
        content = content.replace(text.format(old).encode(), text.format(new).encode())
    return content


def contents(checkpoint: Checkpoint | None) -> dict[str, Any]:
    """What the stack holds: its resources, and what a run that was killed had begun."""
    return (checkpoint or {}).get("checkpoint", {}).get("latest") or {}


def resources(checkpoint: Checkpoint | None) -> list[dict[str, Any]]:
    """The resources of a stack, [] if it has none."""
    return contents(checkpoint).get("resources") or []


def amended(
    checkpoint: Checkpoint, lost: Collection[str], made: Iterable[Mapping[str, Any]]
) -> Checkpoint:
    """The checkpoint without the resources ``lost``, whose objects are left alone, with those that
    a killed run ``made``, and with nothing that is pending.
    """
    made = [dict(resource) for resource in made]
    if not (lost or made or contents(checkpoint).get("pending_operations")):
        return checkpoint
    left = without([*resources(checkpoint), *made], lost)
    latest = {**contents(checkpoint), "resources": left}
    latest.pop("pending_operations", None)
    return {**checkpoint, "checkpoint": {**checkpoint["checkpoint"], "latest": latest}}


def join(stacks: Mapping[str, Checkpoint], name: str, empty: Checkpoint) -> Checkpoint:
    """One stack ``name`` with the resources of all ``stacks``, which are known by their names; what
    is pending in them is left out.

    ``empty`` is a stack of that name without resources. No two stacks may have a component of the
    same name.
    """
    shared: dict[str, dict[str, Any]] = {}
    own: list[dict[str, Any]] = []
    for old, checkpoint in stacks.items():
        moved = renamed(checkpoint, old, name)
        identities: dict[str, str] = {}
        mine = []
        for resource in resources(moved):
            if not resource["type"].startswith(SHARED):
                mine.append(resource)
                continue
            first = shared.setdefault(resource["urn"], resource)
            if first is not resource and "id" in first:
                identities[resource["id"]] = first["id"]
        _refer(mine, identities)
        own += mine
    result: Checkpoint = json.loads(json.dumps(empty))
    result["checkpoint"]["latest"]["resources"] = [*shared.values(), *own]
    return result


def part(joined: Checkpoint, name: str, components: Mapping[str, str]) -> dict[str, bytes]:
    """The stacks that ``joined`` was made of, by name, each with what belongs to it now, as it is
    kept.

    ``components`` gives for the name of a component the stack it belongs to. A stack that has no
    resource any more is left out.
    """
    latest = contents(joined)
    everything = resources(joined)
    belongings: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for item in everything:
        belongings[_owner(item)].append(item)
    stacks: dict[str, bytes] = {}
    for component, stack in components.items():
        own = belongings.get(component)
        if not own:
            continue
        used = {item.get("provider", "").rpartition("::")[0] for item in own}
        common = [
            item
            for item in belongings.get("", ())
            if item["type"] == SHARED[0] or item["urn"] in used
        ]
        state = {**latest, "resources": [*common, *own]}
        state.pop("pending_operations", None)
        operations = [
            item
            for item in latest.get("pending_operations") or ()
            if _owner(item["resource"]) == component
        ]
        if operations:
            state["pending_operations"] = operations
        checkpoint = {**joined, "checkpoint": {**joined["checkpoint"], "latest": state}}
        stacks[stack] = _moved(dump(checkpoint), name, stack)
    return stacks


def without_positions(checkpoint: Checkpoint) -> Checkpoint:
    """The checkpoint without the places in the program that its resources came from."""
    for resource in resources(checkpoint):
        for key in POSITIONS:
            resource.pop(key, None)
    return checkpoint


def components(checkpoint: Checkpoint | None) -> dict[str, dict[str, Any]]:
    """The outputs of each component of a stack, by its name."""
    return {
        item["urn"].rpartition("::")[2]: item.get("outputs") or {}
        for item in resources(checkpoint)
        if item["type"] == COMPONENT
    }


def owner(urn: str, parent: str = "") -> str:
    """Name of the component that a resource is or belongs to; "" for what all share."""
    for candidate in (urn, parent):
        head, _, name = candidate.rpartition("::")
        if head.endswith(f"::{COMPONENT}"):
            return name
    return ""


def _owner(resource: Mapping[str, Any]) -> str:
    return owner(resource["urn"], resource.get("parent", ""))


def _refer(items: Iterable[dict[str, Any]], identities: Mapping[str, str]) -> None:
    """Let resources refer to the one provider that is kept."""
    for item in items:
        urn, _, identity = item.get("provider", "").rpartition("::")
        if identity in identities:
            item["provider"] = f"{urn}::{identities[identity]}"
