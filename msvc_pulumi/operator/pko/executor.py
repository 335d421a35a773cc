"""`PkoExecutor`: lets the Pulumi Kubernetes Operator run the stacks, one for each ModelService.

An update is asked for by an annotation and waited for through the one watch of `Mirror`; a thread
that waits costs nothing but itself, so there may be many. None waits longer than the settings'
``patience``: what is not done by then is pending, and comes again when others have had their turn.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.cluster.modelservices import API_VERSION, KIND
from msvc_pulumi.components.clusterplan import plan_from_cluster
from msvc_pulumi.errors import Diagnostic, ModelServiceError
from msvc_pulumi.operator.executor import Key, Outcome, Work
from msvc_pulumi.operator.pko.inheritance import not_adopted
from msvc_pulumi.operator.pko.mirror import Mirror
from msvc_pulumi.operator.pko.names import AUTO
from msvc_pulumi.operator.pko.pursuit import (
    Action,
    Finding,
    Pursuit,
    Sight,
    applied_hash,
    is_stalled,
)
from msvc_pulumi.operator.pko.request import is_for
from msvc_pulumi.operator.pko.settings import WorkspaceSettings
from msvc_pulumi.operator.pko.stacks import Stacks
from msvc_pulumi.operator.planning.job import Job
from msvc_pulumi.operator.planning.planners import Planners
from msvc_pulumi.operator.stacks.inspection import Inspector

__all__ = ["PkoExecutor"]

logger = logging.getLogger(__name__)

Object = dict[str, Any]

FORBIDDEN = 403  # HTTP
LOOK = 5.0  # seconds between looks at what the watch does not tell


@dataclass(slots=True)
class _Wanted:
    """What was asked for of one ModelService, and how it goes."""

    plan_hash: str
    """"" for a deletion."""
    pursuit: Pursuit
    asked_again: bool = False


class PkoExecutor:
    """The executor that leaves the engine to workspaces. Call `recover` before anything else."""

    def __init__(
        self,
        cluster: Cluster,
        settings: WorkspaceSettings,
        inspector: Inspector,
        planners: Planners,
    ) -> None:
        self._cluster, self._settings = cluster, settings
        self._inspector, self._planners = inspector, planners
        self._mirror = Mirror(cluster, settings.namespace)
        self._stacks = Stacks(cluster, settings, self._mirror)
        self._space = settings.namespace
        self._wanted: dict[Key, _Wanted] = {}
        self._stopped = threading.Event()

    def knows(self, key: Key) -> bool:
        return self._mirror.get(key) is not None

    def converge(self, works: Sequence[Work]) -> dict[Key, Outcome]:
        outcomes: dict[Key, Outcome] = {}
        for work in works:
            try:
                done = self._begin(work)
            except ModelServiceError as error:
                self._wanted.pop(work.key, None)
                done = Outcome(error.diagnostics)
            if done is not None:
                outcomes[work.key] = done
        end = time.monotonic() + self._settings.patience
        for work in works:
            if work.key not in outcomes:
                outcomes[work.key] = self._await(work, end)
                if not outcomes[work.key].pending:
                    self._wanted.pop(work.key, None)
                    self._mirror.forget(work.key)
        return outcomes

    def forget(self, key: Key) -> None:
        stack = self._mirror.get(key)
        if stack is not None:
            self._stacks.release(key)
            self._stacks.delete(stack)
        self._stacks.clear_away(key)

    def disallow(self, key: Key) -> None:
        self._stacks.hide(key)

    def recover(self) -> list[Key]:
        """Stacks whose ModelServices are gone; all others are as far as their statuses say."""
        self._mirror.start()
        gone: list[Key] = []
        for namespace in self._settings.namespaces or ("",):
            try:
                found, _ = self._cluster.list(API_VERSION, KIND, namespace or None)
            except ClusterError as error:
                if error.status != FORBIDDEN or not namespace:
                    raise
                continue  # the controller tells; nothing is known to be gone
            services = {(item["metadata"]["namespace"], item["metadata"]["name"]) for item in found}
            gone += [key for key in self._mirror.known(namespace) if key not in services]
        return gone

    def stop(self, seconds: float) -> None:
        """Wait for nothing any more; what Pulumi's operator runs goes on."""
        self._stopped.set()
        self._mirror.stop(seconds)

    def close(self) -> None:
        self.stop(0.0)

    def _begin(self, work: Work) -> Outcome | None:
        """Ask the Stack for what ``work`` wants; an outcome if there is nothing to wait for."""
        self._mirror.expect(work.key)
        wanted, stack = self._wanted.get(work.key), self._mirror.get(work.key)
        if work.plan is None:
            return self._begin_deletion(work.key, wanted, stack)
        if wanted is not None and wanted.plan_hash == work.plan.hash and stack is not None:
            return None  # it was pending
        if stack is not None and stack["metadata"].get("deletionTimestamp"):
            # One of the same name that is on its way out; this one's turn comes after it.
            self._mirror.wait(work.key, LOOK)
            return Outcome(pending=True)
        pursuit = self._pursuit(stack)
        if stack is not None and not work.refresh and is_for(stack, work.plan.hash):
            if applied_hash(stack) == work.plan.hash and pursuit.is_done(stack):
                return Outcome()
            if not is_stalled(stack):  # it runs, or is tried again without being asked
                self._wanted[work.key] = _Wanted(work.plan.hash, pursuit)
                return None
        # Its state is out of sight: what it applied once counts as what Pulumi wrote.
        applied = stack is not None and bool(applied_hash(stack))
        [found] = self._inspector.inspect([work], [None], trusting=applied)
        if found.problems:
            self._wanted.pop(work.key, None)
            return Outcome(found.problems)
        if not applied and (left := found.inherited - found.given):
            return Outcome((not_adopted(left),))
        if stack is not None and is_stalled(stack).get("reason") == "WorkspaceFailed":
            self._stacks.restart(work.key)
        self._wanted[work.key] = _Wanted(work.plan.hash, pursuit)
        self._stacks.ask(work.key, work.plan.hash, stack, refresh=work.refresh)
        return None

    def _begin_deletion(
        self, key: Key, wanted: _Wanted | None, stack: Object | None
    ) -> Outcome | None:
        if stack is None:
            return self._leave(key)
        if wanted is None or wanted.plan_hash:
            self._wanted[key] = _Wanted("", self._pursuit(stack))
            if stack["spec"].get("destroyOnFinalize"):
                self._stacks.prepare_end(key)
        if not stack["metadata"].get("deletionTimestamp"):
            self._stacks.delete(stack)
        elif wanted is None and is_stalled(stack):
            self._stacks.ask_again(key)
        return None

    def _await(self, work: Work, end: float) -> Outcome:
        wanted = self._wanted[work.key]
        while not self._stopped.is_set():
            stack = self._mirror.get(work.key)
            now = time.monotonic()
            try:
                if stack is None:
                    if work.plan is None:
                        return self._leave(work.key)
                    return Outcome(pending=True)  # somebody deleted it
                outcome = self._step(work, wanted, self._sight(work.key, stack, now), now)
            except ModelServiceError as error:
                return Outcome(error.diagnostics)
            if outcome is not None:
                return outcome
            if now >= end:
                break
            self._mirror.wait(work.key, min(LOOK, end - now))
        return Outcome(pending=True)

    def _sight(self, key: Key, stack: Object, now: float) -> Sight:
        """The Stack, with what else there is to see if it has not changed for a while."""
        wanted = self._wanted[key]
        if not wanted.pursuit.wants_look(now, LOOK):
            return Sight(stack)
        current = ((stack.get("status") or {}).get("currentUpdate") or {}).get("name")
        name = stack["metadata"]["name"]
        if current:
            update = self._cluster.get(AUTO, "Update", current, self._space)
            return Sight(stack, True, update)
        return Sight(stack, True, None, self._cluster.get(AUTO, "Workspace", name, self._space))

    def _step(self, work: Work, wanted: _Wanted, sight: Sight, now: float) -> Outcome | None:
        finding: Finding = wanted.pursuit.step(sight, now)
        key, action = work.key, finding.action
        if action is not Action.WAIT:
            logger.debug("%s", action.name, extra={"modelservice": str(key)})
        if action is Action.DONE:
            return self._check(work, wanted, sight)
        if action is Action.FAILED:
            return Outcome(finding.problems)
        if action is Action.RESTART:
            logger.warning("replacing the workspace's pod", extra={"modelservice": str(key)})
            self._stacks.restart(key)
        elif action is Action.CLEAR:
            logger.warning("clearing a lost update", extra={"modelservice": str(key)})
            self._stacks.forget_update(sight.stack)
            self._stacks.ask_again(key)
        elif action is Action.RETRY:
            self._stacks.ask_again(key)
        elif action is Action.GRANT:
            self._stacks.grant(key)
        elif action is Action.RELEASE:
            self._stacks.release(key)
        return None

    def _check(self, work: Work, wanted: _Wanted, sight: Sight) -> Outcome | None:
        """The outcome of a successful update, unless it applied something else than was wanted."""
        if work.plan is None:
            return None  # what is seen is from before the deletion, which ends with the Stack
        applied = applied_hash(sight.stack)
        if applied == work.plan.hash:
            return Outcome()
        now = plan_from_cluster(
            self._cluster,
            work.key.namespace,
            work.key.name,
            self._settings.plan,
            plan=lambda *inputs: self._planners.plan(work.key, Job.of(*inputs)),
        )
        if applied == now.hash:
            return Outcome()  # an edit came between, and is on the controller's queue
        if not wanted.asked_again:  # or two of them
            wanted.asked_again = True
            self._stacks.ask_again(work.key)
            return None
        return Outcome((_differs(applied, work.plan.hash),))

    def _leave(self, key: Key) -> Outcome:
        """The Stack is gone, and so is what was around it."""
        try:
            self._stacks.clear_away(key)
        except ClusterError as error:
            return Outcome(error.diagnostics)
        return Outcome()

    def _pursuit(self, stack: Object | None) -> Pursuit:
        last = ((stack or {}).get("status") or {}).get("lastUpdate") or {}
        return Pursuit(
            time.monotonic(),
            update_limit=self._settings.update_limit,
            start_limit=self._settings.start_limit,
            ignore=last.get("name", "") if last.get("state") == "failed" else "",
        )


def _differs(applied: str, wanted: str) -> Diagnostic:
    """The workspace applied another plan than this process made of the same ModelService."""
    return Diagnostic(
        "workspace-differs",
        f"the workspace applied plan {applied[:12] or 'of no known hash'}, wanted is {wanted[:12]}",
        help="use the same image for workspaces as for the operator (--workspace-image)",
    )
