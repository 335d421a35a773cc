"""Pictures in Mermaid's language, which GitHub and mkdocs draw."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msvc_pulumi.graph.palette import FILL, LINE
from msvc_pulumi.graph.picture import Arrow, Group, Node, Picture
from msvc_pulumi.graph.relations import Relation

__all__ = ["text"]

# Mermaid knows no backslash: what could end a label, or be HTML in it, is written by its number.
_MERMAID = re.compile(r"[^\w ./:,+-]")


def text(pictures: Sequence[Picture]) -> str:
    """One flowchart of all pictures."""
    lines = ["flowchart LR"]
    arrows: list[Arrow] = []
    for drawn in pictures:
        lines += _picture(drawn)
        arrows += drawn.arrows
    lines.append("  classDef default fill:#fff,stroke:#777,color:#222")
    lines.append("  classDef outside fill:#fff,stroke:#999,color:#222,stroke-dasharray:4")
    for relation in Relation:
        numbers = [str(n) for n, arrow in enumerate(arrows) if arrow.relation is relation]
        if numbers:
            lines.append(f"  linkStyle {','.join(numbers)} stroke:{LINE[relation]}")
    return "\n".join(lines) + "\n"


def _picture(drawn: Picture) -> Iterator[str]:
    yield f'  subgraph {drawn.name}["{_escaped(drawn.title)}"]'
    for box in drawn.boxes:
        if box.group is Group.OUTSIDE:
            continue
        yield f'    subgraph {drawn.name}_{_word(box.group)}["{box.group}"]'
        yield from (f"      {_node(node)}" for node in box.nodes)
        yield "    end"
    yield "  end"
    for box in drawn.boxes:
        if box.group is Group.OUTSIDE:
            yield from (f"  {_node(node)}" for node in box.nodes)
    for arrow in drawn.arrows:
        yield f"  {arrow.start} -->|{arrow.relation}| {arrow.end}"
    yield f"  style {drawn.name} fill:#fafafa,stroke:#888,color:#222"
    for box in drawn.boxes:
        if box.group is not Group.OUTSIDE:
            colour = FILL[box.group]
            yield f"  style {drawn.name}_{_word(box.group)} fill:{colour},stroke:none,color:#555"
    dashed = [node.name for node in drawn.nodes if node.missing or node.group is Group.OUTSIDE]
    if dashed:
        yield f"  class {','.join(dashed)} outside"


def _node(node: Node) -> str:
    label = "<br/>".join(map(_escaped, (f"{node.kind} {node.title}", *node.details)))
    return f'{node.name}["{label}"]'


def _word(group: Group) -> str:
    return group.replace(" ", "_")


def _escaped(label: str) -> str:
    return _MERMAID.sub(lambda found: f"#{ord(found[0])};", label)
