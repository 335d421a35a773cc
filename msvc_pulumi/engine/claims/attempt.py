"""`Attempt`: what a stack was about to make, kept beside it until its state knows.

A run that is killed leaves objects that no state has, above ten ModelServices all of them. What was
free or the stack's own before it is the stack's after it, if Pulumi made it; nothing else is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from msvc_pulumi.cluster.claims import Place

__all__ = ["Attempt"]

FILE = "attempt.json"


@dataclass(frozen=True, slots=True)
class Attempt:
    """``places`` is where objects may have been made, ``objects`` are those that were, by their
    uids. ``cut_off`` says that a run did not come to its end, so that the state may be behind the
    cluster in everything else too.
    """

    places: frozenset[Place] = frozenset()
    objects: Mapping[Place, str] = field(default_factory=dict)
    cut_off: bool = False

    @classmethod
    def read(cls, folder: Path) -> Attempt:
        """The one that is kept in ``folder``; what cannot be read gives no right to anything."""
        try:
            kept = json.loads((folder / FILE).read_text())
            places = frozenset(Place(*map(str, place)) for place in kept["places"])
            objects = {Place(*map(str, place)): str(uid) for *place, uid in kept["objects"]}
            return cls(places, objects, cut_off=bool(kept.get("cut_off", True)))
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError, KeyError, TypeError):
            return cls(cut_off=True)

    def keep(self, folder: Path) -> None:
        """It is kept in ``folder`` until `forget`; one that says nothing is not."""
        if self == Attempt():
            self.forget(folder)
            return
        file = folder / FILE
        partial = file.with_suffix(".partial")
        objects = sorted((*place, uid) for place, uid in self.objects.items())
        kept = {"places": sorted(self.places), "objects": objects, "cut_off": self.cut_off}
        partial.write_text(json.dumps(kept))
        partial.replace(file)

    @staticmethod
    def forget(folder: Path) -> None:
        """None is kept there: all that was begun has ended."""
        (folder / FILE).unlink(missing_ok=True)

    def begun(self, places: Iterable[Place]) -> Attempt:
        """The same while a run may make something in these places as well."""
        return replace(self, places=self.places.union(places), cut_off=True)
