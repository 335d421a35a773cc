"""`Entitlement`: what a run of a stack may write and delete, and what it left, until that is known.

Before a run everything that it would touch is looked at. What it may make is written down beside
the stack, and stays there if the run does not come to its end.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.cluster.claims import OBJECT_EXISTS, Place
from msvc_pulumi.engine.claims.attempt import Attempt
from msvc_pulumi.engine.claims.stackclaims import StackClaims, unrecorded
from msvc_pulumi.engine.diagnosis.refusals import are_refusals
from msvc_pulumi.engine.processes.process import Run
from msvc_pulumi.engine.state.stateobjects import without
from msvc_pulumi.errors import ModelServiceError
from msvc_pulumi.plan import Plan

__all__ = ["Entitlement"]


@dataclass(frozen=True, slots=True)
class Entitlement:
    """That of the stack ``name``, which keeps its attempts in ``folder`` and declares ``plans``.

    ``state`` is what the stack has; ``call`` runs a short command of the engine and returns what it
    printed.
    """

    name: str
    folder: Path
    plans: Sequence[Plan] | None
    cluster: Cluster
    state: Callable[[], Mapping[str, Any]]
    call: Callable[..., str]

    def claims(self, operation: str, *, takes_all: bool = False) -> StackClaims:
        """Whose the objects are that the run would write or delete; changes nothing.

        Raises:
            ClusterError: an object is somebody else's, unless the user ``takes_all``; or the
                cluster does not answer.
        """
        plans = {"destroy": (), "refresh": None}.get(operation, self.plans)
        state = self.state()
        if operation == "refresh" and not state.get("pending_operations"):
            return StackClaims()
        claims = StackClaims.of(self.cluster, plans, state, Attempt.read(self.folder))
        if claims.problems and not takes_all:
            raise ClusterError(*claims.problems)
        return claims

    def begin(self, claims: StackClaims) -> None:
        """It is written down what the run may make; the state has what a killed run made, nothing
        any more that somebody else has made anew, and nothing that is pending.
        """
        if claims.begun is not None and self.plans is not None:
            claims.begun.keep(self.folder)
        if claims.lost or claims.made or claims.pending:
            self._amend(claims)

    def conclude(
        self,
        done: Run,
        failed: ModelServiceError | None,
        claims: StackClaims,
        unanswered: Collection[Place] = (),
    ) -> None:
        """What was attempted is in the state, or kept for the next run; what was asked for in the
        places ``unanswered`` may yet be made.
        """
        if self.plans is None:
            return
        if failed is None:
            Attempt.forget(self.folder)
            return
        if done.killed:
            return
        made: Mapping[Place, str] = {}
        if not any(item.code == OBJECT_EXISTS for item in failed.diagnostics):
            try:
                made = unrecorded(self.cluster, self.plans, self.state())
            except ModelServiceError:
                return  # the cluster has gone away, perhaps in the middle of it
        # The state knows what else was done, unless more went wrong than that objects were refused.
        cut_off = claims.cut_off or not are_refusals(failed.diagnostics)
        left = Attempt(frozenset(unanswered), {**claims.abandoned, **made}, cut_off)
        left.keep(self.folder)

    def remove(self, abandoned: Mapping[Place, str]) -> tuple[Place, ...]:
        """Those of the objects that were still there and are deleted. Raises ClusterError."""
        removed = []
        for place, uid in abandoned.items():
            try:
                if self.cluster.delete(*place.identity, uid=uid):
                    removed.append(place)
            except ClusterError as error:
                if not error.is_conflict:  # it has gone meanwhile, and somebody else's is there
                    raise
        return tuple(removed)

    def _amend(self, claims: StackClaims) -> None:
        """The state is as the claims want it, with nothing pending: an import drops that."""
        exported = json.loads(self.call("stack", "export", "--stack", self.name))
        deployment = exported["deployment"]
        resources = [*(deployment.get("resources") or ()), *claims.made]
        deployment["resources"] = without(resources, claims.lost)
        file = self.folder / "amended.json"
        file.write_text(json.dumps(exported))
        self.call("stack", "import", "--force", "--file", str(file), "--stack", self.name)
        file.unlink()
