"""Whether an object still is what Pulumi applied, told from who owns its fields.

Who creates or applies an object owns every field that it states until somebody else gives one
another value; that one is then missing from their entry in ``metadata.managedFields``. So drift
shows without a look at values, which the server writes in its own way ("1000m" comes back as "1").
A creation alone does not own what is stated to be false or 0, unless that differs from nothing.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

__all__ = ["disowned", "foreign_fields", "owned_fields", "owner_of_field"]

MANAGER = "pulumi-kubernetes"  # of a creation; an apply puts something behind it
EMPTY: tuple[Any, ...] = (None, "", {}, [])
# What names an object is nobody's field.
IDENTITY = {(), ("metadata",)}
UNOWNED = {"apiVersion", "kind", "name", "namespace"}

Fields = dict[str, Any]


def owned_fields(metadata: Mapping[str, Any]) -> str:
    """The fields that Pulumi owns, as compact JSON; "" if it never wrote the object.

    Equal texts are one object: a fleet of like services has few of them.
    """
    return _fields(metadata, ours=True)


def foreign_fields(metadata: Mapping[str, Any]) -> str:
    """The fields that anybody else owns, in the same way; statuses aside."""
    return _fields(metadata, ours=False)


def disowned(
    manifest: Mapping[str, Any], owned: str, ignored: Sequence[str] = (), foreign: str = ""
) -> list[str]:
    """Paths of what ``manifest`` states and ``owned`` lacks, the outermost of each; of what it
    states to be false or 0 only those that are in ``foreign``.
    """
    fields = json.loads(owned) if owned else {}
    if not fields:
        return ["metadata"]
    others = json.loads(foreign) if foreign else None
    return [path for path in _disowned(manifest, fields, others, ()) if path not in ignored]


def owner_of_field(metadata: Mapping[str, Any], path: str) -> str:
    """The manager other than Pulumi that owns ``path`` by now, "" if there is none."""
    steps = [f"f:{step}" for step in path.partition("[")[0].split(".")]
    for entry in metadata.get("managedFields") or ():
        here: Any = entry.get("fieldsV1") or {}
        for step in steps:
            here = here.get(step) if isinstance(here, dict) else None
        if here is not None and not _is_ours(entry):
            return str(entry.get("manager", ""))
    return ""


def _is_ours(entry: Mapping[str, Any]) -> bool:
    if entry.get("subresource"):
        return False
    manager = str(entry.get("manager", ""))
    if entry.get("operation") == "Apply":
        return manager.startswith(MANAGER)
    return manager == MANAGER


def _fields(metadata: Mapping[str, Any], *, ours: bool) -> str:
    found: Fields = {}
    for entry in metadata.get("managedFields") or ():
        if _is_ours(entry) is ours and entry.get("subresource") != "status":
            found = _union(found, entry.get("fieldsV1") or {})
    return sys.intern(json.dumps(found, separators=(",", ":"), sort_keys=True)) if found else ""


def _disowned(
    value: Any, fields: Fields, foreign: Fields | None, path: tuple[str, ...]
) -> Iterator[str]:
    if not fields:  # an atomic one is owned as a whole
        return
    if isinstance(value, Mapping):
        for key, item in value.items():
            if item in EMPTY or (path in IDENTITY and key in UNOWNED):
                continue
            inner, other = fields.get(f"f:{key}"), (foreign or {}).get(f"f:{key}")
            if inner is not None:
                yield from _disowned(item, inner, other, (*path, key))
            elif item or other is not None:
                yield ".".join((*path, key))
    elif isinstance(value, list):
        items, others = _Items(fields), _Items(foreign or {})
        for number, item in enumerate(value):
            inner, other = items.find(item), others.find(item)
            here = (*path[:-1], f"{path[-1]}[{number}]")
            if inner is None:
                yield ".".join(here)
            else:
                yield from _disowned(item, inner, other, here)


class _Items:
    """The fields of the items of one list: known by their keys, or of a set by their values.

    A list may be as long as an object, so nothing is looked for twice.
    """

    def __init__(self, fields: Fields) -> None:
        self._values = {_text(json.loads(name[2:])) for name in fields if name[:2] == "v:"}
        self._keyed = [
            (json.loads(name[2:]), inner) for name, inner in fields.items() if name[:2] == "k:"
        ]
        self._found: dict[frozenset[str], dict[str, Fields]] = {}

    def find(self, item: Any) -> Fields | None:
        """The fields of ``item``, the first that may be; None if it has none."""
        if _text(item) in self._values:
            return {}
        if not isinstance(item, Mapping):
            return None
        known = frozenset(key for keys, _ in self._keyed[:1] for key in keys if key in item)
        if known not in self._found:
            found = self._found[known] = {}
            for keys, inner in self._keyed:  # one that is not stated has its default
                found.setdefault(_text([keys.get(key) for key in sorted(known)]), inner)
        return self._found[known].get(_text([item[key] for key in sorted(known)]))


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def _union(one: Fields, other: Fields) -> Fields:
    if not one or not other:  # owned as a whole by either
        return one if one else other
    return {key: _union(one.get(key, {}), other.get(key, {})) for key in {**one, **other}}
