"""`Node`: a value of a YAML document, where it is written, and the nodes in it."""

from __future__ import annotations

from typing import Any

__all__ = ["Node"]


class Node:
    """A value and where it is written.

    ``start`` and ``end`` are character offsets; ``style`` is the scalar's quote or block mark, ""
    for a plain scalar. ``members`` are the nodes of a mapping's values or a sequence's items, None
    for a scalar; ``keys`` are the offsets of a mapping's keys. ``origin`` is the anchored node that
    an alias stands for. ``duplicates`` are the earlier offsets of keys stated more than once,
    ``overrides`` the offsets of keys that are merged in, too; a document's root says in
    ``has_duplicates`` and ``has_overrides`` whether any mapping in it has some.
    """

    __slots__ = (
        "duplicates",
        "end",
        "has_duplicates",
        "has_overrides",
        "height",
        "keys",
        "members",
        "origin",
        "overrides",
        "start",
        "style",
        "value",
        "weight",
    )

    def __init__(self, value: Any, start: int, end: int, style: str = "") -> None:
        self.value = value
        self.start = start
        self.end = end
        self.style = style
        self.members: dict[str, Node] | list[Node] | None = None
        self.keys: dict[str, tuple[int, int]] | None = None
        self.origin: Node | None = None
        self.duplicates: list[tuple[str, int, int]] | None = None
        self.has_duplicates = False
        self.overrides: list[tuple[int, int]] | None = None
        self.has_overrides = False
        self.weight = 16  # what a copy of the value adds to MAX_EXPANSION
        self.height = 0  # levels of mappings and sequences in it, 0 for a scalar
