"""`leading`: a block in which this process is the only operator of its cluster.

The lease is renewed by a thread of its own. A leader that cannot renew it ends at once, with its
engines, and does so before anybody else can have taken the lease: Python cannot interrupt what its
threads are doing, so it is the process that ends.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.cluster.kubeconfig import SERVICE_ACCOUNT, Connection
from msvc_pulumi.engine.diagnosis.failures import EngineError
from msvc_pulumi.errors import Diagnostic
from msvc_pulumi.operator.leadership.lease import LeaseLock
from msvc_pulumi.operator.leadership.stateidentity import StateIdentity
from msvc_pulumi.operator.serving.health import Health
from msvc_pulumi.operator.settings import Election
from msvc_pulumi.operator.stacks import engineprocesses

__all__ = ["leading"]

logger = logging.getLogger(__name__)

POLL = 0.2  # seconds between looks at whether the process is to end
# Seconds for engines to end by themselves when the lease is lost. With what it takes to kill them
# it is less than the time between the renew deadline and the end of the lease.
LAST_WORDS = 1.5
EXIT_CODE = 1  # of a process that lost its lease, as of controller-runtime's


@contextmanager
def leading(
    connection: Connection,
    election: Election,
    *,
    state: StateIdentity,
    health: Health,
    asked_to_end: Callable[[], bool],
) -> Iterator[bool]:
    """Whether this process leads inside the block; if not, it was asked to end while it waited.

    ``state`` says which state the process works with; candidates must share one. The lease is
    released at the end of the block, when nothing that acts may run any more.

    Raises:
        EngineError: the leader works with another state.
        BucketError: the state cannot be read.
        ClusterError: the lease may not be read or written.
    """
    election = replace(election, namespace=election.namespace or _namespace(connection))
    # A request must not take so long that a second one has no time.
    with Cluster(connection, timeout=election.renew_deadline / 2) as cluster:
        lock = LeaseLock(cluster, election, _identity())
        if not _acquired(lock, state, health, asked_to_end):
            yield False
            return
        logger.info("leading", extra={"lease": _name(election), "identity": lock.identity})
        health.leads()
        term = _Term(lock)
        term.start()
        try:
            lock.state = state.ensure()
            yield True
        finally:
            term.end()
            logger.info("released the lease", extra={"lease": _name(election)})


def _acquired(
    lock: LeaseLock, state: StateIdentity, health: Health, asked_to_end: Callable[[], bool]
) -> bool:
    """Whether the lease is held; waits for it, unless the process is asked to end."""
    known = ""
    while not asked_to_end():
        try:
            if lock.attempt():
                if state.differs(lock.holder_state):
                    # It may be lost for good: waiting for it would help nobody.
                    logger.warning("the last leader worked with another state than this process")
                return True
            if lock.holder and state.differs(lock.holder_state):
                raise EngineError([_other_state(lock)])
            if lock.holder != known:
                known = lock.holder
                logger.info("standing by", extra={"leader": known})
            health.stands_by(lock.holder)
        except ClusterError as error:
            if error.status in (401, 403, 404):
                raise
            logger.warning("%s", error)
            health.starts()
        end = time.monotonic() + lock.election.retry_period
        while time.monotonic() < end and not asked_to_end():
            time.sleep(POLL)
    return False


class _Term:
    """The time in which the lease is held: two threads, one to renew it and one to watch that."""

    def __init__(self, lock: LeaseLock) -> None:
        self._lock, self._over = lock, threading.Event()
        self._renewed = time.monotonic()
        self._threads = [
            threading.Thread(target=target, name=f"lease-{target.__name__}", daemon=True)
            for target in (self._renew, self._watch)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """The lease is not held any more; if it cannot be released it expires."""
        self._over.set()
        for thread in self._threads:
            thread.join()
        try:
            self._lock.release()
        except ClusterError as error:
            logger.warning("the lease was not released: %s", error)

    def _renew(self) -> None:
        while not self._over.wait(self._lock.election.retry_period):
            began = time.monotonic()
            try:
                if self._lock.attempt():
                    self._renewed = began
                elif self._lock.holder != self._lock.identity:
                    _give_up(f"{self._lock.holder} has taken the lease")
            except ClusterError as error:
                logger.warning("the lease was not renewed: %s", error)
            except Exception:
                logger.exception("the lease was not renewed")

    def _watch(self) -> None:
        """Apart from the renewing, which may hang."""
        while not self._over.wait(POLL):
            if time.monotonic() > self._renewed + self._lock.election.renew_deadline:
                _give_up(
                    f"the lease was not renewed for {self._lock.election.renew_deadline:.0f} s"
                )


def _give_up(why: str) -> None:
    logger.error("no leader any more: %s; ending", why)
    engineprocesses.stop(LAST_WORDS)
    logging.shutdown()
    os._exit(EXIT_CODE)


def _identity() -> str:
    """A name for this process that no other has, as controller-runtime makes it."""
    return f"{socket.gethostname()}_{secrets.token_hex(8)}"


def _namespace(connection: Connection) -> str:
    """The namespace of the pod that this runs in, or else that of the kubeconfig."""
    try:
        return (SERVICE_ACCOUNT / "namespace").read_text(encoding="utf-8").strip()
    except OSError:
        return connection.namespace


def _name(election: Election) -> str:
    return f"{election.namespace}/{election.name}"


def _other_state(lock: LeaseLock) -> Diagnostic:
    return Diagnostic(
        "leader-state",
        f"the leader {lock.holder} works with another state than this process",
        help="all replicas need the same: a volume that all can write to (ReadWriteMany) at the "
        "folder that XDG_STATE_HOME names, or the same PULUMI_BACKEND_URL; or run one replica",
    )
