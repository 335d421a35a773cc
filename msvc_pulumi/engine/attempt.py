"""`Attempt`: what a stack was about to make, kept beside it until its state knows.

A run that is killed leaves objects that no state has, above ten ModelServices all of them. What was
free or the stack's own before it is the stack's after it, if Pulumi made it; nothing else is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from msvc_pulumi.cluster.claims import Place

__all__ = ["Attempt"]

FILE = "attempt.json"


@dataclass(frozen=True, slots=True)
class Attempt:
    """``places`` is where objects may have been made, ``uids`` are objects that were."""

    places: frozenset[Place] = frozenset()
    uids: frozenset[str] = frozenset()

    @classmethod
    def read(cls, folder: Path) -> Attempt:
        """The one that is kept in ``folder``; nothing if none is, or it cannot be read."""
        try:
            kept = json.loads((folder / FILE).read_text())
            places = frozenset(Place(*map(str, place)) for place in kept["places"])
            return cls(places, frozenset(map(str, kept["uids"])))
        except (OSError, ValueError, KeyError, TypeError):
            return cls()

    def keep(self, folder: Path) -> None:
        """It is kept in ``folder``, or nothing if there is nothing to keep."""
        file = folder / FILE
        if not (self.places or self.uids):
            file.unlink(missing_ok=True)
            return
        partial = file.with_suffix(".partial")
        partial.write_text(json.dumps({"places": sorted(self.places), "uids": sorted(self.uids)}))
        partial.replace(file)

    def also(self, places: Iterable[Place]) -> Attempt:
        """The same with these places."""
        return Attempt(self.places | {*places}, self.uids)
