"""A plan as a picture: which child waits for which, in Graphviz or Mermaid."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Literal

from msvc_pulumi.plan import Plan, PlannedObject

__all__ = ["render"]

# Mermaid knows no backslash: what could end a label, or be HTML in it, is written by its number.
_MERMAID = re.compile(r"[^\w ./:-]")


def render(plans: Iterable[Plan], language: Literal["dot", "mermaid"]) -> str:
    """The graph of all plans; an arrow points from a child to what it depends on."""
    lines = ["digraph plan {", "  rankdir=LR;"] if language == "dot" else ["flowchart LR"]
    for number, plan in enumerate(plans):
        names = {planned.key: f"p{number}_{place}" for place, planned in enumerate(plan)}
        for planned in plan:
            label = _label(planned)
            node = names[planned.key]
            lines.append(
                f"  {node} [label={json.dumps(label)}];"
                if language == "dot"
                else f'  {node}["{_MERMAID.sub(_entity, label)}"]'
            )
        for planned in plan:
            for other in planned.depends_on:
                arrow = "->" if language == "dot" else "-->"
                end = ";" if language == "dot" else ""
                lines.append(f"  {names[planned.key]} {arrow} {names[other]}{end}")
    return "\n".join([*lines, "}"] if language == "dot" else lines) + "\n"


def _entity(found: re.Match[str]) -> str:
    return f"#{ord(found[0])};"


def _label(planned: PlannedObject) -> str:
    return f"{planned.manifest['kind']} {planned.manifest['metadata'].get('name', '')}"
