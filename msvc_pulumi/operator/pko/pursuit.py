"""`Pursuit`: what is to be made of the state of a Stack that was asked for an update.

Pulumi's operator tries a failed update a few times and gives up, follows a lost Update for ever,
sets no limit to one that runs, and tells of a Workspace's trouble in the Workspace only. So its
answers are read here together with how long it has been giving them. Evidence for every rule:
docs/decisions/0010-pulumi-kubernetes-operator.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from msvc_pulumi.components.workspace import PLAN_HASH
from msvc_pulumi.errors import Diagnostic
from msvc_pulumi.operator.pko.messages import told
from msvc_pulumi.operator.pko.names import REQUEST

__all__ = ["Action", "Finding", "Pursuit", "Sight", "applied_hash", "is_stalled"]

Object = Mapping[str, Any]

LOST = 30.0  # seconds that a current update may be missing, for the operator's cache is behind
SILENCE = 60.0  # seconds within which a running operator has looked at a request
ACCESS = 30.0  # seconds that a binding made again may take to have an effect
LOCKED = re.compile(r"currently locked by", re.IGNORECASE)
# The connection to the workspace, not the update: another try will do. It may have said nothing.
BROKEN = re.compile(r"error reading from server|EOF|connection (refused|reset)|transport|Aborted")


class Action(Enum):
    WAIT = auto()
    DONE = auto()
    """The cluster is as this update wanted it; `applied_hash` says what that was."""
    FAILED = auto()
    CLEAR = auto()
    """Take the lost update out of the status, and ask again."""
    RESTART = auto()
    """Delete the workspace's pod: what runs in it ends, its successor frees the lock."""
    RETRY = auto()
    """Ask again."""
    GRANT = auto()
    """Make its rights again."""
    RELEASE = auto()
    """Let the Stack go without an update: its namespace goes, with everything in it."""


@dataclass(frozen=True, slots=True)
class Finding:
    action: Action
    problems: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class Sight:
    """A Stack, and if ``looked`` its current Update or its Workspace, None if there is none."""

    stack: Object
    looked: bool = False
    update: Object | None = None
    workspace: Object | None = None


class Pursuit:
    """The wait for one request, from when it was made; times are in seconds of one clock."""

    def __init__(
        self, now: float, *, update_limit: float, start_limit: float, ignore: str = ""
    ) -> None:
        """``ignore`` names an update whose failure has been told before."""
        self._update_limit, self._start_limit = update_limit, start_limit
        self._ignore = ignore
        self._began = self._looked = now
        self._current, self._current_since = "", now
        self._missing_since: float | None = None
        self._granted: float | None = None
        self._cause: tuple[Diagnostic, ...] = ()

    def step(self, sight: Sight, now: float) -> Finding:
        """What is to be done at ``now``; each remedy is named once for each occasion."""
        status = sight.stack.get("status") or {}
        current = (status.get("currentUpdate") or {}).get("name", "")
        if current:
            return self._running(current, sight, now)
        self._current, self._missing_since = "", None
        return self._ended(sight, now) or self._not_started(sight, now)

    def is_done(self, stack: Object) -> bool:
        """Whether there is nothing to wait for: the present request has succeeded."""
        status = stack.get("status") or {}
        last = status.get("lastUpdate") or {}
        idle = not (status.get("currentUpdate") or {}).get("name")
        return idle and last.get("state") == "succeeded" and _is_answer(last, stack["metadata"])

    def wants_look(self, now: float, pause: float) -> bool:
        """Whether ``pause`` has passed since the start, or since it was last time to look."""
        if now - self._looked < pause:
            return False
        self._looked = now
        return True

    def _running(self, name: str, sight: Sight, now: float) -> Finding:
        if name != self._current:
            self._current, self._current_since, self._missing_since = name, now, None
        if sight.looked and sight.update is None:
            self._missing_since = self._missing_since or now
            if now - self._missing_since >= LOST:
                self._missing_since = None
                return Finding(Action.CLEAR)
        elif sight.looked:
            self._missing_since = None
        if now - self._current_since >= self._update_limit:
            self._current_since = now  # its end has the same time
            self._cause = (_too_long(self._update_limit),)
            return Finding(Action.RESTART)
        return _WAIT

    def _ended(self, sight: Sight, now: float) -> Finding | None:
        """The finding on an update that has ended, if it is one for the present request."""
        status, metadata = sight.stack.get("status") or {}, sight.stack["metadata"]
        last = status.get("lastUpdate") or {}
        deleting = bool(metadata.get("deletionTimestamp"))
        stalled = is_stalled(sight.stack)
        if deleting and stalled.get("reason") == "NamespaceTerminating":
            return Finding(Action.RELEASE)
        if not _is_answer(last, metadata):
            if stalled and stalled.get("reason") != "UpdateFailed" and _is_seen(sight.stack):
                return Finding(Action.FAILED, (_stalled(stalled),))
            return None
        if last.get("state") == "succeeded":
            return None if deleting else Finding(Action.DONE)
        if last.get("name") == self._ignore:
            return Finding(Action.RETRY) if stalled else None
        self._ignore = last.get("name", "")
        message = last.get("message") or ""
        if LOCKED.search(message):
            self._began = now
            return Finding(Action.RESTART)
        if (not message or BROKEN.search(message)) and not stalled:
            return _WAIT
        problems = (*self._cause, *told(message or str(stalled.get("message", ""))))
        self._cause = ()
        return Finding(Action.FAILED, problems)

    def _not_started(self, sight: Sight, now: float) -> Finding:
        """The finding on a Stack of which nothing has come yet."""
        status = sight.stack.get("status") or {}
        waited = now - self._began
        if waited >= SILENCE and not (_is_seen(sight.stack) or _is_new(status)):
            return Finding(Action.FAILED, (_SILENT,))
        ready = _condition(sight.workspace, "Ready")
        if sight.looked and ready.get("reason") == "Unauthenticated":
            if self._granted is None:
                self._granted = now
                return Finding(Action.GRANT)
            if now - self._granted >= ACCESS:
                self._granted = None
                return Finding(Action.FAILED, (_unauthenticated(ready),))
        if sight.looked and waited >= self._start_limit:
            self._began = now
            return Finding(Action.FAILED, (_not_ready(ready, self._start_limit),))
        return _WAIT


def applied_hash(stack: Object) -> str:
    """The hash of the plan that the last successful update applied."""
    return str(((stack.get("status") or {}).get("outputs") or {}).get(PLAN_HASH, ""))


def is_stalled(stack: Object) -> Object:
    """The condition Stalled where it is true, else {}."""
    found = _condition(stack, "Stalled")
    return found if found.get("status") == "True" else {}


def _is_answer(last: Object, metadata: Object) -> bool:
    """Whether an update was made for the present spec and request.

    Of a Stack that is being deleted only its destruction counts.
    """
    if metadata.get("deletionTimestamp") and last.get("type") != "destroy":
        return False
    return bool(
        last.get("generation") == metadata.get("generation")
        and last.get("reconcileRequest", "") == (metadata.get("annotations") or {}).get(REQUEST, "")
    )


def _is_seen(stack: Object) -> bool:
    """Whether Pulumi's operator has looked at the present spec and request."""
    status, metadata = stack.get("status") or {}, stack["metadata"]
    return bool(
        status.get("observedReconcileRequest", "") == _request(stack)
        and status.get("observedGeneration") == metadata.get("generation")
    )


def _is_new(status: Object) -> bool:
    """Whether Pulumi's operator has begun with a Stack; then it writes down neither at first."""
    return bool(status.get("conditions")) and not status.get("lastUpdate")


def _condition(item: Object | None, kind: str) -> Object:
    conditions = ((item or {}).get("status") or {}).get("conditions") or ()
    return next((one for one in conditions if one.get("type") == kind), {})


def _request(stack: Object) -> str:
    return str((stack["metadata"].get("annotations") or {}).get(REQUEST, ""))


def _stalled(condition: Object) -> Diagnostic:
    return Diagnostic(
        "workspace-failed",
        f"Pulumi's operator has stopped at it ({condition.get('reason')}): "
        f"{condition.get('message', '')}",
        help="see `kubectl describe stacks,workspaces` in its namespace, and check the workspace's "
        "image",
    )


def _unauthenticated(condition: Object) -> Diagnostic:
    return Diagnostic(
        "workspace-unauthenticated",
        "the workspace cannot check who calls it: its ServiceAccount has no binding to "
        "system:auth-delegator",
        notes=(str(condition.get("message", "")),),
        help="apply again what `msvc operator manifests --executor pko` prints: it binds all "
        "ServiceAccounts of the Stacks' namespace",
    )


def _not_ready(condition: Object, limit: float) -> Diagnostic:
    state = f"{condition.get('reason')}: {condition.get('message', '')}" if condition else "absent"
    return Diagnostic(
        "workspace-not-ready",
        f"the workspace has run nothing for {limit:.0f} s ({state.rstrip(': ')})",
        help="see the events of its pod: kubectl describe pods -l "
        "auto.pulumi.com/component=workspace",
    )


def _too_long(limit: float) -> Diagnostic:
    return Diagnostic("update-too-long", f"the update took more than {limit:.0f} s")


_WAIT = Finding(Action.WAIT)
_SILENT = Diagnostic(
    "pko-silent",
    "the Pulumi Kubernetes Operator does not look at the Stack",
    help="install it (v2.8 or later), and check that it runs and watches this namespace",
)
