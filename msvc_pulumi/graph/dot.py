"""Pictures in Graphviz' language."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from msvc_pulumi.graph.palette import FILL, LINE
from msvc_pulumi.graph.picture import Box, Group, Node, Picture

__all__ = ["text"]


def text(pictures: Sequence[Picture]) -> str:
    """One digraph of all pictures."""
    lines = [
        "digraph plan {",
        '  graph [rankdir=LR, fontname="sans-serif", nodesep=0.25, ranksep=0.7];',
        '  node [shape=box, style="rounded,filled", fillcolor=white, fontname="sans-serif"];',
        '  edge [fontname="sans-serif", fontsize=10];',
    ]
    for drawn in pictures:
        lines += _picture(drawn)
    return "\n".join([*lines, "}"]) + "\n"


def _picture(drawn: Picture) -> Iterator[str]:
    yield f"  subgraph cluster_{drawn.name} {{"
    yield f"    label={json.dumps(drawn.title)};"
    for box in drawn.boxes:
        if box.group is not Group.OUTSIDE:
            yield from _box(drawn, box)
    yield "  }"
    for box in drawn.boxes:
        if box.group is Group.OUTSIDE:
            yield "  {"
            yield '    node [style="rounded,dashed"];'
            yield from (f"    {_node(node)}" for node in box.nodes)
            yield "  }"
    for arrow in drawn.arrows:
        colour = LINE[arrow.relation]
        yield f'  {arrow.start} -> {arrow.end} [label="{arrow.relation}", color="{colour}"];'


def _box(drawn: Picture, box: Box) -> Iterator[str]:
    yield f"    subgraph cluster_{drawn.name}_{box.group.replace(' ', '_')} {{"
    yield f'      label="{box.group}"; style="rounded,filled"; color="{FILL[box.group]}";'
    yield from (f"      {_node(node)}" for node in box.nodes)
    yield "    }"


def _node(node: Node) -> str:
    label = json.dumps("\n".join((f"{node.kind} {node.title}", *node.details)))
    return f"{node.name} [label={label}{', style=dashed' if node.missing else ''}];"
