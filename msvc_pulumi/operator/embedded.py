"""`EmbeddedExecutor`: runs the engine itself, one stack for each ModelService, many in one run.

A single ModelService is an ordinary update of its own stack. Several at once are joined into one
stack for the length of one update and parted afterwards (`checkpoint`), because most of what an
update costs is starting it. What no plan asks for any more is deleted by the same update.
"""

from __future__ import annotations

import logging
import secrets
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from msvc_pulumi.components.kinds import logical_suffix
from msvc_pulumi.components.program import declare_plans
from msvc_pulumi.engine.failures import EngineError, failure
from msvc_pulumi.engine.inline import serving
from msvc_pulumi.engine.locks import clear_dead
from msvc_pulumi.engine.process import Run, run
from msvc_pulumi.engine.session import Session
from msvc_pulumi.engine.stack import PROJECT, Stack
from msvc_pulumi.errors import Diagnostic
from msvc_pulumi.operator import checkpoint as checkpoints
from msvc_pulumi.operator import engineprocesses
from msvc_pulumi.operator.checkpoint import Checkpoint
from msvc_pulumi.operator.executor import Key, Outcome, Work
from msvc_pulumi.operator.sdkspeed import speed_up
from msvc_pulumi.operator.stackfolder import StackFolder

__all__ = ["EmbeddedExecutor"]

logger = logging.getLogger(__name__)

# More than this many together make checkpoints of the run itself costly; they grow with its square.
CHECKPOINTED = 10
# Seconds that an update may take, and more for each ModelService: one that hangs blocks a worker.
RUN_LIMIT, RUN_SHARE = 120.0, 4.0
ENVIRONMENT = {
    # A run that was killed may have made objects that no checkpoint knows: take them over.
    "PULUMI_K8S_UPSERT_EXISTING_OBJECTS": "true",
    "PULUMI_K8S_ENABLE_PATCH_FORCE": "true",
    "PULUMI_K8S_CLIENT_QPS": "500",
    "PULUMI_K8S_CLIENT_BURST": "1000",
    "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    "GOGC": "200",
}


class EmbeddedExecutor:
    """The executor that needs nothing but a folder. Close the session when it is done with."""

    def __init__(self, session: Session, run_limit: float = RUN_LIMIT) -> None:
        speed_up()
        self._run_limit = run_limit
        if session.backend.folder is None:
            raise EngineError([_no_folder()])
        environment = {**ENVIRONMENT, **session.environment}
        self._session = replace(session, environment=environment)
        self._folder = StackFolder(session.backend.folder, session.backend.workspace)
        self._folder.seed(self._session)

    def knows(self, key: Key) -> bool:
        return self._folder.file(key.stack).exists()

    def converge(self, works: Sequence[Work]) -> dict[Key, Outcome]:
        if len(works) == 1:
            return {works[0].key: self._alone(works[0])}
        outcomes = self._together(works)
        hopeless = not any(outcome.done for outcome in outcomes.values())
        for work in works:
            if outcomes[work.key].general:
                # Whose fault it was is only certain when nobody else is in the same update.
                outcomes[work.key] = self._alone(work)
                if hopeless and outcomes[work.key].general:
                    break  # it is nobody's: the cluster is away, or the disk is full
        return outcomes

    def forget(self, key: Key) -> None:
        self._folder.remove(key.stack)

    def recover(self) -> list[Key]:
        if ended := engineprocesses.end_orphans(self._session.backend.workspace):
            logger.warning("ended engines of a killed operator", extra={"engines": ended})
        found: list[Key] = []
        for batch in self._folder.batches():
            members = self._folder.members(batch)
            self._part(batch, members)
            found += [Key(*stack.split(".", 1)) for stack in members.values()]
            logger.warning("mended an interrupted update", extra={"stacks": len(members)})
        found += [Key(*stack.split(".", 1)) for stack in self._folder.locked() if "." in stack]
        return found

    def stop(self, seconds: float) -> None:
        engineprocesses.stop(seconds)

    def _alone(self, work: Work) -> Outcome:
        name = work.key.stack
        if not self.knows(work.key):
            if work.plan is None:
                return Outcome()
            self._folder.create(name)
        outcome = self._update(name, [work])[work.key]
        state = checkpoints.read(self._folder.file(name))
        if work.plan is None and outcome.done:
            self._folder.remove(name)
        elif state is not None:
            checkpoints.write(self._folder.file(name), checkpoints.without_positions(state))
            self._folder.tidy(name)
        return outcome

    def _together(self, works: Sequence[Work]) -> dict[Key, Outcome]:
        batch = f"batch-{secrets.token_hex(4)}"
        members = {work.key.name: work.key.stack for work in works}
        states = {stack: self._folder.read(stack) for stack in members.values()}
        known = {stack: state for stack, state in states.items() if state is not None}
        empty = self._folder.empty(batch)
        self._folder.create(batch, checkpoints.join(known, batch, empty), members)
        try:
            return self._update(batch, works)
        finally:
            self._part(batch, members)

    def _part(self, batch: str, members: Mapping[str, str]) -> None:
        """Every member has its own stack again, and the batch is gone."""
        joined = self._folder.read(batch)
        if joined is not None and members:
            parts = checkpoints.part(checkpoints.without_positions(joined), batch, members)
            for stack in members.values():
                if stack in parts:
                    self._folder.create(stack, parts[stack])
                else:
                    self._folder.remove(stack)
        self._folder.remove(batch)

    def _update(self, name: str, works: Sequence[Work]) -> dict[Key, Outcome]:
        plans = [work.plan for work in works if work.plan is not None]
        before = self._folder.read(name)
        flags = ["--refresh"] if any(work.refresh for work in works) else []
        done = self._run(name, lambda: declare_plans(plans), len(works), flags)
        after = self._folder.read(name)
        blame = _Blame(works, before, after)
        return {work.key: blame.outcome(work, done) for work in works}

    def _run(
        self, name: str, program: Callable[[], object], size: int, flags: Sequence[str]
    ) -> Run:
        stack: Stack = self._session.stack(name)
        variables = dict(stack.variables)
        if size > CHECKPOINTED:
            variables["PULUMI_SKIP_CHECKPOINTS"] = "true"
        clear_dead(self._folder.backend, PROJECT, name)
        with serving(program) as client:  # type: ignore[arg-type]  # its result is not asked for
            command = [
                *(str(stack.pulumi), "up", "--yes", "--skip-preview", "--continue-on-error"),
                *("--stack", name, "--config-file", str(stack.config_file)),
                *(client, "--exec-kind", "auto.inline", *flags),
            ]
            with engineprocesses.limited(name, self._run_limit + RUN_SHARE * size):
                return run(command, variables, cwd=stack.folder, output=subprocess.DEVNULL)


@dataclass(frozen=True, slots=True)
class _Blame:
    """Which work of an update failed, told from what the engine reported and what it kept."""

    works: Sequence[Work]
    before: Checkpoint | None
    after: Checkpoint | None

    def outcome(self, work: Work, done: Run) -> Outcome:
        owners = self._owners()
        own = [(urn, text) for urn, text in done.errors if owners.get(urn) == work.key.name]
        if not own and self._is_complete(work):
            return Outcome(changes=done.changes)
        if not own:
            return Outcome(failure(done, "the update").diagnostics or (_UNKNOWN,), general=True)
        known = failure(replace(done, events=_only(done, own)), "the update").diagnostics
        if known and known[0].code != "engine-failed":
            return Outcome(known)
        return Outcome(tuple(_refused(urn, text) for urn, text in own))

    def _is_complete(self, work: Work) -> bool:
        outputs = checkpoints.components(self.after).get(work.key.name)
        if work.plan is None:
            return outputs is None
        return outputs is not None and outputs.get("planHash") == work.plan.hash

    def _owners(self) -> dict[str, str]:
        owners = {
            item["urn"]: checkpoints.owner(item["urn"], item.get("parent", ""))
            for state in (self.before, self.after)
            for item in checkpoints.resources(state)
        }
        names = {
            f"{work.key.name}-{logical_suffix(planned)}": work.key.name
            for work in self.works
            if work.plan is not None
            for planned in work.plan
        }
        return _ByName(owners, names)


class _ByName(dict[str, str]):
    """URN → component; a resource that never came to be is known by its logical name."""

    def __init__(self, owners: Mapping[str, str], names: Mapping[str, str]) -> None:
        super().__init__(owners)
        self._names = names

    def get(self, urn: str, default: str | None = None) -> str | None:  # type: ignore[override]
        return super().get(urn) or self._names.get(urn.rpartition("::")[2], default)


_UNKNOWN = Diagnostic("engine-failed", "the update ended and left something undone")


def _refused(urn: str, text: str) -> Diagnostic:
    """One object that could not be made what it should be."""
    name = urn.rpartition("::")[2]
    kind = urn.rpartition("::")[0].rpartition(":")[2]
    return Diagnostic("apply-failed", f"{kind} {name}: {text}")


def _only(done: Run, errors: Sequence[tuple[str, str]]) -> tuple[Mapping[str, object], ...]:
    wanted = {urn for urn, _ in errors}
    return tuple(
        event for event in done.events if (event.get("diagnosticEvent") or {}).get("urn") in wanted
    )


def _no_folder() -> Diagnostic:
    return Diagnostic(
        "backend-unsupported",
        "the operator keeps its stacks in a folder, and another backend is configured",
        help="unset PULUMI_BACKEND_URL and PULUMI_ACCESS_TOKEN, and mount a volume at the folder "
        "that XDG_STATE_HOME names",
    )
