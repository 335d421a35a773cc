"""`Mirror`: this operator's Stacks as the cluster has them, kept by one watch for all who wait."""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from typing import Any

from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.operator.executor import Key
from msvc_pulumi.operator.pko.names import LABELS, STACK, key_of_stack

__all__ = ["Mirror"]

logger = logging.getLogger(__name__)

Object = dict[str, Any]
PAUSE_AFTER_FAILURE = 1.0  # seconds
WATCH = 300.0  # seconds until a watch is begun anew
SELECTOR = ",".join(f"{key}={value}" for key, value in LABELS.items())


class Mirror:
    """Stacks by the ModelService that they were made for. Thread-safe."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        """``namespace`` has all of them."""
        self._cluster, self._namespace = cluster, namespace
        self._lock = threading.Lock()
        self._stacks: dict[Key, Object] = {}
        self._changed: dict[Key, threading.Event] = defaultdict(threading.Event)
        self._thread: threading.Thread | None = None
        self._ended = False

    def start(self) -> None:
        """Know all Stacks and follow them from now on. Raises ClusterError."""
        self._thread = threading.Thread(
            target=self._follow, args=(self._list(),), name="stacks", daemon=True
        )
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Wake everybody, and follow nothing any more; wait for that for up to ``seconds``."""
        self._ended = True
        with self._lock:
            waiting = list(self._changed.values())
        for event in waiting:
            event.set()
        if self._thread is not None:
            self._thread.join(seconds)

    def get(self, key: Key) -> Object | None:
        """The Stack of ``key`` as last seen."""
        with self._lock:
            return self._stacks.get(key)

    def known(self, namespace: str = "") -> list[Key]:
        """ModelServices that have a Stack, those of ``namespace`` or all."""
        with self._lock:
            return [key for key in self._stacks if namespace in ("", key.namespace)]

    def see(self, stack: Object) -> None:
        """What a request of our own returned, which the watch is yet to tell."""
        key = key_of_stack(stack)
        if key is None:
            return
        with self._lock:
            known = self._stacks.get(key)
            if known is None or _is_newer(stack, known):
                self._stacks[key] = stack

    def expect(self, key: Key) -> None:
        """Keep in mind from now on, for `wait`, that the Stack of ``key`` has changed."""
        with self._lock:
            _ = self._changed[key]

    def wait(self, key: Key, seconds: float) -> None:
        """Return when the Stack of ``key`` has changed since the last call, or after so long."""
        with self._lock:
            event = self._changed[key]
        event.wait(seconds)
        event.clear()

    def forget(self, key: Key) -> None:
        """Nobody waits for ``key`` any more."""
        with self._lock:
            self._changed.pop(key, None)

    def _list(self) -> str:
        found, version = self._cluster.list(*STACK, self._namespace, labels=SELECTOR)
        seen = {key: stack for stack in found if (key := key_of_stack(stack)) is not None}
        with self._lock:
            gone = [key for key in self._stacks if key not in seen]
            for key in gone:
                del self._stacks[key]
            self._stacks.update(seen)
        for key in (*gone, *seen):
            self._wake(key)
        return version

    def _follow(self, version: str) -> None:
        while not self._ended:
            try:
                version = version or self._list()
                for kind, stack in self._cluster.watch(
                    *STACK,
                    self._namespace,
                    resource_version=version,
                    labels=SELECTOR,
                    timeout=WATCH,
                ):
                    version = stack["metadata"]["resourceVersion"]
                    if kind != "BOOKMARK":
                        self._note(stack, gone=kind == "DELETED")
                    if self._ended:
                        return
            except ClusterError as error:
                version = ""
                if not self._ended and error.status != 410:
                    logger.warning("Stacks cannot be watched: %s", error)
                time.sleep(PAUSE_AFTER_FAILURE)
            except Exception:
                if self._ended:  # the connection was closed under it
                    return
                raise

    def _note(self, stack: Object, *, gone: bool) -> None:
        key = key_of_stack(stack)
        if key is None:
            return
        with self._lock:
            known = self._stacks.get(key)
            if known is not None and _is_newer(known, stack):
                return  # the event of a change before one of our own
            if gone:
                self._stacks.pop(key, None)
            else:
                self._stacks[key] = stack
        self._wake(key)

    def _wake(self, key: Key) -> None:
        with self._lock:
            event = self._changed.get(key)
        if event is not None:
            event.set()


def _is_newer(one: Object, other: Object) -> bool:
    """Versions of one API server only grow; should it ever name them otherwise, the watch tells."""
    versions = [item["metadata"]["resourceVersion"] for item in (one, other)]
    if not all(version.isdigit() for version in versions):
        return False
    return int(versions[0]) > int(versions[1])
