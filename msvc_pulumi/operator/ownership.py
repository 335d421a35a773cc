"""Whether an object still is what Pulumi applied, told from who owns its fields.

A server-side apply owns every field it states until somebody else gives one another value; that one
is then missing from ``metadata.managedFields`` of whoever applied it. So drift shows without a look
at values, which the server writes in its own way ("1000m" comes back as "1").
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

__all__ = ["disowned", "owned_fields", "owner_of_field"]

MANAGER = "pulumi-kubernetes"  # and what either plugin puts behind it
EMPTY: tuple[Any, ...] = (None, "", {}, [])
# What names an object is nobody's field.
IDENTITY = {(), ("metadata",)}
UNOWNED = {"apiVersion", "kind", "name", "namespace"}

Fields = dict[str, Any]


def owned_fields(metadata: Mapping[str, Any]) -> str:
    """The fields that Pulumi owns by apply, as compact JSON; "" if it never applied the object.

    Equal texts are one object: a fleet of like services has few of them.
    """
    found: Fields = {}
    for entry in metadata.get("managedFields") or ():
        if _is_ours(entry):
            found = _union(found, entry.get("fieldsV1") or {})
    return sys.intern(json.dumps(found, separators=(",", ":"), sort_keys=True)) if found else ""


def disowned(manifest: Mapping[str, Any], owned: str, ignored: Sequence[str] = ()) -> list[str]:
    """Paths of what ``manifest`` states and ``owned`` lacks, the outermost of each."""
    fields = json.loads(owned) if owned else {}
    if not fields:
        return ["metadata"]
    return [path for path in _disowned(manifest, fields, ()) if path not in ignored]


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
    applied = entry.get("operation") == "Apply" and not entry.get("subresource")
    return applied and str(entry.get("manager", "")).startswith(MANAGER)


def _disowned(value: Any, fields: Fields, path: tuple[str, ...]) -> Iterator[str]:
    if not fields:  # an atomic one is owned as a whole
        return
    if isinstance(value, Mapping):
        for key, item in value.items():
            if item in EMPTY or (path in IDENTITY and key in UNOWNED):
                continue
            inner = fields.get(f"f:{key}")
            if inner is None:
                yield ".".join((*path, key))
            else:
                yield from _disowned(item, inner, (*path, key))
    elif isinstance(value, list):
        items = _Items(fields)
        for number, item in enumerate(value):
            inner = items.find(item)
            here = (*path[:-1], f"{path[-1]}[{number}]")
            if inner is None:
                yield ".".join(here)
            else:
                yield from _disowned(item, inner, here)


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
