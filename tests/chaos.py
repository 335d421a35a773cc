"""`Chaos`: a fleet of ModelServices while processes are killed and everybody edits everything.

The events come from a seed; what they meet depends on the machine. Whatever happened, the end must
be what the ModelServices say then: `verify`. As a program it runs the whole of it:

    python tests/chaos.py --events 200 --services 30 --seed 6
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml
from operator_process import OperatorProcess, install, kubeconfig_of
from services import (
    API_VERSION,
    BASE_CONFIG,
    create_namespace,
    eventually,
    holds,
    is_ready,
    model_service,
)
from storageservers import free_port

from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.local import DEFAULT_NODES, LocalControlPlane
from msvc_pulumi.operator.watch.childwatch import CHILD_KINDS
from msvc_pulumi.operator.watch.fleet import owner_of

__all__ = ["Chaos", "run"]

Object = dict[str, Any]
SPACES = ("chaos-a", "chaos-b")
CONFIGS = ("base-0", "base-1", "base-2")
PROVIDER, ENGINE = "pulumi-resource-kubernetes", "pulumi"
ENGINE_WAIT = 5.0  # seconds until there is an engine to kill


class Chaos:
    """``count`` ModelServices of one plane, and everything that can happen to them."""

    def __init__(
        self, plane: LocalControlPlane, operator: OperatorProcess, seed: int, count: int
    ) -> None:
        self.plane, self.operator = plane, operator
        self.cluster: Cluster = plane.cluster()
        self.random = random.Random(seed)  # noqa: S311  it must come out the same again
        self.names = [(SPACES[number % 2], f"s{number}") for number in range(count)]
        self.done: Counter[str] = Counter()
        self._revision = 0
        self._actions: dict[Callable[[], bool], int] = {
            self.edit_service: 6,
            self.delete_service: 3,
            self.create_service: 4,
            self.edit_base_config: 2,
            self.delete_child: 4,
            self.edit_child: 4,
            self.kill_engine: 3,
            self.kill_provider: 3,
            self.kill_operator: 2,
            self.restart_server: 1,
        }

    def begin(self) -> None:
        """All ModelServices are there and ready."""
        for space in SPACES:
            create_namespace(self.cluster, space)
            for config in CONFIGS:
                self.cluster.create(self._config(space, config))
        for space, name in self.names:
            self.cluster.create(self._service(space, name))
        self.settle()

    def run(self, events: int, progress: Callable[[str], None] = lambda _: None) -> None:
        """``events`` events of which every kind happens, each soon after the one before."""
        actions, weights = [*self._actions], [*self._actions.values()]
        drawn = [*actions, *self.random.choices(actions, weights, k=max(0, events - len(actions)))]
        self.random.shuffle(drawn)
        for number, action in enumerate(drawn[:events]):
            began = time.monotonic()
            happened = action()
            self.done[action.__name__] += happened
            progress(
                f"{number + 1}/{events} {action.__name__}{'' if happened else ' (nothing there)'} "
                f"{time.monotonic() - began:.1f} s"
            )
            time.sleep(self.random.uniform(0, 0.6))

    def settle(self, seconds: float = 300.0) -> None:
        """Every ModelService is ready and nothing is left to do."""

        def unready() -> list[str]:
            return [
                f"{item['metadata']['name']}: {json.dumps(item.get('status'))}"
                for item in self.services()
                if not is_ready(item) or item["metadata"].get("deletionTimestamp")
            ]

        end = time.monotonic() + seconds
        calm = 0
        while calm < 3:  # looked at in a row
            try:
                left = unready() or [""] * int(self._busy())
            except (ClusterError, OSError) as error:
                left = [str(error)]
            calm = 0 if left else calm + 1
            assert time.monotonic() < end, "\n".join(left)
            time.sleep(0.5)

    def services(self) -> list[Object]:
        return self.cluster.list(API_VERSION, "ModelService")[0]

    # -- what users do -----------------------------------------------------------------------

    def edit_service(self) -> bool:
        space, name = self.random.choice(self.names)
        wanted = self._service(space, name)
        found = self.cluster.get(API_VERSION, "ModelService", name, space)
        if found is None or found["metadata"].get("deletionTimestamp"):
            return False
        spec = {"prefill": None, **wanted["spec"]}
        self._try(
            lambda: self.cluster.patch(
                API_VERSION, "ModelService", name, space, body={"spec": spec}
            )
        )
        return True

    def delete_service(self) -> bool:
        space, name = self.random.choice(self.names)
        return self.cluster.delete(API_VERSION, "ModelService", name, space)

    def create_service(self) -> bool:
        """One that was deleted comes back, often before all of it has gone."""
        there = {
            (item["metadata"]["namespace"], item["metadata"]["name"]) for item in self.services()
        }
        missing = [name for name in self.names if name not in there]
        if not missing:
            space, name = self.random.choice(self.names)
            self.cluster.delete(API_VERSION, "ModelService", name, space)
            eventually(lambda: self.cluster.get(API_VERSION, "ModelService", name, space) is None)
            missing = [(space, name)]
        space, name = self.random.choice(missing)
        return bool(self._try(lambda: self.cluster.create(self._service(space, name))))

    def edit_base_config(self) -> bool:
        space, name = self.random.choice(SPACES), self.random.choice(CONFIGS)
        self.cluster.patch("v1", "ConfigMap", name, space, body=self._config(space, name))
        return True

    def delete_child(self) -> bool:
        child = self._any_child()
        return child is not None and self.cluster.delete(*child)

    def edit_child(self) -> bool:
        """A Deployment is scaled, a Service leads elsewhere, others lose their labels and owner."""
        child = self._any_child()
        if child is None:
            return False
        body: Object = {"metadata": {"labels": None, "ownerReferences": None}}
        if child[1] == "Deployment":
            body = {"spec": {"replicas": self.random.randint(0, 4)}}
        elif child[1] == "Service":
            found = self.cluster.get(*child) or {"spec": {"ports": []}}
            body = {
                "spec": {"ports": [{**port, "targetPort": 1} for port in found["spec"]["ports"]]}
            }
        return bool(self._try(lambda: self.cluster.patch(*child, body=body)))

    # -- what goes wrong ---------------------------------------------------------------------

    def kill_operator(self) -> bool:
        self.operator.kill()
        time.sleep(self.random.uniform(0, 1.0))
        self.operator.start()
        return True

    def restart_server(self) -> bool:
        self.plane.restart_server(number=self.random.choice([signal.SIGTERM, signal.SIGKILL]))
        return True

    def kill_engine(self) -> bool:
        return self._kill(ENGINE)

    def kill_provider(self) -> bool:
        return self._kill(PROVIDER)

    # -- what must hold in the end ----------------------------------------------------------

    def verify(self) -> None:
        """The cluster holds what ``msvc generate`` says and nothing else of ours, and so does the
        state; nothing is locked or half done.
        """
        wanted: dict[tuple[str, str, str, str], Object] = {}
        stacks = {}
        for service in self.services():
            assert is_ready(service), service
            metadata = service["metadata"]
            found = self._generated(service)
            stacks[f"{metadata['namespace']}.{metadata['name']}"] = len(found)
            for item in found:
                wanted[_identity(item, metadata["namespace"])] = {
                    **item,
                    "owner": metadata["uid"],
                }
        live = {_identity(item): item for item in self._live()}
        assert live.keys() == wanted.keys(), {
            "orphans": sorted(live.keys() - wanted.keys()),
            "missing": sorted(wanted.keys() - live.keys()),
        }
        for identity, manifest in wanted.items():
            owner = manifest.pop("owner")
            manifest["metadata"].pop("ownerReferences", None)
            owners = [item["uid"] for item in live[identity]["metadata"]["ownerReferences"]]
            assert owners == [owner], identity
            assert holds(live[identity], manifest), (identity, live[identity], manifest)

        assert not self.operator.files("backend/.pulumi/locks/**/*.json")
        kept = self.operator.files("backend/.pulumi/stacks/modelservice/*.json")
        states = {file.stem: json.loads(file.read_text()) for file in kept}
        states.pop("operator-seed")
        assert states.keys() == stacks.keys()
        for name, state in states.items():
            latest = state["checkpoint"]["latest"]
            kinds = [item["type"] for item in latest["resources"] if item.get("custom")]
            made = [kind for kind in kinds if not kind.startswith("pulumi:")]
            assert len(made) == stacks[name], name
            assert not latest.get("pending_operations"), name
        folders = {file.name for file in self.operator.files("stacks/*")} - {"operator-seed"}
        assert folders <= stacks.keys()  # one is made when the stack is worked on alone

    def _live(self) -> Iterator[Object]:
        """Every object of a kind of ours that is owned by a ModelService, or carries our labels."""
        for kind in CHILD_KINDS:
            if not self.cluster.serves(kind.api_version, kind.kind):
                continue
            for item in self.cluster.list(kind.api_version, kind.kind)[0]:
                labels = item["metadata"].get("labels") or {}
                if owner_of(item) or "llm-d.ai/inferenceServing" in labels:
                    yield item

    def _generated(self, service: Object) -> list[Object]:
        space = service["metadata"]["namespace"]
        config = service["spec"]["baseConfigMapRef"]["name"]
        with tempfile.TemporaryDirectory() as folder:
            files = []
            for item in (service, self.cluster.get("v1", "ConfigMap", config, space)):
                files.append(Path(folder) / f"{len(files)}.yaml")
                files[-1].write_text(yaml.safe_dump({**(item or {}), "status": None}))
            command = [sys.executable, "-m", "msvc_pulumi", "generate", "-m", *map(str, files[:1])]
            told = subprocess.run(
                [*command, "-b", str(files[1])], check=True, capture_output=True, text=True
            )
        return [item for item in yaml.safe_load_all(told.stdout) if item]

    def _busy(self) -> float:
        metric = self.operator.metric
        return metric("msvc_queue_depth") + metric("msvc_active")

    def _service(self, space: str, name: str) -> Object:
        """A ModelService like no other of that name before."""
        self._revision += 1
        service = model_service(space, name, baseConfigMapRef={"name": self.random.choice(CONFIGS)})
        decode = service["spec"]["decode"]
        decode["replicas"] = self.random.randint(0, 2)
        decode["containers"][0]["args"] = ["--revision", str(self._revision)]
        if self.random.random() < 0.5:
            del service["spec"]["prefill"]
        return service

    def _config(self, space: str, name: str) -> Object:
        """A BaseConfig with another content than before; base-2 has no endpoint picker."""
        self._revision += 1
        config = copy.deepcopy(BASE_CONFIG)
        config["metadata"] = {"name": name, "namespace": space}
        mark = f"spec:\n  revisionHistoryLimit: {self._revision % 50}"
        config["data"]["decodeDeployment"] = config["data"]["decodeDeployment"].replace(
            "spec:", mark, 1
        )
        if name == CONFIGS[2]:
            del config["data"]["prefillService"]
        return config

    def _any_child(self) -> tuple[str, str, str, str] | None:
        kinds = [kind for kind in CHILD_KINDS if self.cluster.serves(kind.api_version, kind.kind)]
        self.random.shuffle(kinds)
        for kind in kinds:
            items = [
                item for item in self.cluster.list(kind.api_version, kind.kind)[0] if owner_of(item)
            ]
            if items:
                metadata = self.random.choice(items)["metadata"]
                return kind.api_version, kind.kind, metadata["name"], metadata["namespace"]
        return None

    def _kill(self, program: str) -> bool:
        """A process of the operator that runs ``program`` is killed, as soon as there is one."""
        self.edit_service()
        end = time.monotonic() + ENGINE_WAIT
        while time.monotonic() < end:
            found = [pid for pid in _descendants(self.operator.pid) if _runs(pid, program)]
            if found:
                time.sleep(self.random.uniform(0, 1.0))
                try:
                    os.kill(self.random.choice(found), signal.SIGKILL)
                except ProcessLookupError:  # it was quicker
                    continue
                return True
            time.sleep(0.02)
        return False

    def _try(self, act: Callable[[], object]) -> object:
        """What ``act`` gives; None if the object is gone, or not gone yet."""
        try:
            return act()
        except ClusterError as error:
            if error.reason not in ("NotFound", "AlreadyExists", "Conflict"):
                raise
            return None


def _identity(item: Object, namespace: str = "") -> tuple[str, str, str, str]:
    metadata = item["metadata"]
    space = metadata.get("namespace") or namespace
    return item["apiVersion"], item["kind"], space, metadata["name"]


def _descendants(pid: int) -> list[int]:
    parents: dict[int, list[int]] = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = file.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents.setdefault(int(fields[1]), []).append(int(file.parent.name))
    found, left = [], [pid]
    while left:
        below = parents.get(left.pop(), [])
        found += below
        left += below
    return found


def _runs(pid: int, program: str) -> bool:
    try:
        arguments = Path(f"/proc/{pid}/cmdline").read_text(errors="replace").split("\0")
    except OSError:
        return False
    return program in {Path(argument).name for argument in arguments[:2]}


def _processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*")]


def _has(pid: int, variable: bytes) -> bool:
    try:
        return variable in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:  # it has ended, or is another user's
        return False


def run(
    folder: Path, *, events: int, services: int, seed: int, progress: Callable[[str], None]
) -> Counter[str]:
    """What happened, how often; afterwards everything was as it should be."""
    nodes = [replace(node, gpus=1000) for node in DEFAULT_NODES]
    with LocalControlPlane(folder / "plane", nodes=nodes, progress=lambda _: None) as plane:
        with plane.cluster() as cluster:
            home = install(cluster)
            file = kubeconfig_of(cluster, plane.kubeconfig, home, folder / "kubeconfig")
        operator = OperatorProcess(file, folder, free_port())
        operator.start()
        chaos = Chaos(plane, operator, seed, services)
        try:
            chaos.begin()
            progress(f"{services} ModelServices are ready")
            chaos.run(events, progress)
            began = time.monotonic()
            chaos.settle()
            progress(f"settled {time.monotonic() - began:.0f} s after the last event")
            chaos.verify()
        finally:
            chaos.cluster.close()
            operator.stop()
        mark = f"KUBECONFIG={file}".encode()
        eventually(lambda: not [pid for pid in _processes() if _has(pid, mark)])
        return chaos.done


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Chaos for the operator on a plane of its own.")
    parser.add_argument("--events", type=int, default=200)
    parser.add_argument("--services", type=int, default=30)
    parser.add_argument("--seed", type=int, default=6)
    parser.add_argument("--keep", type=Path, help="folder for logs and state, instead of a new one")
    given = parser.parse_args()
    place = given.keep or Path(tempfile.mkdtemp(prefix="chaos-"))
    place.mkdir(exist_ok=True)
    counts = run(
        place,
        events=given.events,
        services=given.services,
        seed=given.seed,
        progress=lambda text: print(text, flush=True),
    )
    print("as it should be, after", dict(counts))
