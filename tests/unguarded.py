"""A test build of the planner, whose template engines count nothing that they do."""

from __future__ import annotations

from msvc_pulumi.gotemplate.limits.budget import Meter
from msvc_pulumi.operator.planning.planner import plan

__all__ = ["plan"]

for _name, _method in [*vars(Meter).items()]:
    if callable(_method) and not _name.startswith("_"):
        setattr(Meter, _name, lambda *_: None)
