"""`ObjectDrift`: what somebody changed of an object since it was applied, in words and as data.

Who owns a field says that it was changed and by whom (`ownership`), the object says to what. What
nobody who applies states is not ours: autoscaled counts, injected sidecars, the server's defaults.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from msvc_pulumi.cluster.claims import Place, first_entry
from msvc_pulumi.cluster.ownership import (
    Holder,
    added_fields,
    disowned,
    foreign_fields,
    holder_of,
    owned_fields,
    value_at,
)
from msvc_pulumi.errors import FieldPath
from msvc_pulumi.report import visible
from msvc_pulumi.schema.quantity import QuantityError, canonical

__all__ = [
    "HIDDEN",
    "Change",
    "FieldDrift",
    "ObjectDrift",
    "compared",
    "deleted",
    "replaced",
    "summary",
]

SHOWN = 60  # characters of a value
BRIEF = 3  # fields of one object that a summary names
# Below these the server writes a number in its own way.
AMOUNTS = {"limits", "requests", "sizeLimit", "capacity", "averageValue"}
HIDDEN = "(secret)"
"""What stands for a value that nobody may see."""
NOBODY = Holder("", "", is_absorbed=False)
Object = Mapping[str, Any]


class Change(StrEnum):
    """What has become of an object as a whole."""

    NONE = "none"
    CHANGED = "changed"
    DELETED = "deleted"
    REPLACED = "replaced"
    """There is another one of that name, which somebody else made."""


@dataclass(frozen=True, slots=True)
class FieldDrift:
    """A field: what it is (None if it is not there) and what was applied, None if nothing was.

    ``holder`` says whose it is now; the server records nobody for what was removed. ``wanted`` is
    what is to be applied next, where that is something else.
    """

    path: FieldPath
    found: Any
    stated: Any
    holder: Holder = NOBODY
    wanted: Any = None

    def plain(self) -> dict[str, Any]:
        """The same for programs; members that are not known are left out."""
        plain = {
            "path": str(self.path),
            "found": self.found,
            "stated": self.stated,
            "wanted": self.wanted,
            "by": self.holder.manager or None,
            "at": self.holder.at or None,
        }
        return {key: value for key, value in plain.items() if value is not None}

    def __str__(self) -> str:
        path = visible(str(self.path))
        found, stated = _shown(self.found, self.stated), _shown(self.stated, self.found)
        if self.found is None:
            text = f"{path} was removed, it was {stated}"
        elif self.stated is None or _is_same(self.found, self.stated, self.path):
            text = f"{path} is {found}"
        else:
            text = f"{path} is {found} instead of {stated}"
        if self.wanted is not None:
            text = f"{text} (now {_shown(self.wanted, self.found)})"
        return (
            f"{text}{_told_of(self.holder, ', set by' if self.stated is None else ', changed by')}"
        )


@dataclass(frozen=True, slots=True)
class ObjectDrift:
    """``fields`` are not what was applied. ``kept`` are as applied, but somebody else's by now;
    ``added`` is what others state beside it. ``holder`` is who made an object that was replaced.
    """

    place: Place
    change: Change
    fields: tuple[FieldDrift, ...] = ()
    kept: tuple[FieldDrift, ...] = ()
    added: tuple[FieldDrift, ...] = ()
    holder: Holder = NOBODY

    @property
    def removed(self) -> tuple[FieldDrift, ...]:
        """What goes when the fields are restored, though somebody else states it."""
        return tuple(one for one in self.added if self.fields and one.holder.is_absorbed)

    @property
    def left(self) -> tuple[FieldDrift, ...]:
        """What stays as it is, also when the fields are restored."""
        return (*self.kept, *(one for one in self.added if one not in self.removed))

    def plain(self) -> dict[str, Any]:
        """The same for programs."""
        group, _, _ = self.place.api_version.rpartition("/")
        return {
            "change": str(self.change),
            "group": group,
            "kind": self.place.kind,
            "namespace": self.place.namespace,
            "name": self.place.name,
            **({"by": self.holder.manager, "at": self.holder.at} if self.holder.manager else {}),
            "restored": [one.plain() for one in self.fields],
            "removed": [one.plain() for one in self.removed],
            "left": [one.plain() for one in self.left],
        }

    def brief(self) -> str:
        """One line: the object and the first of what is wrong with it."""
        name = f"{self.place.kind} {self.place.name}"
        if self.change is Change.DELETED:
            return f"{name} was deleted"
        if self.change is Change.REPLACED:
            return f"{name} was made anew{_told_of(self.holder, ' by')}"
        told = self.fields or self.kept
        more = f" and {len(told) - BRIEF} more" if len(told) > BRIEF else ""
        return f"{name}: {' and '.join(map(str, told[:BRIEF]))}{more}"


def compared(
    place: Place, manifest: Object, item: Object, ignored: Sequence[str] = ()
) -> ObjectDrift:
    """What ``item`` has become since ``manifest`` was applied, but for ``ignored`` paths."""
    metadata = item["metadata"]
    lost = disowned(manifest, owned_fields(metadata), ignored, foreign_fields(metadata))
    if lost == [FieldPath.of("metadata")]:
        return ObjectDrift(place, Change.REPLACED, holder=_maker(metadata))
    hidden = place.kind == "Secret"
    fields: list[FieldDrift] = []
    kept: list[FieldDrift] = []
    for path in lost:
        stated = path.find(manifest)
        found = value_at(item, manifest, path, metadata)
        holder = holder_of(metadata, manifest, path) or NOBODY
        is_same = _is_same(found, stated, path)
        if hidden or _is_hidden(stated):
            found, stated = None if found is None else HIDDEN, HIDDEN
        (kept if is_same else fields).append(FieldDrift(path, found, stated, holder))
    added = (
        FieldDrift(path, HIDDEN if hidden else value, None, holder)
        for path, value, holder in added_fields(item, manifest, ignored)
    )
    change = Change.CHANGED if fields else Change.NONE
    return ObjectDrift(place, change, tuple(fields), tuple(kept), tuple(added))


def deleted(place: Place) -> ObjectDrift:
    """It is not there any more; nobody records who deletes."""
    return ObjectDrift(place, Change.DELETED)


def replaced(place: Place, item: Object) -> ObjectDrift:
    """It is another one than was applied."""
    return ObjectDrift(place, Change.REPLACED, holder=_maker(item["metadata"]))


def summary(found: Iterable[ObjectDrift], longest: int) -> str:
    """All of them in one text of at most ``longest`` characters, if one of them fits into it."""
    texts = [one.brief() for one in found]
    shown: list[str] = []
    for number, text in enumerate(texts, start=1):
        rest = f"; and {len(texts) - number} more objects" if number < len(texts) else ""
        if shown and len("; ".join([*shown, text])) + len(rest) > longest:
            shown.append(f"and {len(texts) - len(shown)} more objects")
            break
        shown.append(text)
    return "; ".join(shown)


def _maker(metadata: Object) -> Holder:
    made = str(metadata.get("creationTimestamp") or "")
    return Holder.of(first_entry(metadata) or {})._replace(at=made)


def _told_of(holder: Holder, words: str) -> str:
    if not holder.manager:
        return ""
    at = f" at {holder.at}" if holder.at else ""
    return f"{words} {visible(holder.manager)}{at}"


def _is_same(found: Any, stated: Any, path: FieldPath) -> bool:
    if found == stated:
        return True
    if isinstance(found, Mapping) and isinstance(stated, Mapping):
        return found.keys() == stated.keys() and all(
            _is_same(found[key], stated[key], path.child(key)) for key in found
        )
    if found is None or not AMOUNTS.intersection(path):
        return False
    try:
        return canonical(str(found)) == canonical(str(stated))
    except QuantityError:
        return False


def _is_hidden(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_is_hidden, value.values()))
    if isinstance(value, list):
        return any(map(_is_hidden, value))
    return bool(value == HIDDEN)


def _shown(value: Any, beside: Any) -> str:
    """``value`` as compact JSON, of a long one what surrounds its first difference."""
    text, other = (
        json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in (value, beside)
    )
    if len(text) > SHOWN:
        first = next(_differences(text, other), 0)
        start = max(0, min(first - SHOWN // 3, len(text) - SHOWN))
        end = start + SHOWN
        text = f"{'…' * bool(start)}{text[start:end]}{'…' * (end < len(text))}"
    return visible(text)


def _differences(text: str, other: str) -> Iterator[int]:
    return (
        number for number, pair in enumerate(zip(text, other, strict=False)) if pair[0] != pair[1]
    )
