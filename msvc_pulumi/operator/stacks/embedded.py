"""`EmbeddedExecutor`: runs the engine itself, one stack for each ModelService, many in one run.

A single ModelService is an ordinary update of its own stack. Several at once are joined into one
stack for the length of one update and parted afterwards (`checkpoint`), because most of what an
update costs is starting it. What no plan asks for any more is deleted by the same update.
"""

from __future__ import annotations

import logging
import os
import secrets
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace

from msvc_pulumi.engine.backend import quiet_home
from msvc_pulumi.engine.claims.stackclaims import StackClaims
from msvc_pulumi.engine.diagnosis.failures import EngineError
from msvc_pulumi.engine.diagnosis.refusals import are_refusals
from msvc_pulumi.engine.hosts.inline import serving
from msvc_pulumi.engine.hosts.planhost import PlanHost
from msvc_pulumi.engine.processes.process import Run, run
from msvc_pulumi.engine.session import Session
from msvc_pulumi.engine.stack import REFRESH, Stack
from msvc_pulumi.engine.state.storage import open_bucket
from msvc_pulumi.engine.variables import FORCE, TAKE_OVER, UNASKED, UNCHECKED, UPSERT
from msvc_pulumi.errors import Diagnostic
from msvc_pulumi.operator.executor import Key, Outcome, Work
from msvc_pulumi.operator.stacks import checkpoint as checkpoints
from msvc_pulumi.operator.stacks import engineprocesses
from msvc_pulumi.operator.stacks.blame import Blame, owners
from msvc_pulumi.operator.stacks.checkpoint import Checkpoint
from msvc_pulumi.operator.stacks.inspection import Inspector
from msvc_pulumi.operator.stacks.stackstore import BATCH, StackStore
from msvc_pulumi.plan import Plan

__all__ = ["EmbeddedExecutor"]

logger = logging.getLogger(__name__)

# More than this many together make checkpoints of the run itself costly; they grow with its square:
# ten services of 13 objects took 11 s with them, and twenty-five the same without.
CHECKPOINTED = 2
# Steps of one update at a time: each waits for the API server. The engine's own number is four for
# each processor, so 4 in a pod of one.
PARALLEL = ("--parallel", "16")
# Seconds that an update may take, and more for each ModelService: one that hangs blocks a worker.
RUN_LIMIT, RUN_SHARE = 120.0, 4.0
ENVIRONMENT = {
    **FORCE,  # over the fields of our own objects; whose an object is, `Inspector` tells
    "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    "PULUMI_DIY_BACKEND_NO_LEGACY_WARNING": "true",  # else each run lists all stacks to give it
}
# Checkpoints are read and written here too, without compression.
PLAIN = {"PULUMI_DIY_BACKEND_GZIP": "false", "PULUMI_DIY_BACKEND_ZSTD": "false"}


class EmbeddedExecutor:
    """The executor that needs nothing but a place for its stacks. Close the session after it."""

    def __init__(
        self, session: Session, inspector: Inspector, run_limit: float = RUN_LIMIT
    ) -> None:
        self._run_limit, self._inspector = run_limit, inspector
        backend = session.backend
        self._session = replace(session, environment=_environment(session))
        bucket = open_bucket(backend.url, session.environment)
        if bucket.remote and "PULUMI_CONFIG_PASSPHRASE_FILE" in backend.variables:
            raise EngineError([_no_passphrase(bucket.name)])
        self._store = StackStore(bucket, backend.workspace)
        self._store.seed(self._session)
        self._unparted: dict[str, Mapping[str, str]] = {}
        # Stacks whose last run was killed, or its plugin: what it changed or deleted they do not
        # know.
        self._cut_off: set[str] = set()
        self._mending = threading.Lock()

    def knows(self, key: Key) -> bool:
        return self._store.exists(key.stack)

    def converge(self, works: Sequence[Work]) -> dict[Key, Outcome]:
        self._mend(works)
        if len(works) == 1:
            return {works[0].key: self._alone(works[0])}
        outcomes = self._several(works)
        hopeless = not any(outcome.done for outcome in outcomes.values())
        for work in works:
            if outcomes[work.key].general:
                # Whose fault it was is only certain when nobody else is in the same update.
                outcomes[work.key] = self._alone(work, fresh=True)
                if hopeless and outcomes[work.key].general:
                    break  # it is nobody's: the cluster is away, or the disk is full
        return outcomes

    def forget(self, key: Key) -> None:
        self._store.remove(key.stack)

    def disallow(self, key: Key) -> None:
        """Nobody was let read it: this process reads for all."""

    def recover(self) -> list[Key]:
        if ended := engineprocesses.end_orphans(self._session.backend.workspace):
            logger.warning("ended engines of a killed operator", extra={"engines": ended})
        found = [Key(*stack.split(".", 1)) for stack in self._store.locked() if "." in stack]
        self._store.look(self._store.claim(self._session.backend.identity))
        for batch in self._store.batches():
            members = self._store.members(batch)
            self._part(batch, members)
            found += [Key(*stack.split(".", 1)) for stack in members.values()]
            logger.warning("mended an interrupted update", extra={"stacks": len(members)})
        self._cut_off |= {key.stack for key in found}
        return found

    def stop(self, seconds: float) -> None:
        engineprocesses.stop(seconds)

    def close(self) -> None:
        """Nothing outlives its run."""

    def _alone(self, work: Work, *, fresh: bool = False) -> Outcome:
        before = self._store.read(work.key.stack)
        [found] = self._inspector.inspect([work], [before], fresh=fresh)
        return self._singly(work, before, found)

    def _singly(self, work: Work, known: Checkpoint | None, found: StackClaims) -> Outcome:
        if found.problems:
            return Outcome(found.problems)
        work, problems = self._inspector.adopt(work, found)
        if problems:
            return Outcome(problems)
        name = work.key.stack
        if known is None and work.plan is None:
            return Outcome()
        before = self._amended(name, known or self._store.empty(name), found)
        if before is not known:
            self._store.write(name, before)
        outcomes, after = self._update(name, [work], before, adopts=found.takes_over)
        outcome = outcomes[work.key]
        if work.plan is None and outcome.done:
            self._store.remove(name)
        elif after is not None:
            self._store.write(name, checkpoints.without_positions(after))
            self._store.tidy(name)
        return outcome

    def _several(self, works: Sequence[Work]) -> dict[Key, Outcome]:
        known = self._store.read_all(work.key.stack for work in works)
        states = [known.get(work.key.stack) for work in works]
        looked = self._inspector.inspect(works, states)
        outcomes: dict[Key, Outcome] = {}
        joint: dict[bool, dict[str, Work]] = {False: {}, True: {}}
        for work, state, found in zip(works, states, looked, strict=True):
            # A stack that `msvc up` made has a key of its own, and no stack has two.
            own = state is not None and not self._store.is_of(state)
            if found.problems or own:
                outcomes[work.key] = self._singly(work, state, found)
                continue
            ready, problems = self._inspector.adopt(work, found)
            if problems:
                outcomes[work.key] = Outcome(problems)
                continue
            if state is not None:
                known[work.key.stack] = self._amended(work.key.stack, state, found)
            # Only a run in which there is something of ours to take over takes over anything.
            joint[found.takes_over][work.key.stack] = ready
        for adopts, some in joint.items():
            if some:
                states_of = {name: known[name] for name in some if name in known}
                outcomes |= self._together([*some.values()], states_of, adopts=adopts)
        return outcomes

    def _amended(self, stack: str, state: Checkpoint, found: StackClaims) -> Checkpoint:
        if checkpoints.contents(state).get("pending_operations"):
            self._cut_off.add(stack)
        return checkpoints.amended(state, found.lost, found.made)

    def _together(
        self, works: Sequence[Work], states: Mapping[str, Checkpoint], *, adopts: bool
    ) -> dict[Key, Outcome]:
        batch = f"{BATCH}{secrets.token_hex(4)}"
        members = {work.key.name: work.key.stack for work in works}
        joined = checkpoints.join(states, batch, self._store.empty(batch))
        self._unparted[batch] = members
        self._store.create_batch(batch, joined, members)
        after: Checkpoint | None = None
        try:
            outcomes, after = self._update(batch, works, joined, adopts=adopts)
        finally:
            self._part(batch, members, after)
        return outcomes

    def _mend(self, works: Sequence[Work]) -> None:
        """No stack of ``works`` is part of a joined one that could not be parted after its run."""
        wanted = {work.key.stack for work in works}
        with self._mending:
            for batch, members in list(self._unparted.items()):
                if wanted & {*members.values()}:
                    self._part(batch, members)

    def _part(self, batch: str, members: Mapping[str, str], read: Checkpoint | None = None) -> None:
        """Every member has its own stack again, and the batch is gone; ``read`` is it, if known."""
        joined = read or self._store.read(batch)
        if joined is not None and members:
            parts = checkpoints.part(checkpoints.without_positions(joined), batch, members)
            self._store.write_all(parts)
            for stack in {*members.values()} - parts.keys():
                if self._store.exists(stack):
                    self._store.remove(stack)
        self._store.remove(batch)
        self._unparted.pop(batch, None)

    def _update(
        self, name: str, works: Sequence[Work], before: Checkpoint, *, adopts: bool
    ) -> tuple[dict[Key, Outcome], Checkpoint | None]:
        self._store.prepare(name, before)
        plans = [work.plan for work in works if work.plan is not None]
        stacks = {work.key.stack for work in works}
        stale = any(work.refresh for work in works) or bool(stacks & self._cut_off)
        flags = [REFRESH] if stale else []
        done = self._run(name, plans, len(works), flags, adopts=adopts)
        after = self._store.read(name)
        blame = Blame(
            done,
            checkpoints.components(after),
            owners(works, before, after) if done.errors else {},
        )
        outcomes = {work.key: blame.outcome(work) for work in works}
        problems = [one for outcome in outcomes.values() for one in outcome.problems]
        if not done.code:
            self._cut_off -= stacks
        elif done.killed or not are_refusals(problems):
            self._cut_off |= stacks
        return outcomes, after

    def _run(
        self, name: str, plans: Sequence[Plan], size: int, flags: Sequence[str], *, adopts: bool
    ) -> Run:
        stack: Stack = self._session.stack(name)
        variables = {
            **({} if flags else UNASKED),  # there are flags where it refreshes
            **stack.variables,
            **(TAKE_OVER if adopts else {}),
        }
        if size > CHECKPOINTED:
            variables |= UNCHECKED
        self._store.clear_dead_locks(name)
        with serving(PlanHost(plans)) as client:
            command = [
                *(str(stack.pulumi), "up", "--yes", "--skip-preview", "--continue-on-error"),
                *("--stack", name, "--config-file", str(stack.config_file), *PARALLEL),
                *(client, "--exec-kind", "auto.inline", *flags),
            ]
            with engineprocesses.limited(name, self._run_limit + RUN_SHARE * size):
                done = run(command, variables, cwd=stack.folder, output=subprocess.DEVNULL)
        if done.code:  # one that was killed leaves its lock, and its stack may be joined next time
            self._store.clear_dead_locks(name)
        return done


def _environment(session: Session) -> dict[str, str]:
    """A Pulumi folder without the engine's log, and the plugin that was chosen elsewhere."""
    plugin = session.plugins.kubernetes
    environment = {**ENVIRONMENT, **session.environment, **PLAIN, UPSERT: "false"}
    environment["PULUMI_HOME"] = str(quiet_home(session.backend.workspace.parent))
    if session.backend.url:
        environment["PULUMI_BACKEND_URL"] = session.backend.url
    if not plugin.ours:
        folders = [str(plugin.path.parent), environment.get("PATH", os.defpath)]
        environment["PATH"] = os.pathsep.join(folders)
    return environment


def _no_passphrase(name: str) -> Diagnostic:
    return Diagnostic(
        "passphrase-missing",
        f"stacks are kept in {name}, and their passphrase would be kept on this machine only",
        help="set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE, to the same on every "
        "machine that works on them",
    )
