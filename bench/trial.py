"""`Trial`: what one operator takes to create, edit and delete a fleet, on an `Arena`."""

from __future__ import annotations

import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from contenders import Contender, Figures
from fleet import (
    BASE,
    MODEL_SERVICE,
    all_at_once,
    base_configs,
    deployed,
    edit,
    made,
    prepare,
    replicas,
    services,
    there,
    told,
    until,
    until_there,
)
from processes import Processes, busy

from msvc_pulumi.cluster import Cluster

DEPLOYMENT = ("apps/v1", "Deployment")
SETTLED = 3.0  # seconds after which whatever an operator does of its own accord is done
LOOKED = 10.0  # and after which it has looked once for pods that do not come up
BUSY = 0.25  # share of the processors that a cluster takes which still makes pods
# How the table names programs; what is not here is named as it is.
PROGRAMS = {
    "": "all",
    "msvc": "operator",
    "python": "operator",
    "python3": "operator",
    "pulumi-resource": "plugin",
}


class Arena:
    """A control plane, the way operators reach it, and the fleet on it."""

    def __init__(self, cluster: Cluster, kubeconfig: Path, folder: Path, count: int) -> None:
        self.cluster, self.kubeconfig, self.folder, self.count = cluster, kubeconfig, folder, count
        self.log = folder / "log"
        self.log.touch()

    @contextmanager
    def operator(self, contender: Contender) -> Iterator[Processes]:
        """It runs and has said that it is ready, if it ever says so."""
        environment = {
            **contender.environment(),
            "KUBECONFIG": str(self.kubeconfig),
            "XDG_STATE_HOME": str(self.folder / "state"),
            "PULUMI_HOME": str(self.folder / "none"),
        }
        before = self.log.stat().st_size
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                # A tree that is the current directory would be imported by children of any other.
                contender.command,
                env=environment,
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )
            try:
                with Processes(process.pid) as family:
                    if contender.is_original:
                        time.sleep(5)
                    else:
                        until(lambda: b" ready" in self.log.read_bytes()[before:])
                    yield family
            finally:
                process.terminate()
                process.wait(60)


class Trial:
    """What one contender takes in one round."""

    def __init__(self, arena: Arena, contender: Contender, figures: Figures, wanted: str) -> None:
        self._arena, self._contender, self._figures = arena, contender, figures
        self._cluster, self._count, self._wanted = arena.cluster, arena.count, wanted

    def run(self, phases: frozenset[str]) -> None:
        prepare(self._cluster, self._count, "fleet")
        self._there = {
            kind: there(self._cluster, kind, self._count, "fleet") for kind in made(self._count)
        }
        with self._arena.operator(self._contender) as family:
            self._note(f"memory before {self._count}, MiB", family.steady())
            self._create(family)
            if self._contender.is_original:
                return
            if "edit" in phases:
                self._edit()
                self._edit_base(family)
        if not phases & {"restart", "delete"}:
            return
        _until_at_rest()
        began = time.perf_counter()
        with self._arena.operator(self._contender) as family:
            self._note(f"restart over {self._count}: ready, s", time.perf_counter() - began)
            time.sleep(LOOKED)
            self._note(f"memory after a restart over {self._count}, MiB", family.steady())
            if "delete" in phases:
                self._delete(family)

    def _note(self, line: str, value: float) -> None:
        self._figures.note(self._contender.name, line, value)

    def _processors(self, what: str, family: Processes) -> None:
        taken = Counter[str]()
        for name, seconds in family.seconds().items():
            taken[PROGRAMS.get(name, name)] += seconds
        for name, seconds in sorted(taken.items()):
            if seconds > 0.05:
                self._note(f"{what}: processor, {name}, s", seconds)

    def _create(self, family: Processes) -> None:
        what = f"create {self._count}"
        family.seconds()
        began = time.perf_counter()
        all_at_once(self._cluster.create, services(self._count, "fleet"))
        deployments = {DEPLOYMENT: self._there[DEPLOYMENT] + made(self._count)[DEPLOYMENT]}
        until_there(self._cluster, deployments, self._count, "fleet")
        self._note(f"{what}: last Deployment, s", time.perf_counter() - began)
        if self._contender.is_original:
            return
        every = {kind: self._there[kind] + number for kind, number in made(self._count).items()}
        until_there(self._cluster, every, self._count, "fleet")
        took = time.perf_counter() - began
        self._note(f"{what}: all objects, s", took)
        self._note(f"{what}: for each, ms", 1000 * took / self._count)
        self._until_told()
        self._note(f"{what}: all {self._wanted.lower()}, s", time.perf_counter() - began)
        time.sleep(SETTLED)
        self._processors(what, family)
        self._note(f"{what}: memory at most, MiB", family.peak())
        self._note(f"{what}: memory then, MiB", family.steady())

    def _until_told(self) -> None:
        until(lambda: told(self._cluster, "fleet", self._wanted, self._count), self._count)

    def _edit(self) -> None:
        time.sleep(LOOKED)
        _until_at_rest()
        began = time.perf_counter()
        body = {"spec": edit(services(1, "fleet")[0])}
        self._cluster.patch(*MODEL_SERVICE, "m0000", "fleet-0", body=body)
        until(lambda: replicas(self._cluster, "fleet-0", "m0000") == 1)
        self._note(f"one edit among {self._count}, s", time.perf_counter() - began)
        time.sleep(SETTLED)

    def _edit_base(self, family: Processes) -> None:
        began = time.perf_counter()
        text = BASE["data"]["decodeDeployment"].replace("spec:", "spec:\n  minReadySeconds: 1", 1)
        body = {"data": {"decodeDeployment": text}}
        for config in base_configs(self._count, "fleet"):
            metadata = config["metadata"]
            self._cluster.patch(
                "v1", "ConfigMap", metadata["name"], metadata["namespace"], body=body
            )
        until(
            lambda: deployed(self._cluster, "fleet", "minReadySeconds", 1) == self._count,
            3 * self._count,
        )
        self._note(f"BaseConfig edit under {self._count}, s", time.perf_counter() - began)
        self._until_told()
        time.sleep(SETTLED)
        self._note(f"BaseConfig edit under {self._count}: memory at most, MiB", family.peak())

    def _delete(self, family: Processes) -> None:
        what = f"delete {self._count}"
        family.seconds()
        named = [one["metadata"] for one in services(self._count, "fleet")]
        began = time.perf_counter()
        all_at_once(
            lambda each: self._cluster.delete(*MODEL_SERVICE, each["name"], each["namespace"]),
            named,
        )
        until_there(self._cluster, {MODEL_SERVICE: 0}, self._count, "fleet")
        until_there(self._cluster, self._there, self._count, "fleet")
        self._note(f"{what}: nothing left, s", time.perf_counter() - began)
        self._processors(what, family)


def _until_at_rest() -> None:
    """A cluster that still makes pods has its processors for them."""
    until(lambda: busy(SETTLED) < BUSY)
