"""One container: its root folder, its process, its probes, its restarts."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kubelet.environment import expand
from kubelet.images import Image, Words, adapted
from kubelet.isolation import has_users
from kubelet.network import DNS_ADDRESS, PodNetwork
from kubelet.probes import Thresholds, check
from kubelet.status import now, terminated

__all__ = ["Container"]

ENTRY = "/app/program"
DEVICES = ("null", "zero", "random", "urandom")
SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/etc/ssl")  # of an image that is this machine
BACK_OFF, LONGEST_BACK_OFF = 1.0, 30.0  # seconds; a node has ten times of both
Object = dict[str, Any]


@dataclass(slots=True)
class Container:
    """A container of a pod. `run` returns when it is done for good."""

    manifest: Mapping[str, Any]
    folder: Path
    log: Path
    network: PodNetwork
    image: Image
    grace: float
    policy: str
    """Always, OnFailure or Never, as it holds for this container."""
    changed: Callable[[], None]
    user: int | None = None
    volumes: Mapping[str, Path] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    state: Object = field(default_factory=lambda: {"waiting": {"reason": "PodInitializing"}})
    last: Object = field(default_factory=dict)
    restarts: int = 0
    started: bool = False
    ready: bool = False
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when it will never run again."""
    up: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when its startup probe has succeeded once."""
    _process: asyncio.subprocess.Process | None = None
    _stopping: bool = False

    @property
    def name(self) -> str:
        return str(self.manifest["name"])

    @property
    def root(self) -> Path:
        return self.folder / "root"

    def status(self) -> Object:
        """The ContainerStatus."""
        return {
            "name": self.name,
            "image": self.manifest["image"],
            "imageID": self.image.program or "this machine",
            "ready": self.ready,
            "started": self.started,
            "restartCount": self.restarts,
            "state": self.state,
            "lastState": self.last,
        }

    def wait(self, reason: str, message: str = "") -> None:
        """Reports that it cannot start, and why."""
        self.state = {"waiting": {"reason": reason, "message": message[:500]}}
        self.changed()

    def succeeded(self) -> bool:
        """Whether it has ended well."""
        return bool(self.state.get("terminated", {}).get("exitCode") == 0)

    async def run(self) -> None:
        """Runs, and runs again by its restart policy, until it is `stop`ped or done."""
        await asyncio.to_thread(self._prepare)
        pause = 0.0  # the first time at once
        while not self._stopping:
            began, clock = now(), time.monotonic()
            try:
                code = await self._run_once(began)
            except OSError as problem:
                self.wait("RunContainerError", str(problem))
                await asyncio.sleep(BACK_OFF)
                continue
            self.started = self.ready = False
            self.state = terminated(code, began)
            self._note(f"ended with {code} after {time.monotonic() - clock:.1f} s")
            if self._stopping or self.policy == "Never" or (self.policy != "Always" and code == 0):
                break
            self.last, self.restarts = self.state, self.restarts + 1
            self.wait("CrashLoopBackOff", f"back-off {pause:.0f} s restarting {self.name}")
            await asyncio.sleep(pause)
            pause = min(LONGEST_BACK_OFF, max(BACK_OFF, 2 * pause))
        self.ended.set()
        self.changed()

    async def stop(self, grace: float) -> None:
        """Its process has ended: asked to, and killed after ``grace`` seconds."""
        self._stopping = True
        self.ready = False
        if "running" in self.state:
            await self._terminate(grace)
            await self.ended.wait()  # `run` has told of it
        self.ended.set()

    async def _run_once(self, began: str) -> int:
        arguments, environment = adapted(self.image, self._words())
        program = [ENTRY] if self.image.program else []
        self._note(f"starts: {' '.join([*program, *arguments])}")
        with self.log.open("ab") as output:
            self._process = process = await asyncio.create_subprocess_exec(
                *self._entered(),
                *program,
                *arguments,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.state = {"running": {"startedAt": began}}
        self._has_started(not self.manifest.get("startupProbe"))
        async with contextlib.AsyncExitStack() as stack:
            probing = asyncio.create_task(self._probe_all())
            stack.push_async_callback(_cancelled, probing)
            if self._stopping:
                _kill(process)
            return await process.wait()

    def _words(self) -> Words:
        command, args = (
            [expand(word, self.environment) for word in self.manifest.get(part) or ()]
            for part in ("command", "args")
        )
        return Words(command, args, dict(self.environment), self._read)

    def _read(self, path: str) -> str:
        return (self.root / path.lstrip("/")).read_text()

    def _entered(self) -> list[str]:
        """The command that enters the pod's network and the container's root, and is replaced."""
        user = self.image.user if self.user is None else self.user
        users = [f"--setuid={user}", f"--setgid={user}"] if has_users() else []
        place = self.manifest.get("workingDir") or "/"
        root = [f"--root={self.root}", f"--wd={self.root / place.lstrip('/')}"]
        return ["nsenter", f"--net={self.network.path}", *root, *users, "--"]

    def _prepare(self) -> None:
        """The root folder: the image, its devices, and the volumes where they are mounted."""
        for part in ("app", "tmp", "etc", "dev", "proc", "home"):
            (self.root / part).mkdir(parents=True, exist_ok=True)
        for part in ("tmp", "home"):
            (self.root / part).chmod(0o1777)
        hosts = f"127.0.0.1 localhost\n{self.network.address} {self.environment['HOSTNAME']}\n"
        (self.root / "etc/hosts").write_text(hosts)
        (self.root / "etc/resolv.conf").write_text(f"nameserver {DNS_ADDRESS}\n")
        (self.root / "etc/passwd").write_text("root:x:0:0::/:\nnonroot:x:65532:65532::/home:\n")
        for device in DEVICES:
            target = self.root / "dev" / device
            target.touch()
            _mount("--bind", f"/dev/{device}", target)
        _mount("-t", "proc", "proc", self.root / "proc")
        if self.image.program:
            entry = self.root / ENTRY.lstrip("/")
            # By a process of its own: what another container's fork holds open for writing, nobody
            # can start ("Text file busy").
            subprocess.run(["cp", "--", self.image.program, entry], check=True)
            entry.chmod(0o755)
        else:
            for part in filter(os.path.isdir, SYSTEM):
                self._bind(Path(part), part, read_only=True)
        for mount in self.manifest.get("volumeMounts") or ():
            source = self.volumes[mount["name"]] / mount.get("subPath", "")
            self._bind(source, mount["mountPath"], read_only=mount.get("readOnly", False))

    def _bind(self, source: Path, path: str, *, read_only: bool) -> None:
        target = self.root / path.lstrip("/")
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.touch()
        else:
            source.mkdir(parents=True, exist_ok=True)
            target.mkdir(parents=True, exist_ok=True)
        _mount("--bind", str(source), target)
        if read_only:
            _mount("-o", "remount,bind,ro", str(source), target)

    def _has_started(self, started: bool) -> None:
        self.started = started
        self.ready = started and not self.manifest.get("readinessProbe")
        if started:
            self.up.set()
        self.changed()

    async def _probe_all(self) -> None:
        """Startup first; then readiness and liveness beside each other."""
        if probe := self.manifest.get("startupProbe"):
            if not await self._settled(probe, "startup"):
                await self._terminate(self.grace)
                return
            self._has_started(True)
        async with asyncio.TaskGroup() as group:
            if probe := self.manifest.get("readinessProbe"):
                group.create_task(self._watch_readiness(probe))
            if probe := self.manifest.get("livenessProbe"):
                group.create_task(self._watch_liveness(probe))

    async def _settled(self, probe: Mapping[str, Any], kind: str) -> bool:
        async for verdict in self._verdicts(probe, kind):
            if verdict is not None:
                return verdict
        return False

    async def _watch_readiness(self, probe: Mapping[str, Any]) -> None:
        async for verdict in self._verdicts(probe, "readiness"):
            if verdict is not None and verdict != self.ready and not self._stopping:
                self.ready = verdict
                self.changed()

    async def _watch_liveness(self, probe: Mapping[str, Any]) -> None:
        async for verdict in self._verdicts(probe, "liveness"):
            if verdict is False:
                await self._terminate(probe.get("terminationGracePeriodSeconds", self.grace))
                return

    async def _verdicts(self, probe: Mapping[str, Any], kind: str) -> AsyncIterator[bool | None]:
        thresholds, before = Thresholds.of(probe), None
        await asyncio.sleep(probe.get("initialDelaySeconds", 0))
        while True:
            problem = await check(probe, self.manifest, self.network.address, self._execute)
            if problem != before:
                self._note(f"{kind} probe: {problem or 'ok'}")
                before = problem
            yield thresholds.add(not problem)
            await asyncio.sleep(probe.get("periodSeconds", 10))

    async def _execute(self, command: list[str]) -> int:
        process = await asyncio.create_subprocess_exec(
            *self._entered(),
            *command,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            return await process.wait()
        finally:
            _kill(process)

    async def _terminate(self, grace: float) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        _kill(process, signal.SIGTERM)
        try:
            async with asyncio.timeout(grace):
                await process.wait()
        except TimeoutError:
            self._note(f"is killed {grace:.0f} s after SIGTERM")
            _kill(process)
            await process.wait()

    def _note(self, line: str) -> None:
        with self.log.open("a") as log:
            log.write(f"[kubelet {now()}] {self.name} {line}\n")


def _mount(*words: str | Path) -> None:
    subprocess.run(["mount", *map(str, words)], check=True, capture_output=True, text=True)


def _kill(process: asyncio.subprocess.Process, number: signal.Signals = signal.SIGKILL) -> None:
    """Signals the process; with SIGKILL whatever it started in its session as well."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            if number == signal.SIGKILL:
                os.killpg(process.pid, number)
            else:
                process.send_signal(number)


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
