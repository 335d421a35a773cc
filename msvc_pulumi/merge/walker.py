"""The semantic merge: a generic walker over two plain objects and a table of policies.

``base`` comes from the BaseConfig, ``overlay`` from the ModelService (the original's mergo ``dst``
and ``src``). The walker is presence-aware: what the overlay states wins, also when it is 0 or false
(quirk Q08), and what only one side states is kept. Lists follow the policy of their path; the
tables for each kind are in ``policies``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from msvc_pulumi.errors import FieldPath

__all__ = [
    "Alternatives",
    "Associative",
    "Atomic",
    "Clash",
    "Joined",
    "JoinedWithin",
    "KeepWhenEmpty",
    "Merged",
    "Piece",
    "Policy",
    "Rules",
    "SideName",
    "base_first",
    "merge",
    "overlay_first",
]

SideName = Literal["base", "overlay"]
Item = dict[str, Any]
Pair = tuple[int | None, int | None]


@dataclass(frozen=True, slots=True)
class Associative:
    """A list of mappings in which ``key`` tells the items apart; base order first, then new items.

    ``pair`` may match the items in another way: it returns the result's items in order as (index in
    base, index in overlay), either of them None. The default is the original's: every base item is
    merged with the last overlay item of its key (``merge_transformers.go``).
    """

    key: str
    pair: Callable[[Sequence[Item], Sequence[Item]], list[Pair]] | None = None

    def pairs(self, base: Sequence[Item], overlay: Sequence[Item]) -> list[Pair]:
        if self.pair is not None:
            return self.pair(base, overlay)
        last = {item.get(self.key, ""): number for number, item in enumerate(overlay)}
        known = {item.get(self.key, "") for item in base}
        return [
            *((number, last.get(item.get(self.key, ""))) for number, item in enumerate(base)),
            *((None, n) for n, item in enumerate(overlay) if item.get(self.key, "") not in known),
        ]


@dataclass(frozen=True, slots=True)
class Joined:
    """A list made of both sides' items: ``order`` returns the result as (side, index) in order."""

    order: Callable[[Sequence[Any], Sequence[Any]], list[tuple[SideName, int]]]


class Piece(NamedTuple):
    """An item of a joined list: whose it is, its index there, and the text made in its place."""

    side: SideName
    number: int
    made: str | None = None


@dataclass(frozen=True, slots=True)
class JoinedWithin:
    """A joined list whose order takes the two mappings that hold it to tell."""

    order: Callable[[Item, Item], list[Piece]]


def base_first(base: Sequence[Any], overlay: Sequence[Any]) -> list[tuple[SideName, int]]:
    return [*_all("base", base), *_all("overlay", overlay)]


def overlay_first(base: Sequence[Any], overlay: Sequence[Any]) -> list[tuple[SideName, int]]:
    return [*_all("overlay", overlay), *_all("base", base)]


def _all(side: SideName, items: Sequence[Any]) -> list[tuple[SideName, int]]:
    return [(side, number) for number in range(len(items))]


@dataclass(frozen=True, slots=True)
class Atomic:
    """A list that the overlay replaces whole; an empty overlay list keeps the base's if asked."""

    keep_when_empty: bool = True


@dataclass(frozen=True, slots=True)
class KeepWhenEmpty:
    """A text or number that an empty one or 0 of the overlay does not clear: no API takes these.

    The original never cleared anything.
    """


@dataclass(frozen=True, slots=True)
class Alternatives:
    """A mapping whose listed keys exclude each other; no list means all keys but ``besides``.

    The overlay's choice removes the base's other choices: the API server rejects two sources of one
    environment variable or volume (quirks Q04, Q09).
    """

    keys: frozenset[str] = frozenset()
    besides: frozenset[str] = frozenset()

    def excludes(self, key: str) -> bool:
        return key in self.keys if self.keys else key not in self.besides


Policy = Associative | Joined | JoinedWithin | Atomic | KeepWhenEmpty | Alternatives


@dataclass(slots=True)
class Rules:
    """Policies as a tree over field names; ``[]`` stands for a list's items, ``*`` for any key."""

    policy: Policy | None = None
    children: dict[str, Rules] = field(default_factory=dict)

    @classmethod
    def of(cls, table: Mapping[str, Policy]) -> Rules:
        """The tree for a table of dotted paths such as ``spec.containers[].env``."""
        root = cls()
        for path, policy in table.items():
            node = root
            for step in path.replace("[]", ".[]").split("."):
                node = node.children.setdefault(step, cls())
            node.policy = policy
        return root

    def child(self, step: str) -> Rules:
        return self.children.get(step) or self.children.get("*") or _NO_RULES


_NO_RULES = Rules()


@dataclass(frozen=True, slots=True)
class Clash:
    """Two values of one field that have different shapes, with their paths on each side."""

    base: FieldPath
    overlay: FieldPath
    message: str


@dataclass(frozen=True, slots=True)
class Merged:
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


@dataclass(frozen=True, slots=True)
class _Place:
    """One value's path in the result and on both sides."""

    result: FieldPath
    base: FieldPath
    overlay: FieldPath

    def child(self, key: str) -> _Place:
        return _Place(self.result.child(key), self.base.child(key), self.overlay.child(key))

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
                result[key] = self._overlay(value, place.child(key))
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
