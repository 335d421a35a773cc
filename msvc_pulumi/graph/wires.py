"""The lines of a picture: `Wires` gives each arrow a way of its own between the columns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from msvc_pulumi.graph.layout import PORT, TRACK, Layout, columns_of, rank
from msvc_pulumi.graph.picture import Arrow, Group, Picture
from msvc_pulumi.graph.relations import Relation

__all__ = ["Point", "Wires"]

Point = tuple[float, float]
Key = TypeVar("Key")
Trunk = tuple[str, Relation]
"""What leaves one node with one meaning shares its way as far as it goes."""


@dataclass(slots=True)
class Wires:
    """The arrows of a picture, and how much room they take: known before anything has a place."""

    drawn: Picture
    columns: dict[str, int]
    groups: dict[str, Group]
    behind: dict[int, list[Trunk]] = field(default_factory=dict)
    before: dict[int, list[Trunk]] = field(default_factory=dict)
    across: dict[Group, list[Trunk]] = field(default_factory=dict)
    tops: frozenset[str] = frozenset()

    @classmethod
    def of(cls, drawn: Picture) -> Wires:
        columns = columns_of(drawn)
        groups = {node.name: box.group for box in drawn.boxes for node in box.nodes}
        wires = cls(drawn, columns, groups, tops=frozenset(_tops(drawn, columns)))
        for arrow in drawn.arrows:
            trunk = (arrow.start, arrow.relation)
            _add(wires.behind, columns[arrow.start], trunk)
            if not wires.is_near(arrow):
                _add(wires.across, groups[arrow.end], trunk)
                if arrow.end not in wires.tops:
                    _add(wires.before, wires._last_gutter(arrow), trunk)
        return wires

    @property
    def tracks(self) -> dict[int, int]:
        """How many lines run down behind each column."""
        used = set(self.behind) | set(self.before)
        return {
            column: len(self.behind.get(column, ())) + len(self.before.get(column, ()))
            for column in used
        }

    @property
    def lanes(self) -> dict[Group, int]:
        """How many lines run across each band."""
        return {group: len(trunks) for group, trunks in self.across.items()}

    def is_near(self, arrow: Arrow) -> bool:
        """Whether it ends in the next column, or in its own."""
        used = sorted(set(self.columns.values()))
        start, end = self.columns[arrow.start], self.columns[arrow.end]
        return start == end or (end > start and used.index(end) == used.index(start) + 1)

    def ways(self, made: Layout) -> list[tuple[Arrow, list[Point]]]:
        """The corners of every arrow, from its node to the other."""
        leaving, arriving = self._ports(made)
        found = []
        for arrow in self.drawn.arrows:
            trunk = (arrow.start, arrow.relation)
            start, end = made.nodes[arrow.start], made.nodes[arrow.end]
            out = (start.right, leaving[trunk])
            side = end.right if self._is_back(arrow) else end.x
            into = (side, arriving.get((arrow.end, trunk), end.y))
            x = self._track(made, self.columns[arrow.start], trunk, self.behind)
            points = [out, (x, out[1])]
            if self.is_near(arrow):
                points += [(x, into[1]), into]
            else:
                group = self.groups[arrow.end]
                number = self.across[group].index(trunk)
                lane = made.bands[group].lane + TRACK * number
                points.append((x, lane))
                if arrow.end in self.tops:
                    down = end.x + PORT + TRACK * number
                    points += [(down, lane), (down, end.y)]
                else:
                    last = self._track(made, self._last_gutter(arrow), trunk, self.before)
                    points += [(last, lane), (last, into[1]), into]
            found.append((arrow, points))
        return found

    def _is_back(self, arrow: Arrow) -> bool:
        return self.columns[arrow.end] <= self.columns[arrow.start]

    def _last_gutter(self, arrow: Arrow) -> int:
        """The column behind which an arrow from afar comes down to its end."""
        used = sorted(set(self.columns.values()))
        start, end = self.columns[arrow.start], self.columns[arrow.end]
        return end if end <= start else used[used.index(end) - 1]

    def _track(
        self, made: Layout, column: int, trunk: Trunk, side: dict[int, list[Trunk]]
    ) -> float:
        """Where a line runs down behind a column: those that leave it first."""
        left, _ = made.gutters[column]
        number = side[column].index(trunk)
        if side is self.before:
            number += len(self.behind.get(column, ()))
        return left + 13 + TRACK * number

    def _ports(self, made: Layout) -> tuple[dict[Trunk, float], dict[tuple[str, Trunk], float]]:
        """The height at which each trunk leaves its node, and enters the others."""
        leaving: dict[str, list[Trunk]] = defaultdict(list)
        arriving: dict[tuple[str, bool], list[Trunk]] = defaultdict(list)
        for arrow in self.drawn.arrows:
            trunk = (arrow.start, arrow.relation)
            if trunk not in leaving[arrow.start]:
                leaving[arrow.start].append(trunk)
            if self.is_near(arrow) or arrow.end not in self.tops:
                arriving[arrow.end, self._is_back(arrow)].append(trunk)
        out = {
            trunk: _spread(made, name, number, len(trunks))
            for name, trunks in leaving.items()
            for number, trunk in enumerate(trunks)
        }
        into = {}
        for (name, _), trunks in arriving.items():
            ordered = sorted(trunks, key=lambda trunk: made.nodes[trunk[0]].y)
            for number, trunk in enumerate(ordered):
                into[name, trunk] = _spread(made, name, number, len(ordered))
        return out, into


def _tops(drawn: Picture, columns: dict[str, int]) -> Iterator[str]:
    """The nodes with nothing above them in their band, which lines can reach from there."""
    for box in drawn.boxes:
        seen: set[int] = set()
        for node in sorted(box.nodes, key=rank):
            if columns[node.name] not in seen:
                seen.add(columns[node.name])
                yield node.name


def _add(table: dict[Key, list[Trunk]], key: Key, trunk: Trunk) -> None:
    trunks = table.setdefault(key, [])
    if trunk not in trunks:
        trunks.append(trunk)


def _spread(made: Layout, name: str, number: int, count: int) -> float:
    place = made.nodes[name]
    if PORT + (count - 1) * TRACK < place.height:  # nodes side by side have straight lines
        return place.y + PORT + number * TRACK
    return place.y + place.height * (number + 1) / (count + 1)
