"""`Planners`: plans many ModelServices at a time, and lets none of them hold the others up."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Self

from msvc_pulumi.errors import Diagnostic, ModelServiceError
from msvc_pulumi.operator.executor import Key
from msvc_pulumi.operator.planning import limits
from msvc_pulumi.operator.planning.answer import Answer
from msvc_pulumi.operator.planning.bounds import Bounds
from msvc_pulumi.operator.planning.forks import Forks
from msvc_pulumi.operator.planning.job import Job
from msvc_pulumi.operator.planning.plannerprocess import DiedError, PlannerProcess, SlowError
from msvc_pulumi.operator.planning.turns import Turns
from msvc_pulumi.plan import Plan

__all__ = ["Planners", "PlanningError", "default_count"]

PLAN = "msvc_pulumi.operator.planning.planner:plan"
MOST = 4  # planners unless more are asked for; each plans some hundred ModelServices a second
QUIET = 0.4  # seconds without a plan, after which those that are there have waited enough
ATTEMPTS = 2  # at a plan whose planner ended for no reason of its own


logger = logging.getLogger(__name__)


class PlanningError(ModelServiceError):
    """Nobody knows the plan, and another attempt may tell."""


@dataclass(slots=True, eq=False)
class _Ticket:
    """One job from when it is handed in until its result is taken."""

    key: Key
    job: Job
    slow: bool = False
    tries: int = 0
    result: Plan | ModelServiceError | None = None
    lasting: bool = False
    """Whether the result holds until the inputs change."""
    later: list[Callable[[Key], None]] = field(default_factory=list)

    @property
    def owner(self) -> tuple[str, str]:
        """Who waits while it is planned, if anybody has to: its namespace, its BaseConfig."""
        return self.key.namespace, self.job.base_config


def default_count() -> int:
    """As many as there are cores, but two at least: one may be at a plan that takes long."""
    return max(2, min(MOST, os.cpu_count() or 1))


class Planners:
    """A few warm processes that plan, and one beside them for plans that take long. Thread-safe.

    Nobody's plans come before those of a namespace that has cost less, and in a namespace before
    those with a BaseConfig that has. A plan that takes longer
    than most is begun again among the slow ones, where one is made at a time. What exceeds a bound
    there is not tried again until its inputs change.

    ``act`` names the function that plans, as ``module:name``.
    """

    def __init__(
        self, count: int | None = None, most: Bounds | None = None, *, act: str = PLAN
    ) -> None:
        self._most = most or Bounds()
        self._forks = Forks(act, self._most)
        self._changed = threading.Condition()
        self._closed = False
        self._tickets: dict[Key, _Ticket] = {}
        self._known_slow: set[Key] = set()
        self._soon = 0  # plans that were not slow, until now
        self._turns: dict[bool, Turns[_Ticket]] = {False: Turns(), True: Turns()}
        self._threads = [
            threading.Thread(target=self._work, args=(slow,), name=f"planner-{number}", daemon=True)
            for number, slow in enumerate([*[False] * (count or default_count()), True])
        ]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def plans(
        self, jobs: Mapping[Key, Job], later: Callable[[Key], None], patience: float
    ) -> dict[Key, Plan | ModelServiceError]:
        """The plan of each job, or why there is none, as far as they are known soon.

        Of the others ``later`` is told when they are known; the same job will then be answered.
        Nobody waits for slow plans, for others no longer than ``patience`` seconds, and not until
        then once plans have come and no more are coming, whoever's.
        """
        with self._changed:
            tickets = {key: self._ticket(key, job) for key, job in jobs.items()}
            self._wait({*tickets.values()}, patience)
            found: dict[Key, Plan | ModelServiceError] = {}
            for key, ticket in tickets.items():
                if ticket.result is None:
                    if later not in ticket.later:
                        ticket.later.append(later)
                else:
                    found[key] = ticket.result
                    if not ticket.lasting and self._tickets.get(key) is ticket:
                        del self._tickets[key]
            return found

    def plan(self, key: Key, job: Job) -> Plan:
        """The plan, however long it takes.

        Raises:
            PlanningError: it is not known.
            ModelServiceError: there is none.
        """
        known = threading.Event()

        def tell(_: Key) -> None:
            known.set()

        while not self._closed:
            known.clear()
            result = self.plans({key: job}, tell, self._most.seconds).get(key)
            if isinstance(result, ModelServiceError):
                raise result
            if result is not None:
                return result
            known.wait(self._most.seconds)
        raise PlanningError([Diagnostic("planning-failed", "the operator is ending")])

    def forget(self, key: Key) -> None:
        """It is gone from the cluster."""
        with self._changed:
            self._tickets.pop(key, None)
            self._known_slow.discard(key)

    def close(self) -> None:
        """No planner runs any more, and none will."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._forks.close()  # which ends what they wait for
        for thread in self._threads:
            thread.join()

    def _wait(self, tickets: set[_Ticket], patience: float) -> None:
        until = end = time.monotonic() + patience
        before = self._soon
        unknown = [one for one in tickets if one.result is None]
        while not self._closed and not all(one.slow for one in unknown):
            if not self._changed.wait(until - time.monotonic()):
                return
            unknown = [one for one in unknown if one.result is None]
            if self._soon > before:
                before, until = self._soon, min(end, time.monotonic() + QUIET)

    def _ticket(self, key: Key, job: Job) -> _Ticket:
        known = self._tickets.get(key)
        if known is not None and known.job.digest == job.digest:
            return known
        ticket = self._tickets[key] = _Ticket(key, job, slow=key in self._known_slow)
        self._queue(ticket)
        return ticket

    def _queue(self, ticket: _Ticket) -> None:
        self._turns[ticket.slow].add(ticket.owner, ticket)
        self._changed.notify_all()

    def _next(self, slow: bool) -> _Ticket | None:
        """What to plan; None if nothing is to be planned any more."""
        with self._changed:
            while not self._closed:
                ticket = self._turns[slow].take()
                if ticket is None:
                    self._changed.wait()
                elif self._tickets.get(ticket.key) is ticket:  # else nobody wants it any more
                    return ticket
            return None

    def _work(self, slow: bool) -> None:
        planner = PlannerProcess(self._forks, self._most, self._most.niceness if slow else 0)
        seconds = self._most.seconds if slow else self._most.first
        while (ticket := self._next(slow)) is not None:
            try:
                self._answered(ticket, planner.plan(ticket.job, seconds))
            except SlowError:
                self._late(ticket, seconds)
            except DiedError as error:
                self._died(ticket, str(error), seconds)
            except Exception as error:  # the thread must outlive whatever happens to one plan
                logger.exception("unexpected failure", extra=_of(ticket.key))
                planner.end()
                self._died(ticket, type(error).__name__, seconds)
            if slow:  # the next may be somebody else's, and there are few
                planner.end()
        planner.end()

    def _answered(self, ticket: _Ticket, answer: Answer) -> None:
        lasting = any(item.code == limits.CODE for item in answer.problems)
        if answer.plan is not None:
            result: Plan | ModelServiceError = answer.plan
        elif answer.problems:
            result = ModelServiceError(answer.problems)
        else:
            logger.error("planning failed: %s", answer.failure, extra=_of(ticket.key))
            result = PlanningError([_unexpected(answer.failure)])
        self._concluded(ticket, result, answer.spent, lasting=lasting)

    def _late(self, ticket: _Ticket, spent: float) -> None:
        if ticket.slow:
            problem = limits.seconds(self._most)
            self._concluded(ticket, ModelServiceError([problem]), spent, lasting=True)
            return
        with self._changed:
            self._turns[False].charge(ticket.owner, spent)
            ticket.slow = True
            self._queue(ticket)

    def _died(self, ticket: _Ticket, why: str, spent: float) -> None:
        ticket.tries += 1
        if ticket.tries >= ATTEMPTS:
            problem = Diagnostic(
                "planning-failed",
                f"{why}, and so did another before it at the same plan",
                help="it is tried again later; if nobody ends planners, its templates do",
            )
            self._concluded(ticket, PlanningError([problem]), spent)
            return
        with self._changed:
            self._queue(ticket)

    def _concluded(
        self,
        ticket: _Ticket,
        result: Plan | ModelServiceError,
        spent: float,
        *,
        lasting: bool = False,
    ) -> None:
        with self._changed:
            self._turns[ticket.slow].charge(ticket.owner, spent)
            self._soon += not ticket.slow
            if self._tickets.get(ticket.key) is ticket:
                if spent <= self._most.first:
                    self._known_slow.discard(ticket.key)
                elif ticket.slow:
                    self._known_slow.add(ticket.key)
            ticket.result, ticket.lasting = result, lasting
            self._changed.notify_all()
            told = [*ticket.later]
        for later in told:
            later(ticket.key)


def _of(key: Key) -> dict[str, str]:
    return {"modelservice": str(key)}


def _unexpected(failure: str) -> Diagnostic:
    """What was raised, but not its words: they may be of a document that is for others to read."""
    name = failure.strip().rpartition("\n")[2].partition(":")[0] or "neither plan nor problem"
    return Diagnostic(
        "internal-error",
        f"planning failed unexpectedly: {name}",
        help="the operator's log says where; it is tried again later",
    )
