"""How the fields of two objects are merged: policies for lists and mappings, and `Rules`, a tree
of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

__all__ = [
    "Alternatives",
    "Associative",
    "Atomic",
    "Item",
    "Joined",
    "JoinedWithin",
    "KeepWhenEmpty",
    "Piece",
    "Policy",
    "Rules",
    "SideName",
    "base_first",
    "overlay_first",
]

SideName = Literal["base", "overlay"]
Item = dict[str, Any]
Pair = tuple[int | None, int | None]


class Associative(NamedTuple):
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


class Joined(NamedTuple):
    """A list made of both sides' items: ``order`` returns the result as (side, index) in order."""

    order: Callable[[Sequence[Any], Sequence[Any]], list[tuple[SideName, int]]]


class Piece(NamedTuple):
    """An item of a joined list: whose it is, its index there, and the text made in its place."""

    side: SideName
    number: int
    made: str | None = None


class JoinedWithin(NamedTuple):
    """A joined list whose order takes the two mappings that hold it to tell."""

    order: Callable[[Item, Item], list[Piece]]


def base_first(base: Sequence[Any], overlay: Sequence[Any]) -> list[tuple[SideName, int]]:
    return [*_all("base", base), *_all("overlay", overlay)]


def overlay_first(base: Sequence[Any], overlay: Sequence[Any]) -> list[tuple[SideName, int]]:
    return [*_all("overlay", overlay), *_all("base", base)]


def _all(side: SideName, items: Sequence[Any]) -> list[tuple[SideName, int]]:
    return [(side, number) for number in range(len(items))]


class Atomic(NamedTuple):
    """A list that the overlay replaces whole; an empty overlay list keeps the base's if asked."""

    keep_when_empty: bool = True


class KeepWhenEmpty(NamedTuple):
    """A text or number that an empty one or 0 of the overlay does not clear: no API takes these.

    The original never cleared anything.
    """


class Alternatives(NamedTuple):
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
