"""Pictures as SVG, drawn here: no other program is needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from msvc_pulumi.graph.layout import LINE as LINE_HEIGHT
from msvc_pulumi.graph.layout import MARGIN, PADDING, TITLE, Layout, Rect, layout, text_width
from msvc_pulumi.graph.palette import FILL, LINE
from msvc_pulumi.graph.picture import Group, Node, Picture
from msvc_pulumi.graph.relations import Relation
from msvc_pulumi.graph.wires import Point, Wires
from msvc_pulumi.report import visible

__all__ = ["text"]

OWNED = "owned by the ModelService"
RADIUS = 6  # of a corner
DASHES = {Relation.REFERS: "3 3", Relation.SCALES: "8 3"}
STYLE = (
    "text{font-family:ui-sans-serif,system-ui,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;"
    "font-size:12px;fill:#222}.kind{font-weight:600}.detail,.band{fill:#555}"
    ".title{font-weight:600;font-size:13px}.line{fill:none;stroke-width:1.5}"
)


def text(pictures: Sequence[Picture]) -> str:
    """One SVG document of all pictures, one below the other, with a legend."""
    body: list[str] = []
    top, right = float(MARGIN), 0.0
    for drawn in pictures:
        wires = Wires.of(drawn)
        made = layout(drawn, top, wires.tracks, wires.lanes)
        body += _picture(drawn, made, wires)
        top = made.bottom + MARGIN
        right = max(right, made.right)
    used = [one for one in Relation if any(one is a.relation for p in pictures for a in p.arrows)]
    legend = list(_legend(used, top))
    width = max(right, MARGIN + sum(map(_legend_width, (*used, OWNED))))
    height = top + LINE_HEIGHT + MARGIN
    title = ", ".join(drawn.title for drawn in pictures)
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
            f'width="{width:g}" height="{height:g}" role="img">',
            f"<title>{_escaped(title)}</title>",
            f"<style>{STYLE}</style>",
            f"<defs>{''.join(map(_head, Relation))}</defs>",
            f'<rect width="{width:g}" height="{height:g}" fill="#fff"/>',
            *body,
            *legend,
            "</svg>\n",
        )
    )


def _picture(drawn: Picture, made: Layout, wires: Wires) -> Iterator[str]:
    yield _rect(made.frame, "#fafafa", "#888")
    yield _label(made.frame, drawn.title, "title")
    for band in made.bands.values():
        outside = band.group is Group.OUTSIDE
        yield _rect(band.place, FILL[band.group], "#ccc" if outside else "none", dashed=outside)
        yield _label(band.place, band.group, "band")
    for arrow, points in wires.ways(made):
        dash = DASHES.get(arrow.relation)
        style = f' stroke-dasharray="{dash}"' if dash else ""
        yield (
            f'<path class="line" d="{_path(points)}" stroke="{LINE[arrow.relation]}"{style} '
            f'marker-end="url(#{arrow.relation.name.lower()})"/>'
        )
    for node in drawn.nodes:
        yield from _node(node, made)


def _node(node: Node, made: Layout) -> Iterator[str]:
    place = made.nodes[node.name]
    outside = node.group is Group.OUTSIDE or node.missing
    yield _rect(place, "#fff", "#999" if outside else "#777", dashed=outside)
    lines = made.lines[node.name]
    details = len(node.details)
    for number, line in enumerate(lines):
        is_detail = number >= len(lines) - details
        kind = "kind" if number == 0 else "detail" if is_detail else "name"
        x, y = place.x + PADDING, place.y + PADDING / 2 + LINE_HEIGHT * (number + 0.75)
        yield f'<text class="{kind}" x="{x:g}" y="{y:g}">{_escaped(line)}</text>'


def _rect(place: Rect, fill: str, stroke: str, *, dashed: bool = False) -> str:
    style = ' stroke-dasharray="4 3"' if dashed else ""
    return (
        f'<rect x="{place.x:g}" y="{place.y:g}" width="{place.width:g}" '
        f'height="{place.height:g}" rx="6" fill="{fill}" stroke="{stroke}"{style}/>'
    )


def _label(place: Rect, words: str, kind: str) -> str:
    x, y = place.x + PADDING, place.y + TITLE * 0.68
    return f'<text class="{kind}" x="{x:g}" y="{y:g}">{_escaped(words)}</text>'


def _path(points: Sequence[Point]) -> str:
    """A line through ``points`` with round corners."""
    parts = [f"M{points[0][0]:g} {points[0][1]:g}"]
    for before, here, after in zip(points, points[1:], points[2:], strict=False):
        (ax, ay), (bx, by) = _towards(here, before), _towards(here, after)
        parts.append(f"L{ax:g} {ay:g}Q{here[0]:g} {here[1]:g} {bx:g} {by:g}")
    parts.append(f"L{points[-1][0]:g} {points[-1][1]:g}")
    return "".join(parts)


def _towards(here: Point, there: Point) -> Point:
    """The point a corner's radius from ``here``, or half the way if that is less."""
    dx, dy = there[0] - here[0], there[1] - here[1]
    length = abs(dx) + abs(dy)
    share = min(RADIUS, length / 2) / length if length else 0
    return here[0] + dx * share, here[1] + dy * share


def _head(relation: Relation) -> str:
    return (
        f'<marker id="{relation.name.lower()}" viewBox="0 0 8 8" refX="8" refY="4" '
        f'markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" '
        f'fill="{LINE[relation]}"/></marker>'
    )


def _legend(used: Sequence[Relation], top: float) -> Iterator[str]:
    x = float(MARGIN)
    for relation in used:
        dash = DASHES.get(relation)
        style = f' stroke-dasharray="{dash}"' if dash else ""
        yield (
            f'<path class="line" d="M{x:g} {top + 4:g}h34" stroke="{LINE[relation]}"{style} '
            f'marker-end="url(#{relation.name.lower()})"/>'
            f'<text x="{x + 42:g}" y="{top + 8:g}">{relation}</text>'
        )
        x += _legend_width(relation)
    yield (
        f'<rect x="{x:g}" y="{top - 3:g}" width="34" height="14" rx="4" fill="#fafafa" '
        f'stroke="#888"/><text x="{x + 42:g}" y="{top + 8:g}">{OWNED}</text>'
    )


def _legend_width(words: str) -> float:
    return 42 + text_width(words) + 2 * MARGIN


def _escaped(words: str) -> str:
    return escape(visible(words), quote=False)
