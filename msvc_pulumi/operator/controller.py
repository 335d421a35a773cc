"""`Controller`: the running operator; `run` returns when a signal has ended it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import kopf

from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.cluster.modelservices import API_VERSION, KIND
from msvc_pulumi.operator import events
from msvc_pulumi.operator.drift.claimants import age_of
from msvc_pulumi.operator.ending import Ending
from msvc_pulumi.operator.executor import Executor
from msvc_pulumi.operator.heap import trim_heap
from msvc_pulumi.operator.planning.planners import Planners
from msvc_pulumi.operator.serving.health import Health
from msvc_pulumi.operator.serving.metrics import Metrics
from msvc_pulumi.operator.settings import Settings
from msvc_pulumi.operator.status.reporter import Reporter
from msvc_pulumi.operator.watch.childwatch import ChildWatch
from msvc_pulumi.operator.watch.fleet import Fleet, key_of
from msvc_pulumi.operator.watch.ownedchildren import OwnedChildren
from msvc_pulumi.operator.work.reconciler import Reconciler
from msvc_pulumi.target.capabilities import Capabilities

__all__ = ["Controller"]

logger = logging.getLogger(__name__)

CAPABILITIES_AGE = 60.0  # seconds after which a new CustomResourceDefinition is noticed
REPORTERS = 4  # threads that write statuses
PAUSE_AFTER_FAILURE = 1.0  # seconds
FORBIDDEN = 403  # HTTP


class Controller:
    """Looks after the ModelServices of one cluster with one executor."""

    def __init__(
        self,
        cluster: Cluster,
        executor: Executor,
        children: OwnedChildren,
        settings: Settings,
        *,
        planners: Planners,
        metrics: Metrics,
        health: Health,
        ending: Ending,
    ) -> None:
        self._cluster, self._executor, self._settings = cluster, executor, settings
        self.metrics, self._health, self._ending = metrics, health, ending
        self.fleet = Fleet()
        self.reconciler = Reconciler(
            cluster,
            executor,
            self.fleet,
            children,
            settings=settings,
            metrics=self.metrics,
            planners=planners,
        )
        self._child_watch = ChildWatch(
            cluster,
            self.fleet,
            children,
            settings.namespaces,
            changed=self.reconciler.child_changed,
            reported=self.reconciler.workload_changed,
        )
        self._reporter = Reporter(
            cluster,
            self.fleet,
            self.reconciler.assessment,
            self.reconciler.reports.add,
            self.metrics,
        )
        self._threads: list[threading.Thread] = []
        self._ended = threading.Event()
        gauges = self.metrics.gauges
        queue = self.reconciler.queue
        gauges["msvc_model_services"] = ("ModelServices.", lambda: len(self.fleet.services()))
        gauges["msvc_queue_depth"] = ("ModelServices that wait.", lambda: len(queue))
        gauges["msvc_active"] = ("ModelServices being updated.", lambda: queue.active)

    def run(self) -> None:
        """Work until SIGTERM or SIGINT; updates that run then are ended cleanly.

        Raises:
            ClusterError: the cluster does not answer, or has no ModelServices.
        """
        self._ask_capabilities()
        self._look()
        registry = events.handlers(
            self._cluster.connection,
            self.fleet,
            self.reconciler,
            start=self._start,
            stop=self._stop,
        )
        kopf.run(
            registry=registry,
            settings=events.settings(),
            standalone=True,
            clusterwide=not self._settings.namespaces,
            namespaces=self._settings.namespaces,
        )

    def _ask_capabilities(self) -> None:
        """Plan for what the cluster serves now; if that has changed, everything anew."""
        served = Capabilities.discover(self._cluster.serves)
        if served != self.reconciler.capabilities:
            self.reconciler.capabilities = served
            for key in self.fleet.services():
                self.reconciler.queue.add(key)

    def _ask_now_and_then(self) -> None:
        while not self._ended.wait(CAPABILITIES_AGE):
            _guarded(self._ask_capabilities)
            trim_heap()

    def _look(self) -> None:
        """See everything once before anything is done, so that nothing seems to be missing."""
        services, unread = self._services()
        self._child_watch.look()
        recovered = self._executor.recover()
        for service in sorted(services, key=age_of):  # of one name the older has the first claim
            self.fleet.see_service(service)
            self.reconciler.queue.add(key_of(service))
        for key in recovered:
            if key.namespace not in unread:  # else it would seem to have no ModelService
                self.reconciler.repair(key)
        logger.info("found %d ModelServices", len(services))

    def _services(self) -> tuple[list[dict[str, Any]], set[str]]:
        """All ModelServices, and the namespaces where the operator may not see any.

        Such a namespace may have gone with its Role: the others are looked after meanwhile.
        """
        found, unread = [], set()
        for namespace in self._settings.namespaces or (None,):
            try:
                found += self._cluster.list(API_VERSION, KIND, namespace)[0]
            except ClusterError as error:
                if error.status != FORBIDDEN or namespace is None:
                    raise
                logger.warning("namespace %s is not looked after: %s", namespace, error)
                unread.add(namespace)
        return found, unread

    def _start(self) -> None:
        reconciler, settings = self.reconciler, self._settings
        for number in range(settings.workers):
            self._thread(f"worker-{number}", lambda: self._serve(settings.batch))
        for number in range(REPORTERS):
            self._thread(f"reporter-{number}", self._report)
        self._thread("capabilities", self._ask_now_and_then)
        self._child_watch.start()
        self._health.works()
        self._ending.pass_on()
        logger.info("ready", extra={"queue": len(reconciler.queue)})

    def _stop(self) -> None:
        """Nothing runs any more: updates end by themselves, or at a checkpoint of theirs."""
        self._health.ends()
        self._ended.set()
        self._child_watch.stop()
        self.reconciler.queue.close()
        workers = [thread for thread in self._threads if thread.name.startswith("worker")]
        _join(workers, self._settings.drain)
        if any(thread.is_alive() for thread in workers):
            self._executor.stop(self._settings.drain / 2)
            _join(workers, 5.0)
        self.reconciler.reports.close()
        _join(self._threads, 5.0)
        logger.info("stopped")

    def _serve(self, batch: int) -> None:
        queue = self.reconciler.queue
        while keys := queue.take(batch, distinct=lambda key: key.name):
            _guarded(partial(self.reconciler.reconcile, keys))
            queue.done(keys)

    def _report(self) -> None:
        queue = self.reconciler.reports
        while keys := queue.take():
            _guarded(partial(self._reporter.report, *keys))
            queue.done(keys)

    def _thread(self, name: str, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=target, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()


def _guarded(act: Callable[[], object]) -> None:
    """A thread must outlive whatever happens to one ModelService."""
    try:
        act()
    except ClusterError as error:
        logger.warning("%s", error)
        time.sleep(PAUSE_AFTER_FAILURE)
    except Exception:
        logger.exception("unexpected failure")
        time.sleep(PAUSE_AFTER_FAILURE)


def _join(threads: Sequence[threading.Thread], seconds: float) -> None:
    end = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
