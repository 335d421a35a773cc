"""The colours of pictures: quiet, and told apart by people who see few of them."""

from __future__ import annotations

from msvc_pulumi.graph.picture import Group
from msvc_pulumi.graph.relations import Relation

__all__ = ["FILL", "LINE"]

FILL = {
    Group.ROUTING: "#e3eefb",
    Group.PICKER: "#f1e8fa",
    Group.PREFILL: "#fdeedd",
    Group.DECODE: "#e2f4e8",
    Group.SHARED: "#eeeeee",
    Group.OUTSIDE: "#ffffff",
}
LINE = {
    Relation.ROUTES: "#1f6fc4",
    Relation.SELECTS: "#1b7a43",
    Relation.SCALES: "#b25a00",
    Relation.REFERS: "#777777",
}
