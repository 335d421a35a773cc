"""What changes between two sets of objects: by identity, then line by line."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from msvc_pulumi.document.emitter import to_yaml
from msvc_pulumi.target.immutability import (
    fixed_fields,
    immutable_contents,
    read_contents,
    replaced_fields,
    with_value,
)

__all__ = ["Change", "compare", "counterpart", "restricted"]

Action = Literal["create", "update", "replace", "restart", "delete"]
Identity = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """One object that differs; ``text`` is a unified diff of its YAML.

    ``replaces`` are fields that cannot be changed, for which it is made anew. ``restarts_with`` are
    the immutable ConfigMaps for which its pods start again, also where nothing else about it
    differs.
    """

    action: Action
    identity: Identity
    text: str
    replaces: tuple[str, ...] = ()
    restarts_with: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        """The same for programs."""
        group, kind, namespace, name = self.identity
        return {
            "action": self.action,
            "group": group,
            "kind": kind,
            "namespace": namespace,
            "name": name,
            "diff": self.text,
            **({"replaces": [*self.replaces]} if self.replaces else {}),
            **({"restartsWith": [*self.restarts_with]} if self.restarts_with else {}),
        }

    def __str__(self) -> str:
        group, kind, namespace, name = self.identity
        place = f"{namespace}/{name}" if namespace else name
        why = f" ({', '.join(self.replaces)} cannot be changed)" if self.replaces else ""
        if self.restarts_with:
            why += f" (pods start again: they read ConfigMap {', '.join(self.restarts_with)})"
        return f"{self.action} {kind}{'.' + group if group else ''} {place}{why}"


def compare(old: Iterable[dict[str, Any]], new: Iterable[dict[str, Any]]) -> list[Change]:
    """The changes that lead from ``old`` to ``new``, in the order of ``new``, deletions last."""
    before = {_identity(manifest): manifest for manifest in old}
    after = {_identity(manifest): manifest for manifest in new}
    held = immutable_contents(before.values()), immutable_contents(after.values())
    changes = []
    for identity, manifest in after.items():
        existing = before.get(identity)
        restarts = _restarts(existing, manifest, *held) if existing else ()
        if existing == manifest:
            if restarts:
                changes.append(Change("restart", identity, "", restarts_with=restarts))
        else:
            fixed = (
                [str(field) for field in replaced_fields(existing, manifest)] if existing else []
            )
            action: Action = "replace" if fixed else "update" if existing else "create"
            text = _text(existing, manifest, identity)
            changes.append(Change(action, identity, text, tuple(fixed), restarts))
    for identity, manifest in before.items():
        if identity not in after:
            changes.append(Change("delete", identity, _text(manifest, None, identity)))
    return changes


def counterpart(live: dict[str, Any], stated: dict[str, Any]) -> dict[str, Any]:
    """The live object as `compare` wants it: `restricted`, with all of what cannot be changed."""
    found: dict[str, Any] = restricted(live, stated)
    for field in fixed_fields(live):
        value = field.find(live)
        if value is not None and (field.find(stated) is not None or len(field) == 1):
            found = with_value(found, field, value)
    return found


def restricted(live: Any, stated: Any) -> Any:
    """``live`` cut down to what ``stated`` speaks about, so that server defaults do not differ.

    List items are matched by their ``name`` where they have one, else by position.
    """
    if isinstance(live, dict) and isinstance(stated, dict):
        return {key: restricted(live[key], value) for key, value in stated.items() if key in live}
    if isinstance(live, list) and isinstance(stated, list):
        named = {item["name"]: item for item in live if isinstance(item, dict) and "name" in item}
        return [
            restricted(
                named.get(item["name"], live[number] if number < len(live) else None)
                if isinstance(item, dict) and "name" in item
                else live[number],
                item,
            )
            for number, item in enumerate(stated)
            if number < len(live) or (isinstance(item, dict) and item.get("name") in named)
        ] + live[len(stated) :]
    return live


def _restarts(
    old: Mapping[str, Any], new: Mapping[str, Any], *held: Mapping[tuple[str, str], str]
) -> tuple[str, ...]:
    """The ConfigMaps for which pods of ``new`` start again, of what was and is ``held``."""
    before, after = read_contents(old, held[0]), read_contents(new, held[1])
    names = before.keys() | after.keys()
    return tuple(sorted(name for name in names if before.get(name) != after.get(name)))


def _identity(manifest: dict[str, Any]) -> Identity:
    group = str(manifest.get("apiVersion", "")).rpartition("/")[0]
    metadata = manifest.get("metadata", {})
    return group, manifest["kind"], metadata.get("namespace", ""), metadata.get("name", "")


def _text(old: dict[str, Any] | None, new: dict[str, Any] | None, identity: Identity) -> str:
    name = "/".join(part for part in identity[1:] if part)
    return "".join(
        difflib.unified_diff(
            to_yaml(old).splitlines(keepends=True) if old else [],
            to_yaml(new).splitlines(keepends=True) if new else [],
            f"a/{name}" if old else "none",
            f"b/{name}" if new else "none",
        )
    )
