"""`Rounds`: an operation as one run of the engine, or several that go around what is in its way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.engine.diagnosis.absorbedfields import absorbed_fields
from msvc_pulumi.engine.diagnosis.failures import reasons
from msvc_pulumi.engine.diagnosis.obstacles import Obstacles
from msvc_pulumi.engine.processes.process import Run
from msvc_pulumi.engine.variables import FORCE
from msvc_pulumi.plan import Plan

__all__ = ["SKIP_PREVIEW", "Rounds"]

MOST = 5  # a preview may end at the first obstacle, and the next at another
SKIP_PREVIEW = "--skip-preview"
AROUND = ("up", "preview")  # operations in which some objects may be left out

Variables = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Rounds:
    """``start`` runs the engine with a command and variables; ``state`` is what its stack has."""

    operation: str
    start: Callable[[Sequence[str], Variables], Run]
    state: Callable[[], Mapping[str, Any]]
    plans: Sequence[Plan] | None
    cluster: Cluster | None

    def run(self, command: Sequence[str], variables: Variables) -> tuple[Run, Obstacles]:
        """The last run, and all that was in the way.

        Raises ClusterError.
        """
        met = self._foreseen(variables)
        done = self.start([*command, *met.around], variables)
        for _ in range(MOST - 1):
            if not done.errors or done.interrupted:
                break
            later = Obstacles.of(
                reasons(done), self.state(), self.plans, self.cluster, is_preview=done.is_preview
            )
            is_new = not later.recorded.keys() <= met.recorded.keys()
            met = met.also(later)
            if later.is_general or self.operation not in AROUND:
                break
            if not (is_new or self._is_released(later) or self._is_undone(later)):
                break
            command, variables = self._next(later, command, variables)
            done = self.start([*command, *met.around], variables).after(done)
        return done, met

    def _foreseen(self, variables: Variables) -> Obstacles:
        """What an update would write over without a word."""
        is_forced = FORCE.items() <= dict(variables).items()
        if self.operation not in AROUND or is_forced or self.cluster is None or not self.plans:
            return Obstacles()
        state = self.state()
        found = [*absorbed_fields(self.cluster, self.plans, state)]
        return Obstacles.of(found, state, self.plans, self.cluster) if found else Obstacles()

    def _is_released(self, later: Obstacles) -> bool:
        """Whether counts were in the way, and are not any more."""
        if not later.scaled or self.cluster is None:
            return False
        if self.operation == "up":
            later.release(self.cluster)
        return True

    def _is_undone(self, later: Obstacles) -> bool:
        """Whether a preview kept the update from all it could have done."""
        return later.is_preview and self.operation == "up"

    def _next(
        self, later: Obstacles, command: Sequence[str], variables: Variables
    ) -> tuple[Sequence[str], Variables]:
        if self.operation == "preview":
            # It writes nothing; a count that it could not set is no obstacle to the update.
            return command, {**variables, **(FORCE if later.scaled else {})}
        if SKIP_PREVIEW in command or (later.recorded and self.plans is None):
            return command, variables  # only another preview finds what is left
        return [*command, SKIP_PREVIEW], variables
