"""`Blame`: which ModelService an update of many failed for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from msvc_pulumi.cluster.claims import Place
from msvc_pulumi.engine.diagnosis.failures import failure, reason
from msvc_pulumi.engine.processes.process import Run
from msvc_pulumi.errors import Diagnostic
from msvc_pulumi.operator.executor import Outcome, Work
from msvc_pulumi.operator.stacks import checkpoint as checkpoints
from msvc_pulumi.operator.stacks.checkpoint import Checkpoint
from msvc_pulumi.out.declaration import declarations

__all__ = ["Blame", "owners"]


@dataclass(frozen=True, slots=True)
class Blame:
    """Which work of an update failed, told from what the engine reported and what it kept."""

    done: Run
    components: Mapping[str, Mapping[str, Any]]
    owners: Mapping[str, str]

    def outcome(self, work: Work) -> Outcome:
        done = self.done
        own = [(urn, text) for urn, text in done.errors if self._owner(urn) == work.key.name]
        if not own and self._is_complete(work):
            return Outcome(changes=done.changes)
        if not own:
            return Outcome(failure(done, "the update").diagnostics or (_UNKNOWN,), general=True)
        places = _places(work)
        theirs = replace(done, events=_only(done, own))
        known = failure(theirs, "the update", places=places).diagnostics
        if known and known[0].code != "engine-failed":
            return Outcome(known)
        return Outcome(tuple(_refused(urn, text) for urn, text in own))

    def _is_complete(self, work: Work) -> bool:
        outputs = self.components.get(work.key.name)
        if work.plan is None:
            return outputs is None
        return outputs is not None and outputs.get("planHash") == work.plan.hash

    def _owner(self, urn: str) -> str | None:
        # A resource that never came to be is known by its logical name only.
        return self.owners.get(urn) or self.owners.get(urn.rpartition("::")[2])


def owners(
    works: Sequence[Work], before: Checkpoint | None, after: Checkpoint | None
) -> dict[str, str]:
    """For `Blame`: URN, or logical name of what was declared → name of its ModelService."""
    found = {
        declaration.name: work.key.name
        for work in works
        if work.plan is not None
        for declaration in declarations(work.key.name, work.plan)
    }
    for state in (before, after):
        for item in checkpoints.resources(state):
            found[item["urn"]] = checkpoints.owner(item["urn"], item.get("parent", ""))
    return found


def _places(work: Work) -> dict[str, Place]:
    """Where the object of each of its resources is, by the resource's logical name."""
    found = declarations(work.key.name, work.plan) if work.plan is not None else ()
    return {one.name: Place.of(one.properties) for one in found}


_UNKNOWN = Diagnostic("engine-failed", "the update ended and left something undone")


def _refused(urn: str, text: str) -> Diagnostic:
    """One object that could not be made what it should be."""
    name = urn.rpartition("::")[2]
    kind = urn.rpartition("::")[0].rpartition(":")[2]
    return Diagnostic("apply-failed", f"{kind} {name}: {reason(text)}")


def _only(done: Run, errors: Sequence[tuple[str, str]]) -> tuple[Mapping[str, object], ...]:
    wanted = {urn for urn, _ in errors}
    return tuple(
        event for event in done.events if (event.get("diagnosticEvent") or {}).get("urn") in wanted
    )
