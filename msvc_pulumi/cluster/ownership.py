"""Whether an object still is what Pulumi applied, told from who owns its fields.

Who creates or applies an object owns every field that it states until somebody else gives one
another value; that one is then missing from their entry in ``metadata.managedFields``. So drift
shows without a look at values, which the server writes in its own way ("1000m" comes back as "1").
A creation alone does not own what is stated to be false or 0, unless that differs from nothing.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from msvc_pulumi.cluster.claims import CREATOR, PULUMI
from msvc_pulumi.cluster.fieldsets import Fields, united
from msvc_pulumi.errors import FieldPath

__all__ = [
    "Holder",
    "added_fields",
    "disowned",
    "foreign_fields",
    "holder_of",
    "is_ignored",
    "is_ours",
    "owned_fields",
    "value_at",
]

EMPTY: tuple[Any, ...] = (None, "", {}, [])
# What names an object is nobody's field.
IDENTITY = {(), ("metadata",)}
UNOWNED = {"apiVersion", "kind", "name", "namespace"}

# Whose fields the Kubernetes plugin takes to itself whenever it writes an object: of names that
# begin so, by operation (PatchReplaceFieldsManagers in its await package).
ABSORBED = {
    "Apply": ("kubectl",),
    "Update": ("kubectl", "before-first-apply", *PULUMI),
}


class Holder(NamedTuple):
    """Who owns a field, and when they last wrote to the object."""

    manager: str
    at: str
    is_absorbed: bool
    """Whether what they state beside us goes with our next write of the object."""

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Holder:
        """The one of an entry in ``metadata.managedFields``."""
        manager = str(entry.get("manager") or "")
        names = ABSORBED.get(str(entry.get("operation")), ())
        absorbed = manager.startswith(names) and not entry.get("subresource")
        return cls(manager, str(entry.get("time") or ""), absorbed)


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
) -> list[FieldPath]:
    """Paths of what ``manifest`` states and ``owned`` lacks, the outermost of each; of what it
    states to be false or 0 only those that are in ``foreign``.
    """
    fields = json.loads(owned) if owned else {}
    if not fields:
        return [FieldPath.of("metadata")]
    others = json.loads(foreign) if foreign else None
    found = map(FieldPath, _disowned(manifest, fields, others, ()))
    return [path for path in found if not is_ignored(path, ignored)]


def is_ignored(path: FieldPath, ignored: Iterable[str]) -> bool:
    """Whether ``path`` is one of ``ignored`` or below it."""
    text = str(path)
    return any(text == one or text.startswith((f"{one}.", f"{one}[")) for one in ignored)


def holder_of(
    metadata: Mapping[str, Any], manifest: Mapping[str, Any], path: FieldPath
) -> Holder | None:
    """Who other than Pulumi owns ``path`` of ``manifest`` by now; of several the last to write."""
    entries = [entry for entry in _entries(metadata, ours=False) if _owns(entry, manifest, path)]
    last = max(entries, key=lambda entry: str(entry.get("time") or ""), default=None)
    return Holder.of(last) if last else None


def value_at(
    item: Mapping[str, Any], manifest: Mapping[str, Any], path: FieldPath, metadata: Any
) -> Any:
    """What ``item`` has at ``path`` of ``manifest``, None if nothing.

    Items of lists are known by the keys that ``metadata.managedFields`` says they have.
    """
    entries = metadata.get("managedFields") or ()
    fields = united(entry.get("fieldsV1") or {} for entry in entries)
    here: Any = item
    stated: Any = manifest
    for step in path:
        if isinstance(step, int):
            stated = stated[step]
            here = _counterpart(here, stated, fields)
            fields = (_Items(fields).find(stated) or {}) if fields else {}
        else:
            stated = stated.get(step)
            here = here.get(step) if isinstance(here, Mapping) else None
            fields = fields.get(f"f:{step}") or {}
        if here is None:
            return None
    return here


def added_fields(
    item: Mapping[str, Any], manifest: Mapping[str, Any], ignored: Sequence[str] = ()
) -> Iterator[tuple[FieldPath, Any, Holder]]:
    """What others own of ``item`` that ``manifest`` does not state or that is ``ignored``: the
    outermost paths with their values, and who. An item of a list that the manifest lacks is named
    by its keys.
    """
    for entry in _entries(item["metadata"], ours=False):
        holder = Holder.of(entry)
        for path, value in _added(
            entry.get("fieldsV1") or {}, item, manifest, ignored, FieldPath()
        ):
            yield path, value, holder


def is_ours(entry: Mapping[str, Any]) -> bool:
    """Whether an entry of ``metadata.managedFields`` is that of a Pulumi program."""
    if entry.get("subresource"):
        return False
    manager = str(entry.get("manager", ""))
    if entry.get("operation") == "Apply":
        return manager.startswith(CREATOR)
    return manager == CREATOR


def _entries(metadata: Mapping[str, Any], *, ours: bool) -> Iterator[Mapping[str, Any]]:
    for entry in metadata.get("managedFields") or ():
        if is_ours(entry) is ours and entry.get("subresource") != "status":
            yield entry


def _fields(metadata: Mapping[str, Any], *, ours: bool) -> str:
    found = united(entry.get("fieldsV1") or {} for entry in _entries(metadata, ours=ours))
    return sys.intern(json.dumps(found, separators=(",", ":"), sort_keys=True)) if found else ""


def _disowned(
    value: Any, fields: Fields, foreign: Fields | None, path: tuple[str | int, ...]
) -> Iterator[tuple[str | int, ...]]:
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
                yield (*path, key)
    elif isinstance(value, list):
        items, others = _Items(fields), _Items(foreign or {})
        for number, item in enumerate(value):
            inner, other = items.find(item), others.find(item)
            if inner is None:
                yield (*path, number)
            else:
                yield from _disowned(item, inner, other, (*path, number))


def _owns(entry: Mapping[str, Any], manifest: Mapping[str, Any], path: FieldPath) -> bool:
    fields: Fields | None = entry.get("fieldsV1") or {}
    stated: Any = manifest
    for step in path:
        if isinstance(step, int):
            stated = stated[step]
            fields = _Items(fields or {}).find(stated)
        else:
            stated = stated.get(step)
            fields = (fields or {}).get(f"f:{step}")
        if not fields:
            return fields is not None  # the end, or owned as a whole
    return True


def _counterpart(found: Any, stated: Any, fields: Fields) -> Any:
    """The item of the list ``found`` that is ``stated`` in ours."""
    if not isinstance(found, list):
        return None
    if not isinstance(stated, Mapping):
        return stated if stated in found else None
    keys: Any = next((json.loads(name[2:]) for name in fields if name[:2] == "k:"), ())
    known = [key for key in keys if key in stated]
    for item in found if known else ():
        if isinstance(item, Mapping) and all(item.get(key) == stated[key] for key in known):
            return item
    return None


def _added(
    fields: Fields, found: Any, stated: Any, ignored: Sequence[str], path: FieldPath
) -> Iterator[tuple[FieldPath, Any]]:
    for name, inner in fields.items():
        kind, _, text = name.partition(":")
        value = mine = None
        if kind == "f" and (path, text) != (FieldPath(), "status"):
            here = path.child(text)
            value, mine = (
                one.get(text) if isinstance(one, Mapping) else None for one in (found, stated)
            )
        elif kind == "k":
            keys = json.loads(text)
            number = _index(stated, keys)
            here = path.child(_keyed(keys) if number is None else number)
            mine = None if number is None else stated[number]
            there = _index(found, keys)
            value = None if there is None else found[there]
        elif kind == "v":
            value = json.loads(text)
            here = path.child(f"={value}")
            mine = value if isinstance(stated, list) and value in stated else None
        if value is None:
            continue
        if mine in EMPTY or (not inner and is_ignored(here, ignored)):
            yield here, value
        elif inner:
            yield from _added(inner, value, mine, ignored, here)


def _index(stated: Any, keys: Mapping[str, Any]) -> int | None:
    """Where ``stated`` has the item with those keys, as far as it states them."""
    for number, item in enumerate(stated if isinstance(stated, list) else ()):
        known = [key for key in keys if key in item] if isinstance(item, Mapping) else []
        if known and all(item[key] == keys[key] for key in known):
            return number
    return None


def _keyed(keys: Mapping[str, Any]) -> str:
    return ",".join(f"{key}={value}" for key, value in keys.items())


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
