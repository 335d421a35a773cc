"""One pod: its volumes and containers, the order they start and end in, what is reported of it."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import subprocess
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kubelet.container import Container
from kubelet.environment import UnsupportedError, environment
from kubelet.images import Image, find
from kubelet.network import PodNetwork, attach, detach
from kubelet.status import carried, conditions, now, phase
from kubelet.volumes import fill
from msvc_pulumi.cluster import Cluster, ClusterError

__all__ = ["Pod"]

POLL = 1.0  # seconds between two looks for a ConfigMap, Secret or image that is not there
GRACE = 30
SIDECAR_GRACE = 2.0  # what is left to sidecars where the main containers took all of it
NOT_OF_A_POD = ("hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostAliases")
NOT_OF_A_CONTAINER = ("lifecycle", "volumeDevices", "stdin", "tty")
Object = dict[str, Any]


class Pod:
    """A pod bound to one of our nodes. `run` returns when it is gone from the API."""

    def __init__(
        self,
        manifest: Object,
        *,
        cluster: Cluster,
        images: Mapping[str, Image],
        folder: Path,
        logs: Path,
        host_address: str,
    ) -> None:
        self.manifest = manifest
        self.name: str = manifest["metadata"]["name"]
        self.namespace: str = manifest["metadata"]["namespace"]
        self.uid: str = manifest["metadata"]["uid"]
        self._cluster, self._images = cluster, images
        self._folder, self._logs = folder / self.uid, logs
        self._host_address = host_address
        self._network: PodNetwork | None = None
        self._inits: list[Container] = []
        self._mains: list[Container] = []
        self._running: list[asyncio.Task[None]] = []
        self._changed = asyncio.Event()
        self._deleted = asyncio.Event()
        self._initialized = self._failed = False
        self._began = now()
        self._grace: float = GRACE

    def update(self, manifest: Object) -> None:
        """The pod as the API has it now; a deletion begins when it says so."""
        self.manifest = manifest
        if "deletionTimestamp" in manifest["metadata"]:
            self.delete(manifest["metadata"].get("deletionGracePeriodSeconds", GRACE))

    def delete(self, grace: float) -> None:
        """Begins to end it."""
        if not self._deleted.is_set():
            self._grace = grace
            self._deleted.set()

    async def run(self) -> None:
        """Its whole life. Errors of this kubelet are in the pod's log and status."""
        reporting = asyncio.create_task(self._report())
        working = asyncio.create_task(self._work())
        await self._deleted.wait()
        working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await working
        await self._end()
        reporting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reporting
        await asyncio.to_thread(self._remove)
        if self._network is not None:
            await detach(self._network)

    async def _work(self) -> None:
        try:
            self._network = await attach()
            self._make_containers(self._network)
            volumes = await self._volumes(self._network.address)
            for container in [*self._inits, *self._mains]:
                container.volumes = volumes
            for container in self._inits:
                if not await self._initialize(container):
                    self._failed = True
                    break
            else:
                self._initialized = True
                self._changed.set()
                await asyncio.gather(*map(self._start, self._mains))
        except Exception:
            trouble = traceback.format_exc()
            (self._logs / f"{self.namespace}_{self.name}.log").write_text(trouble)
            for container in [*self._inits, *self._mains]:
                container.wait("CreateContainerError", trouble[-400:])
        self._changed.set()

    def _make_containers(self, network: PodNetwork) -> None:
        spec = self.manifest["spec"]
        policy = spec.get("restartPolicy", "Always")
        for manifest in spec.get("initContainers") or ():
            own = manifest.get("restartPolicy") or ("OnFailure" if policy != "Never" else "Never")
            self._inits.append(self._container(manifest, network, own))
        self._mains = [self._container(each, network, policy) for each in spec["containers"]]
        self._changed.set()

    def _container(self, manifest: Object, network: PodNetwork, policy: str) -> Container:
        name = manifest["name"]
        return Container(
            manifest,
            self._folder / name,
            self._logs / f"{self.namespace}_{self.name}_{name}.log",
            network,
            find(self._images, manifest["image"]) or Image(),
            grace=self.manifest["spec"].get("terminationGracePeriodSeconds", GRACE),
            policy=policy,
            changed=self._changed.set,
        )

    async def _initialize(self, container: Container) -> bool:
        """Whether the init container ended well, or the sidecar is up."""
        await self._start(container)
        if container.policy != "Always":
            await container.ended.wait()
            return container.succeeded()
        await container.up.wait()
        return True

    async def _start(self, container: Container) -> None:
        """The container runs, as soon as there is everything that it needs."""
        while True:
            try:
                _refuse(self.manifest["spec"], container.manifest)
                container.user = self._user(container)
                container.environment = await asyncio.to_thread(self._environment, container)
                break
            except UnsupportedError as problem:
                container.wait(
                    "CreateContainerConfigError",
                    f"{problem} (not to be had, or not in the kubelet of the tests)",
                )
            except LookupError as problem:
                container.wait("ErrImagePull", str(problem))
            await asyncio.sleep(POLL)
        self._running.append(asyncio.create_task(self._supervised(container)))

    async def _supervised(self, container: Container) -> None:
        try:
            await container.run()
        except Exception:
            container.wait("RunContainerError", traceback.format_exc()[-400:])
        finally:
            container.ended.set()

    def _user(self, container: Container) -> int:
        image = find(self._images, container.manifest["image"])
        if image is None:
            raise LookupError(f"no program stands for {container.manifest['image']}")
        pod, own = (
            each.get("securityContext") or {}
            for each in (self.manifest["spec"], container.manifest)
        )
        context = {**pod, **own}
        user = int(context.get("runAsUser", image.user))
        if user == 0 and context.get("runAsNonRoot"):
            raise UnsupportedError("runAsNonRoot, where the image runs as root")
        return user

    def _environment(self, container: Container) -> dict[str, str]:
        return environment(
            container.manifest,
            self.manifest,
            address=container.network.address,
            host_address=self._host_address,
            sources=self._source,
        )

    async def _volumes(self, address: str) -> dict[str, Path]:
        """Volume → folder, as soon as all of them can be filled."""
        folders = {}
        for volume in self.manifest["spec"].get("volumes") or ():
            folder = self._folder / "volumes" / volume["name"]
            while True:
                try:
                    await asyncio.to_thread(
                        fill,
                        volume,
                        folder,
                        self.manifest,
                        sources=self._source,
                        token=self._token,
                        address=address,
                    )
                    break
                except UnsupportedError as problem:
                    for container in [*self._inits, *self._mains]:
                        container.wait("ContainerCreating", f"volume {volume['name']}: {problem}")
                    await asyncio.sleep(POLL)
            folders[volume["name"]] = folder
        return folders

    def _source(self, kind: str, name: str) -> Object | None:
        return self._cluster.get("v1", kind, name, self.namespace)

    def _token(self, stated: Mapping[str, Any]) -> str:
        """A token as the API server gives a node: for this pod, and void when it is gone."""
        account = self.manifest["spec"].get("serviceAccountName", "default")
        bound = {"kind": "Pod", "apiVersion": "v1", "name": self.name, "uid": self.uid}
        spec: Object = {
            "expirationSeconds": stated.get("expirationSeconds", 3600),
            "boundObjectRef": bound,
            "audiences": [stated["audience"]] if "audience" in stated else [],
        }
        answer = self._cluster.server.request(
            "POST",
            f"/api/v1/namespaces/{self.namespace}/serviceaccounts/{account}/token",
            body={
                "apiVersion": "authentication.k8s.io/v1",
                "kind": "TokenRequest",
                "spec": spec,
            },
        )
        return str(answer["status"]["token"])

    async def _end(self) -> None:
        """Main containers end at once, then sidecars, the last started first."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + self._grace
        await asyncio.gather(*(each.stop(self._grace) for each in self._mains))
        for container in reversed(self._inits):
            least = SIDECAR_GRACE if self._grace else 0.0
            await container.stop(max(least, deadline - clock()))
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _status(self) -> Object:
        sidecars = [each for each in self._inits if each.policy == "Always"]
        serving = [*self._mains, *sidecars]
        ready = self._initialized and all(each.ready for each in serving)
        ready = ready and bool(self._mains) and not self._deleted.is_set()
        spec = self.manifest["spec"]
        new = conditions(
            initialized=self._initialized, ready=ready, gates=spec.get("readinessGates") or ()
        )
        network = self._network
        address = {"podIP": network.address, "podIPs": [{"ip": network.address}]} if network else {}
        return {
            "phase": phase(
                [each.status() for each in self._mains],
                spec.get("restartPolicy", "Always"),
                initialized=self._initialized,
                failed=self._failed,
            ),
            "hostIP": self._host_address,
            "hostIPs": [{"ip": self._host_address}],
            "startTime": self._began,
            **address,
            "conditions": carried(new, self.manifest.get("status", {}).get("conditions") or ()),
            "initContainerStatuses": [each.status() for each in self._inits],
            "containerStatuses": [each.status() for each in self._mains],
        }

    async def _report(self) -> None:
        reported: Object = {}
        while True:
            await self._changed.wait()
            self._changed.clear()
            status = self._status()
            if status == reported:
                continue
            try:
                await asyncio.to_thread(self._patch, status)
                reported = status
            except ClusterError as error:
                if error.status != 404:  # it is gone; else try again
                    self._changed.set()
                    await asyncio.sleep(POLL)

    def _patch(self, status: Object) -> None:
        self._cluster.patch(
            "v1",
            "Pod",
            self.name,
            self.namespace,
            body={"metadata": {"uid": self.uid}, "status": status},
            subresource="status",
        )

    def _remove(self) -> None:
        """The API forgets it, unless it already has or another pod has its name."""
        with contextlib.suppress(ClusterError):
            self._cluster.server.request(
                "DELETE",
                f"/api/v1/namespaces/{self.namespace}/pods/{self.name}",
                body={"gracePeriodSeconds": 0, "preconditions": {"uid": self.uid}},
            )
        # What is mounted in its folder is not deleted with it: the mounts are taken off first.
        for mount in _mounts(self._folder):
            _unmount(mount)
        shutil.rmtree(self._folder, ignore_errors=True)


def _refuse(pod: Object, container: Mapping[str, Any]) -> None:
    """Raises UnsupportedError for what would be left out, and a test would not notice."""
    asked = [field for field in NOT_OF_A_POD if pod.get(field)]
    asked += [field for field in NOT_OF_A_CONTAINER if container.get(field)]
    asked += ["hostPort" for port in container.get("ports") or () if "hostPort" in port]
    if asked:
        raise UnsupportedError(", ".join(asked))


def _mounts(folder: Path) -> list[str]:
    """Mount points below ``folder``, the innermost first."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    points = [line.split()[4] for line in lines]
    return sorted((point for point in points if point.startswith(f"{folder}/")), reverse=True)


def _unmount(point: str) -> None:
    subprocess.run(["umount", "--lazy", point], check=True, capture_output=True)
