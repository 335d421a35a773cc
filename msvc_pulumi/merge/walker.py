"""The semantic merge: a generic walker over two plain objects and a table of policies.

``base`` comes from the BaseConfig, ``overlay`` from the ModelService (the original's mergo ``dst``
and ``src``). The walker is presence-aware: what the overlay states wins, also when it is 0 or false
(quirk Q08), and what only one side states is kept. Lists follow the policy of their path; the
tables for each kind are in ``policies``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from msvc_pulumi.errors import FieldPath
from msvc_pulumi.merge.strategies import (
    Alternatives,
    Associative,
    Atomic,
    Item,
    Joined,
    JoinedWithin,
    KeepWhenEmpty,
    Rules,
    SideName,
)

__all__ = ["Clash", "Merged", "merge"]


class Clash(NamedTuple):
    """Two values of one field that have different shapes, with their paths on each side."""

    base: FieldPath
    overlay: FieldPath
    message: str


class Merged(NamedTuple):
    """The merged object and, for every stretch of it, the side and path it was taken from.

    ``sources`` maps a path in ``value`` to (side, path on that side); it holds for everything
    below that path that has no entry of its own. Where sides clash, ``value`` has the base's.
    """

    value: Any
    sources: dict[FieldPath, tuple[SideName, FieldPath]]
    clashes: tuple[Clash, ...] = ()


def merge(base: Any, overlay: Any, rules: Rules) -> Merged:
    """``overlay`` merged onto ``base``. Neither is changed; the result shares unchanged parts."""
    walker = _Walker()
    root = FieldPath()
    value = walker.walk(base, overlay, rules, _Place(root, root, root))
    return Merged(value, walker.sources, tuple(walker.clashes))


class _Place(NamedTuple):
    """One value's path in the result and on both sides; mostly one path three times."""

    result: FieldPath
    base: FieldPath
    overlay: FieldPath

    def child(self, key: str) -> _Place:
        here = self.result.child(key)
        if self.result is self.base is self.overlay:
            return _Place(here, here, here)
        return _Place(here, self.base.child(key), self.overlay.child(key))

    def item(self, result: int, base: int | None, overlay: int | None) -> _Place:
        return _Place(
            self.result.child(result),
            self.base if base is None else self.base.child(base),
            self.overlay if overlay is None else self.overlay.child(overlay),
        )


class _Walker:
    def __init__(self) -> None:
        self.clashes: list[Clash] = []
        self.sources: dict[FieldPath, tuple[SideName, FieldPath]] = {}

    def walk(self, base: Any, overlay: Any, rules: Rules, place: _Place) -> Any:
        if isinstance(base, dict) and isinstance(overlay, dict):
            return self._mapping(base, overlay, rules, place)
        if isinstance(base, list) and isinstance(overlay, list):
            return self._list(base, overlay, rules, place)
        if isinstance(base, dict | list) or isinstance(overlay, dict | list):
            message = f"cannot merge {_kind(overlay)} into {_kind(base)}"
            self.clashes.append(Clash(place.base, place.overlay, message))
            return self._base(base, place)
        is_empty = overlay in ("", 0) and overlay is not False
        if is_empty and isinstance(rules.policy, KeepWhenEmpty):
            return self._base(base, place)
        return self._overlay(overlay, place)

    def _base(self, value: Any, place: _Place) -> Any:
        self.sources[place.result] = ("base", place.base)
        return value

    def _overlay(self, value: Any, place: _Place) -> Any:
        self.sources[place.result] = ("overlay", place.overlay)
        return value

    def _mapping(self, base: Item, overlay: Item, rules: Rules, place: _Place) -> Item:
        alternatives = rules.policy if isinstance(rules.policy, Alternatives) else None
        chosen = alternatives is not None and any(alternatives.excludes(key) for key in overlay)
        self._base(base, place)
        result: Item = {}
        for key, value in base.items():
            if key in overlay:
                below = rules.child(key)
                if isinstance(below.policy, JoinedWithin) and isinstance(value, list):
                    result[key] = self._within(key, base, overlay, below.policy, place.child(key))
                else:
                    result[key] = self.walk(value, overlay[key], below, place.child(key))
            elif alternatives is None or not chosen or not alternatives.excludes(key):
                result[key] = value
        for key, value in overlay.items():
            if key not in base:
                path = place.result.child(key)
                is_same = place.result is place.overlay
                self.sources[path] = ("overlay", path if is_same else place.overlay.child(key))
                result[key] = value
        return result

    def _list(self, base: list[Any], overlay: list[Any], rules: Rules, place: _Place) -> Any:
        policy = rules.policy
        if isinstance(policy, Associative):
            return self._associative(base, overlay, policy, rules.child("[]"), place)
        if isinstance(policy, Joined):
            return self._joined(base, overlay, policy, place)
        if not overlay and (not isinstance(policy, Atomic) or policy.keep_when_empty):
            return self._base(base, place)
        return self._overlay(overlay, place)

    def _joined(
        self, base: list[Any], overlay: list[Any], policy: Joined, place: _Place
    ) -> list[Any]:
        self._base(base, place)
        result: list[Any] = []
        for side, number in policy.order(base, overlay):
            if side == "base":
                result.append(self._base(base[number], place.item(len(result), number, None)))
            else:
                result.append(self._overlay(overlay[number], place.item(len(result), None, number)))
        return result

    def _within(
        self, key: str, base: Item, overlay: Item, policy: JoinedWithin, place: _Place
    ) -> list[Any]:
        self._base(base[key], place)
        result: list[Any] = []
        for side, number, made in policy.order(base, overlay):
            here = place.item(len(result), number, number)
            item = self._base(base[key][number], here) if side == "base" else ""
            item = self._overlay(overlay[key][number], here) if side == "overlay" else item
            result.append(item if made is None else made)
        return result

    def _associative(
        self,
        base: list[Any],
        overlay: list[Any],
        policy: Associative,
        item_rules: Rules,
        place: _Place,
    ) -> list[Any]:
        self._base(base, place)
        result: list[Any] = []
        for left, right in policy.pairs(base, overlay):
            here = place.item(len(result), left, right)
            if left is not None and right is not None:
                result.append(self.walk(base[left], overlay[right], item_rules, here))
            elif left is not None:
                result.append(self._base(base[left], here))
            elif right is not None:
                result.append(self._overlay(overlay[right], here))
        return result


def _kind(value: Any) -> str:
    names = {dict: "a mapping", list: "a list", str: "a string", bool: "a boolean"}
    return names.get(type(value), "a number")
