"""`Kills`: runs of ``msvc up`` and ``msvc destroy`` that are killed at moments drawn by a seed.

Each round kills one run and lets the next one finish; then the cluster must hold what is planned
and nothing else of it, the state the same, and nothing may be locked or pending. As a program it
does so for longer, ``--rounds`` for each victim:

    python tests/kills.py --rounds 30 --seed 6
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml
from services import create_namespace, model_service
from strangers import base_config

from msvc_pulumi.cluster.claims import Place
from msvc_pulumi.cluster.existing import existing
from msvc_pulumi.counted import counted
from msvc_pulumi.engine.claims.attempt import Attempt
from msvc_pulumi.engine.session import Session
from msvc_pulumi.engine.stack import Stack
from msvc_pulumi.engine.state.stateobjects import state_objects
from msvc_pulumi.local import LocalControlPlane
from msvc_pulumi.plan import Plan, PlanOptions, plan_model_service

__all__ = ["VICTIMS", "Kills"]

VICTIMS: Mapping[str, str] = {
    "msvc": "msvc_pulumi",
    "engine": "/pulumi\0",
    "plugin": "pulumi-resource-kubernetes",
    "all": "",
}
"""Who is killed, by what its command line holds; the program is a part of ``msvc``."""
MANY = 12  # ModelServices, more than have checkpoints
LIVED = 0.6  # of a run, in which there is an engine
LONGEST = 60.0  # seconds until there is a victim
GONE = 60.0  # seconds until what was deleted has gone


class Kills:
    """Rounds in one namespace; each ends with nothing in it."""

    def __init__(self, session: Session, folder: Path, namespace: str, seed: int) -> None:
        self.session, self.folder, self.namespace = session, folder, namespace
        self.random = random.Random(seed)  # noqa: S311  it must come out the same again
        self.done: Counter[str] = Counter()
        self._lasted = 1.0  # seconds, the last run that was let be

    def round(self, victim: str, count: int = 1) -> str:
        """``count`` ModelServices; one run is killed, and all is well after the next. Returns what
        was killed.

        Raises:
            AssertionError: something is not well.
        """
        stack = self.session.stack(self._stack, plans=self._plans(count))
        draw = self.random.random
        if draw() < 0.3:
            self._run(count)  # the killed one changes or deletes what there is
        operation = "destroy" if draw() < 0.3 else "up"
        killed = self._killed(victim, self._command(count, operation, edited=draw() < 0.5))
        hit = "killed" if killed else "was not there"
        self.done[f"{victim} {hit}"] += 1
        if draw() < 0.7:
            edited = draw() < 0.5
            self._run(count, edited=edited)
            self._verify(stack, self._plans(count, edited=edited))
        self._run(count, "destroy")
        self._verify(stack, [])
        return f"{operation} of {counted(count, 'ModelService')}, {victim} {hit}"

    def _plans(self, count: int, *, edited: bool = False) -> list[Plan]:
        """Edited, each lacks its prefill pods and has another command."""
        base, options = base_config(self.namespace), PlanOptions(namespace=self.namespace)
        return [plan_model_service(item, base, options) for item in self._services(count, edited)]

    def _services(self, count: int, edited: bool) -> list[dict[str, Any]]:
        found = [model_service(self.namespace, f"m{number}") for number in range(count)]
        for item in found if edited else ():
            item["spec"].pop("prefill", None)
            item["spec"]["decode"] |= {"replicas": 2}
        return found

    @property
    def _stack(self) -> str:
        return f"kills.{self.namespace}"

    def _command(self, count: int, operation: str, *, edited: bool = False) -> list[str]:
        file = self.folder / "all.yaml"
        services = self._services(count, edited)
        file.write_text(yaml.safe_dump_all([*services, base_config(self.namespace)]))
        flags = ["--skip-preview"] if operation == "up" else []
        program = [sys.executable, "-m", "msvc_pulumi", operation, *flags, "-m", str(file)]
        return [*program, "--stack", self._stack]

    def _run(self, count: int, operation: str = "up", *, edited: bool = False) -> None:
        began = time.monotonic()
        done = subprocess.run(
            self._command(count, operation, edited=edited),
            env=dict(self.session.environment),
            capture_output=True,
            text=True,
            check=False,
        )
        self._lasted = time.monotonic() - began
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        assert "pending operations" not in done.stdout

    def _killed(self, victim: str, command: Sequence[str]) -> bool:
        """Whether the victim lived at the drawn moment; everything else ends before this does."""
        pause = self.random.uniform(0.0, LIVED * self._lasted)
        with subprocess.Popen(
            command,
            env=dict(self.session.environment),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process:
            end = time.monotonic() + LONGEST
            awaited = VICTIMS[victim] if victim == "plugin" else VICTIMS["engine"]
            while not _family(process.pid, awaited) and process.poll() is None:
                assert time.monotonic() < end
                time.sleep(0.01)
            time.sleep(pause)
            everybody = _family(process.pid)
            victims = _family(process.pid, VICTIMS[victim])
            for pid in victims:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.wait(timeout=LONGEST)
        _eventually(lambda: not any(map(_command_line, everybody)), lambda: everybody)
        time.sleep(0.3)  # for requests that were under way
        return bool(victims)

    def _verify(self, stack: Stack, plans: Sequence[Plan]) -> None:
        every = _places(self._plans(MANY))
        wanted = {*_places(plans)}

        def live() -> dict[Place, str]:
            found = existing(self.session.cluster, every).items()
            return {
                place: str(item["uid"])
                for place, item in found
                if not item.get("deletionTimestamp")
            }

        _eventually(lambda: live().keys() == wanted, lambda: live().keys() ^ wanted)
        state = stack.state() if stack.exists() else {}
        known = {item.place: item.uid for item in state_objects(state.get("resources") or ())}
        assert known == live()
        assert not state.get("pending_operations")
        folder = self.session.backend.folder
        assert folder is not None
        assert not list(folder.glob(".pulumi/locks/**/*.json"))
        assert Attempt.read(stack.folder) == Attempt()


def _places(plans: Sequence[Plan]) -> list[Place]:
    return [Place.of(item.manifest) for plan in plans for item in plan]


def _eventually(holds: Callable[[], bool], what: Callable[[], object]) -> None:
    end = time.monotonic() + GONE
    while not holds():
        assert time.monotonic() < end, what()
        time.sleep(0.1)


def _family(root: int, text: str = "") -> list[int]:
    """The processes that ``root`` started, and itself, with ``text`` in their command line."""
    found = [root]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += map(int, task.read_text().split())
            except OSError:  # it has just ended
                continue
    return [pid for pid in found if text in _command_line(pid)]


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=30, help="for each victim")
    parser.add_argument("--seed", type=int, default=6)
    arguments = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):  # or the control plane would stay
        signal.signal(number, signal.default_int_handler)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["XDG_STATE_HOME"] = str(folder / "state")
        with LocalControlPlane(folder / "plane") as plane, plane.cluster() as cluster:
            os.environ["KUBECONFIG"] = str(plane.kubeconfig)
            create_namespace(cluster, "kills")
            with Session.open(plane.kubeconfig) as session:
                kills = Kills(session, folder, "kills", arguments.seed)
                for number in range(arguments.rounds):
                    for victim in VICTIMS:
                        began = time.monotonic()
                        try:
                            found = kills.round(victim, MANY if number % 5 == 4 else 1)
                        except AssertionError:
                            print(f"{number} {victim}: not as planned", flush=True)
                            raise
                        took = time.monotonic() - began
                        print(f"{number} {found}: as planned after {took:.1f} s", flush=True)
                print(dict(kills.done))
    return 0


if __name__ == "__main__":
    sys.exit(main())
