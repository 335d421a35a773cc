"""Where everything of a picture is drawn: `layout` returns it with a place for each node.

Requests run from left to right through columns by kind; what belongs to one role is a band.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from msvc_pulumi.graph.picture import Group, Node, Picture

__all__ = ["Band", "Layout", "Rect", "columns_of", "layout", "rank", "text_width"]

COLUMNS = {
    "Gateway": 0,
    "HTTPRoute": 1,
    "InferenceModel": 1,
    "InferenceObjective": 1,
    "InferenceModelRewrite": 1,
    "InferencePool": 2,
    "Service": 3,
    "HorizontalPodAutoscaler": 3,
    "ScaledObject": 3,
    "Deployment": 4,
    "LeaderWorkerSet": 4,
    "RoleBinding": 4,
}
FIRST = ("HTTPRoute", "Service", "Deployment", "LeaderWorkerSet", "ServiceAccount")
LAST = 5  # what others refer to
FIRST_INSIDE = 1

MARGIN = 16
GAP = 12  # between nodes of one column
BAND_GAP = 14
TITLE = 26  # of a frame or band
PADDING = 12
GUTTER = 26  # between two columns, without its tracks
HEAD = 6  # of an arrow that comes from above
TRACK = 9  # between two lines side by side
LINE = 16
CHARACTER = 6.8  # of 12 pixels, on average
BOLD = 7.7
PORT = 20  # from the top of a node to its first line
MOST = 34  # characters in a line


@dataclass(frozen=True, slots=True)
class Rect:
    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height


@dataclass(frozen=True, slots=True)
class Band:
    group: Group
    place: Rect
    lane: float
    """Where lines may run across its columns: above all nodes."""


@dataclass(slots=True)
class Layout:
    """Places of one picture; ``gutters`` are (left, right) of the space behind each column."""

    frame: Rect
    bands: dict[Group, Band] = field(default_factory=dict)
    nodes: dict[str, Rect] = field(default_factory=dict)
    columns: dict[str, int] = field(default_factory=dict)
    gutters: dict[int, tuple[float, float]] = field(default_factory=dict)
    lines: dict[str, list[str]] = field(default_factory=dict)
    bottom: float = 0
    right: float = 0


def columns_of(drawn: Picture) -> dict[str, int]:
    """The column of each node, by its name."""
    return {node.name: COLUMNS.get(node.kind, LAST) for node in drawn.nodes}


def text_width(text: str) -> float:
    """About how many pixels a text of the usual size takes."""
    return len(text) * CHARACTER


def layout(drawn: Picture, top: float, tracks: dict[int, int], lanes: dict[Group, int]) -> Layout:
    """Places for ``drawn`` below ``top``.

    ``tracks`` is how many lines run down behind each column, ``lanes`` how many across each band.
    """
    columns = columns_of(drawn)
    lines = {node.name: _lines(node) for node in drawn.nodes}
    widths: dict[int, float] = defaultdict(float)
    for node in drawn.nodes:
        width = max(len(node.kind) * BOLD, *map(text_width, lines[node.name])) + 2 * PADDING
        widths[columns[node.name]] = max(widths[columns[node.name]], width)
    made = Layout(Rect(0, 0, 0, 0), columns=columns, lines=lines)
    starts: dict[int, float] = {}
    x = float(MARGIN)
    first_inside = None
    for column in sorted(widths):
        if column >= FIRST_INSIDE and first_inside is None:
            x += 2 * PADDING
            first_inside = x - PADDING
        starts[column] = x
        end = x + widths[column]
        gutter = GUTTER + TRACK * tracks.get(column, 0)
        made.gutters[column] = (end, end + gutter)
        x = end + gutter
    last = max(widths)
    right = starts[last] + widths[last] + PADDING
    if tracks.get(last):
        right += GUTTER + TRACK * tracks[last]
    left = first_inside if first_inside is not None else float(MARGIN)
    y = top + TITLE
    for box in drawn.boxes:
        inside = [node for node in box.nodes if columns[node.name] >= FIRST_INSIDE]
        if box.group is Group.OUTSIDE:
            made.frame = Rect(left - PADDING, top, right - left + 2 * PADDING, y - top)
            y += BAND_GAP
        nodes = [*inside]
        if box is drawn.boxes[0]:  # gateways stand in front of what is first
            nodes += [node for node in drawn.nodes if columns[node.name] < FIRST_INSIDE]
        if not nodes:
            continue
        lane = y + TITLE
        count = lanes.get(box.group, 0)
        body = lane + (TRACK * count + HEAD if count else 0)
        heights = dict.fromkeys(widths, body)
        for node in sorted(nodes, key=rank):
            column = columns[node.name]
            height = LINE * len(lines[node.name]) + PADDING
            made.nodes[node.name] = Rect(starts[column], heights[column], widths[column], height)
            heights[column] += height + GAP
        bottom = max(heights.values()) - GAP + PADDING
        place = Rect(left, y, right - left, bottom - y)
        if box.group is not Group.OUTSIDE or inside:
            made.bands[box.group] = Band(box.group, place, lane)
        y = bottom + BAND_GAP
    if not made.frame.height:
        made.frame = Rect(left - PADDING, top, right - left + 2 * PADDING, y - top)
    made.bottom = max(y, made.frame.bottom)
    made.right = made.frame.right + MARGIN
    return made


def rank(node: Node) -> int:
    """What is looked at first stands above the others of its column."""
    return FIRST.index(node.kind) if node.kind in FIRST else len(FIRST)


def _lines(node: Node) -> list[str]:
    """Kind, name and details, cut where they are too long."""
    return [node.kind, *_wrapped(node.title), *(_cut(line) for line in node.details)]


def _wrapped(name: str) -> list[str]:
    lines: list[str] = []
    rest = name
    while len(rest) > MOST and len(lines) < 3:
        at = max(rest.rfind(sign, 0, MOST) for sign in "-.") + 1 or MOST
        lines.append(rest[:at])
        rest = rest[at:]
    return [*lines, _cut(rest)]


def _cut(line: str) -> str:
    return line if len(line) <= MOST else line[: MOST - 1] + "…"
