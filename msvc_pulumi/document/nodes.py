"""`Node`: a value of a YAML document, where it is written, and the nodes in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msvc_pulumi.errors import FieldPath

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

    def at(self, path: FieldPath) -> Node | None:
        """The node that ``path`` leads to from here, None if there is none."""
        node = self
        for step in path:
            members = node.members
            if isinstance(members, dict) and step in members:
                node = members[str(step)]
            elif isinstance(members, list) and isinstance(step, int) and step < len(members):
                node = members[step]
            else:
                return None
        return node

    def key_at(self, path: FieldPath) -> tuple[int, int] | None:
        """The offsets of the key of what is at ``path``, None if it has none."""
        parent = self.at(path.parent) if path else None
        if parent is None or parent.keys is None:
            return None
        return parent.keys.get(str(path[-1]))

    def walk(self) -> Iterator[tuple[FieldPath, Node]]:
        """This node and all below it with their paths, the last of its members first."""
        pending = [(FieldPath(), self)]
        while pending:
            path, node = pending.pop()
            yield path, node
            members = node.members
            if isinstance(members, dict):
                pending.extend((path.child(key), member) for key, member in members.items())
            elif members is not None:
                pending.extend((path.child(i), member) for i, member in enumerate(members))
