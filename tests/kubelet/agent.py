"""The loop: pods bound to our nodes come, change and go."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kubelet.images import Image
from kubelet.pod import Pod
from msvc_pulumi.cluster import Cluster, ClusterError

__all__ = ["Agent"]

Object = dict[str, Any]


class Agent:
    """Runs the pods of ``nodes`` (name → address) until it is cancelled."""

    def __init__(
        self,
        cluster: Cluster,
        nodes: Mapping[str, str],
        images: Mapping[str, Image],
        folder: Path,
        logs: Path,
    ) -> None:
        self._cluster, self._nodes, self._images = cluster, nodes, images
        self._folder, self._logs = folder, logs
        self._pods: dict[str, Pod] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._events: asyncio.Queue[tuple[str, Object]] = asyncio.Queue()

    async def run(self) -> None:
        """Follows the pods of all nodes."""
        loop = asyncio.get_running_loop()

        def put(kind: str, pod: Object) -> None:
            loop.call_soon_threadsafe(self._events.put_nowait, (kind, pod))

        threading.Thread(target=self._watch, args=(put,), daemon=True).start()
        while True:
            kind, pod = await self._events.get()
            self._take(kind, pod)

    def _watch(self, put: Any) -> None:
        known: set[str] = set()
        while True:
            try:
                pods, version = self._cluster.list("v1", "Pod")
                listed = {pod["metadata"]["uid"] for pod in pods}
                for uid in known - listed:
                    put("DELETED", {"metadata": {"uid": uid}, "spec": {}})
                for pod in pods:
                    put("ADDED", pod)
                known = listed
                for kind, pod in self._cluster.watch("v1", "Pod", resource_version=version):
                    if kind != "BOOKMARK":
                        known.add(pod["metadata"]["uid"])
                        put(kind, pod)
            except ClusterError:
                threading.Event().wait(1)

    def _take(self, kind: str, manifest: Object) -> None:
        uid = manifest["metadata"]["uid"]
        pod = self._pods.get(uid)
        if kind == "DELETED":
            if pod is not None:
                pod.delete(0)
            return
        if pod is None:
            node = manifest["spec"].get("nodeName", "")
            if node not in self._nodes:
                return
            pod = self._pods[uid] = Pod(
                manifest,
                cluster=self._cluster,
                images=self._images,
                folder=self._folder,
                logs=self._logs,
                host_address=self._nodes[node],
            )
            task = asyncio.create_task(pod.run())
            self._tasks.add(task)
            task.add_done_callback(lambda done: self._gone(uid, done))
        pod.update(manifest)

    def _gone(self, uid: str, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._pods.pop(uid, None)
        if not task.cancelled() and (error := task.exception()):
            raise error
