"""`Stack`: one Pulumi stack of project ``modelservice``, brought up, previewed and destroyed.

``pulumi`` is started directly: the Automation API starts four processes for one update
(DESIGN.md §10), and this way its live display reaches the terminal.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TextIO

import yaml

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.cluster.drift import ObjectDrift
from msvc_pulumi.engine.backend import Backend
from msvc_pulumi.engine.claims.adoptions import Adoptions
from msvc_pulumi.engine.claims.entitlement import Entitlement
from msvc_pulumi.engine.claims.stackclaims import StackClaims
from msvc_pulumi.engine.claims.stackdrift import never_applied, stack_drift
from msvc_pulumi.engine.diagnosis.failures import EngineError, failure
from msvc_pulumi.engine.economy import economy
from msvc_pulumi.engine.processes.process import Run, run
from msvc_pulumi.engine.project import PROJECT, mapping_of
from msvc_pulumi.engine.rounds import Rounds
from msvc_pulumi.engine.state.bucket import BucketError, FolderBucket
from msvc_pulumi.engine.state.currentstate import CurrentState
from msvc_pulumi.engine.state.locks import clear_dead
from msvc_pulumi.engine.state.storage import open_bucket
from msvc_pulumi.engine.tools.plugins import Plugins
from msvc_pulumi.engine.variables import FORCE, TAKE_OVER, UPSERT, engine_variables
from msvc_pulumi.plan import Plan

if TYPE_CHECKING:
    from pulumi.runtime.proto.language_pb2_grpc import LanguageRuntimeServicer

__all__ = ["PROJECT", "REFRESH", "Stack"]

REFRESH = "--refresh"


@dataclass(frozen=True, slots=True)
class Stack:
    """One stack. Its program is that of the folder ``project``, or ``program`` in this process, or
    declares ``plans``.

    What exists is looked at in ``cluster`` before anything is applied or deleted. ``output`` is
    where progress goes; None is our stdout. With ``steps`` a run says what was done
    to each resource.
    """

    name: str
    pulumi: Path
    plugins: Plugins
    backend: Backend
    environment: Mapping[str, str] = field(repr=False)
    project: Path | None = None
    program: Callable[[], None] | None = None
    output: TextIO | int | None = None
    plans: Sequence[Plan] | None = None
    cluster: Cluster | None = None
    steps: bool = False

    def up(self, *flags: str) -> Run:
        """Make the cluster what the program says, as far as the cluster takes it.

        Raises:
            ProgramError, EngineError: it did not go well; what was refused is named object by
                object, and the rest is done.
            ClusterError: there is something in the way, and nothing was done.
        """
        return self._operate("up", "--yes", "--continue-on-error", *flags)

    def preview(self, *flags: str) -> Run:
        """Say what `up` would do; change nothing. Raises ProgramError or EngineError."""
        return self._operate("preview", *flags)

    def refresh(self, *flags: str) -> Run:
        """Make the state what the cluster is. Raises EngineError."""
        return self._operate("refresh", "--yes", *flags)

    def drift(self) -> list[ObjectDrift]:
        """What somebody changed since the last update, and what others state beside it.

        Raises:
            EngineError: the stack has never been.
            ClusterError: the cluster does not answer, or something may not be read.
        """
        self._make_folder()
        if self.cluster is None or not self.exists():
            raise EngineError([never_applied(self.name)])
        return stack_drift(self.cluster, self.state(), self.plans or ())

    def destroy(self, *flags: str) -> Run:
        """Delete what the stack made, nothing if it never was. Raises EngineError."""
        if not self.exists():
            return Run(0, "")
        return self._operate("destroy", "--yes", "--continue-on-error", *flags)

    def forced(self) -> Self:
        """The same stack, to take back fields that somebody else owns by now."""
        return replace(self, environment={**FORCE, **self.environment})

    def remove(self) -> None:
        """Forget the stack and its history. Raises EngineError if it has resources."""
        if self.exists():
            self._call("stack", "rm", "--yes", "--preserve-config", self.name)
        shutil.rmtree(self.folder, ignore_errors=True)

    def outputs(self) -> dict[str, Any]:
        """What the program exported in the last update. Raises EngineError."""
        done = self._call("stack", "output", "--json", "--show-secrets", "--stack", self.name)
        return dict(json.loads(done))

    def call(self, *arguments: str) -> int:
        """The exit code of any other ``pulumi`` command, run in the stack's setting; its stderr is
        ours.
        """
        self._make_folder()
        command = [str(self.pulumi), *arguments]
        start = partial(run, command, self.variables, cwd=self._cwd, output=self.output)
        return start(events=False, told=sys.stderr.write).code

    @property
    def folder(self) -> Path:
        """What belongs to this stack beside its state."""
        return self.backend.workspace / self.name

    @property
    def config_file(self) -> Path:
        """The stack's configuration, with the salt of its secrets: never a file of the project."""
        return self.folder / f"Pulumi.{self.name}.yaml"

    @property
    def variables(self) -> dict[str, str]:
        """The engine's environment; what the user set stays as it is."""
        stated = {**self.environment, **self.backend.variables}
        return engine_variables(stated, self.plugins, len(self.plans or ()))

    def configured(self, key: str) -> str:
        """A text in the project's configuration of this stack; "" if it is not stated."""
        if self.project is None:
            return ""
        config = mapping_of(self.project / f"Pulumi.{self.name}.yaml").get("config") or {}
        return str(config.get(f"{PROJECT}:{key}") or "")

    def exists(self) -> bool:
        """Whether the backend has the stack."""
        if self.backend.folder is None:
            arguments = [str(self.pulumi), "stack", "output", "--json", "--stack", self.name]
            return run(arguments, self.variables, cwd=self._cwd, events=False, output=-3).code == 0
        stacks = self.backend.folder / ".pulumi" / "stacks" / PROJECT
        return any((stacks / f"{self.name}.json{kind}").exists() for kind in ("", ".gz", ".zst"))

    def state(self) -> dict[str, Any]:
        """``resources`` and ``pending_operations`` as the backend has them, without secrets."""
        folder = self.backend.folder
        file = folder / ".pulumi" / "stacks" / PROJECT / f"{self.name}.json" if folder else None
        if file is not None and file.exists():
            found = json.loads(file.read_bytes())["checkpoint"].get("latest")
        else:
            found = json.loads(self._call("stack", "export", "--stack", self.name))["deployment"]
        return dict(found or {})

    def _operate(self, operation: str, *flags: str) -> Run:
        self._prepare()
        if self.backend.folder is not None:
            clear_dead(FolderBucket(self.backend.folder), PROJECT, self.name)
        state = CurrentState(self.state)
        entitlement, claims, plans = self._entitlement(state), StackClaims(), self.plans
        if entitlement is not None:
            takes_all = self.environment.get(UPSERT) == "true"
            claims = entitlement.claims(operation, takes_all=takes_all)
            adoptions = Adoptions.of(entitlement.cluster, plans or (), claims)
            if operation != "preview":
                entitlement.begin(claims)
                adoptions.carry_out(force=FORCE.items() <= self.environment.items())
            plans = plans and adoptions.applied
        # A preview writes no state, so that for it there is still to be made what was made.
        adopts = claims.takes_over or (operation == "preview" and bool(claims.made))
        variables = {**self.variables, **(TAKE_OVER if adopts else {})}
        if claims.cut_off and operation in ("up", "preview") and REFRESH not in flags:
            flags = (*flags, REFRESH)
        more, defaults = economy(operation, plans, state, adopts=adopts, refreshes=REFRESH in flags)
        flags, variables = (*flags, *more), defaults | variables
        with ExitStack() as stack:
            client: Sequence[str] = ()
            servicer = self._servicer(plans) if operation in ("up", "preview") else None
            if servicer is not None:
                from msvc_pulumi.engine.hosts.inline import serving  # noqa: PLC0415  imports pulumi

                client = (stack.enter_context(serving(servicer)), "--exec-kind", "auto.inline")
            settings = ("--stack", self.name, "--config-file", str(self.config_file))
            command = [str(self.pulumi), operation, *settings, *client, *flags]
            start = state.changed_by(self._run)
            done, met = Rounds(operation, start, state, plans, self.cluster).run(command, variables)
        failed = None
        if done.code != 0 or met.recorded:
            is_shown = self.output != subprocess.DEVNULL
            failed = failure(
                done,
                f"`pulumi {operation}`",
                is_shown=is_shown,
                places=met.places,
                since=met.since,
                known=met.recorded.values(),
            )
        if entitlement is not None and operation in ("up", "destroy"):
            if failed is None:
                done = replace(done, removed=entitlement.remove(claims.abandoned))
            entitlement.conclude(done, failed, claims, met.unanswered)
        if failed is not None:
            raise failed
        return replace(done, suspects=0 if claims.cut_off else claims.suspects)

    def _run(self, command: Sequence[str], variables: Mapping[str, str]) -> Run:
        """The engine's run, once more if only dead processes had locked the stack."""
        start = partial(
            run, command, variables, cwd=self._cwd, output=self.output, steps=self.steps
        )
        done = start()
        return start() if done.code != 0 and self._is_freed(done) else done

    def _servicer(self, plans: Sequence[Plan] | None) -> LanguageRuntimeServicer | None:
        """What tells the engine the program, if that is in this process."""
        if plans is not None:
            from msvc_pulumi.engine.hosts.planhost import PlanHost  # noqa: PLC0415  imports pulumi

            return PlanHost(plans, tells=True)
        if self.program is not None:
            from msvc_pulumi.engine.hosts.inline import host  # noqa: PLC0415  imports pulumi

            return host(self.program)
        return None

    def _is_freed(self, done: Run) -> bool:
        """Whether only dead processes of this machine had locked it, and do not any more."""
        if self.backend.folder is not None or "currently locked by" not in done.stderr:
            return False
        try:
            bucket = open_bucket(self.backend.url, self.environment)
        except BucketError:  # not one that we can look into
            return False
        with closing(bucket):
            return clear_dead(bucket, PROJECT, self.name) > 0

    def _prepare(self) -> None:
        """The stack is there, and its configuration is that of the project."""
        self._make_folder()
        if not self.exists():
            self._call("stack", "init", self.name, "--no-select", cwd=self.folder)
        salt = mapping_of(self.config_file)
        config: dict[str, Any] = {
            key: salt[key] for key in ("encryptionsalt", "encryptedkey") if key in salt
        }
        if self.project is not None:
            config |= mapping_of(self.project / f"Pulumi.{self.name}.yaml")
        self.config_file.write_text(yaml.safe_dump(config, sort_keys=False) if config else "")

    def _make_folder(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (self.folder / "Pulumi.yaml").write_text(f"name: {PROJECT}\nruntime: python\n")

    def _call(self, *arguments: str, cwd: Path | None = None) -> str:
        """What a short command printed. Raises EngineError."""
        with tempfile.TemporaryFile("w+") as stream:
            command = [str(self.pulumi), *arguments]
            done = run(command, self.variables, cwd=cwd or self._cwd, output=stream, events=False)
            if done.code != 0:
                raise failure(done, f"`pulumi {' '.join(arguments[:2])}`")
            stream.seek(0)
            return stream.read()

    def _entitlement(self, state: CurrentState) -> Entitlement | None:
        if self.cluster is None:
            return None
        call = state.changed_by(self._call)
        return Entitlement(self.name, self.folder, self.plans, self.cluster, state, call)

    @property
    def _cwd(self) -> Path:
        return self.project or self.folder
