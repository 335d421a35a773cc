"""`BuildTimes`: how long builds take on this machine, learned from those it has seen."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from msvc_pulumi.engine.tools import machine
from msvc_pulumi.engine.tools.programs import Tool

__all__ = ["BuildTimes"]

FILE = "buildtimes.json"
ENOUGH = 0.5  # part of its packages that a build compiles before it says something of the next
LINKED = 0.05  # part of the whole cost that is left where all packages are compiled


@dataclass(slots=True)
class BuildTimes:
    """Tool → its processor seconds here, in parts of its stated cost; kept in ``folder``."""

    folder: Path
    seen: dict[str, float] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> BuildTimes:
        """What earlier builds noted in ``folder``; nothing if none did, or it cannot be read."""
        try:
            kept: Mapping[str, float] = json.loads((folder / FILE).read_text(encoding="utf-8"))
            return cls(folder, {str(name): float(ratio) for name, ratio in kept.items()})
        except (OSError, ValueError, TypeError, AttributeError):
            return cls(folder)

    def seconds(self, tool: Tool, part: float) -> float:
        """Processor seconds that building ``part`` of its packages and linking will take."""
        known = list(self.seen.values())
        usual = sum(known) / len(known) if known else machine.slowness()
        return _cost(tool, part) * self.seen.get(tool.name, usual)

    def note(self, tool: Tool, compiled: int, total: int, seconds: float) -> None:
        """Keep what a build has taken that compiled so many of its packages."""
        # A build that goes on from another has the largest packages left, or the smallest.
        if seconds <= 0 or compiled < ENOUGH * total:
            return
        ratio = seconds / _cost(tool, compiled / total)
        # Others may have noted theirs meanwhile.
        self.seen = {**self.seen, **self.read(self.folder).seen, tool.name: round(ratio, 3)}
        partial = self.folder / f".{FILE}.{tool.name}"
        partial.write_text(json.dumps(self.seen, indent=1) + "\n", encoding="utf-8")
        partial.replace(self.folder / FILE)


def _cost(tool: Tool, part: float) -> float:
    return tool.cost * (LINKED + (1 - LINKED) * part)
