"""A plan as a picture: `render` returns it in Graphviz' language, in Mermaid's, or as SVG."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import Literal

from msvc_pulumi.graph.picture import picture
from msvc_pulumi.plan import Plan

__all__ = ["render"]


def render(plans: Iterable[Plan], language: Literal["dot", "mermaid", "svg"]) -> str:
    """The picture of all plans: a frame for each, a box for each role in it, and arrows by what
    objects do with each other: route, select, scale, refer."""
    drawn = [picture(plan, number) for number, plan in enumerate(plans)]
    text: str = import_module(f"{__name__}.{language}").text(drawn)
    return text
