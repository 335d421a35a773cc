"""What ``pulumi`` is started with for a stack."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
import yaml

from msvc_pulumi import cluster
from msvc_pulumi.cluster import ClusterError
from msvc_pulumi.cluster.claims import Place
from msvc_pulumi.engine import stack as engine
from msvc_pulumi.engine.backend import Backend
from msvc_pulumi.engine.claims.adoptions import Adoptions
from msvc_pulumi.engine.claims.attempt import Attempt
from msvc_pulumi.engine.diagnosis.failures import EngineError
from msvc_pulumi.engine.diagnosis.obstacles import Obstacles
from msvc_pulumi.engine.processes.process import Run
from msvc_pulumi.engine.stack import Stack
from msvc_pulumi.engine.tools.plugins import KUBERNETES, LANGUAGE_HOST, Plugin, Plugins
from msvc_pulumi.engine.variables import CHECKPOINTED
from msvc_pulumi.errors import Diagnostic
from msvc_pulumi.plan import Plan, plan_model_service


def plan() -> Plan:
    folder = Path(__file__).resolve().parents[2] / "samples" / "simple"
    files = (folder / name for name in ("msvc.yaml", "baseconfig.yaml"))
    return plan_model_service(*(yaml.safe_load(file.read_text()) for file in files))


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """One whose ``pulumi`` only writes down what it was asked for, and its checkpoints."""
    pulumi = tmp_path / "pulumi"
    pulumi.write_text(f'#!/bin/sh\necho "$1 $PULUMI_SKIP_CHECKPOINTS" >> "{tmp_path}/calls"\n')
    pulumi.chmod(0o755)
    environment = {"XDG_STATE_HOME": str(tmp_path / "state"), "PATH": os.environ["PATH"]}
    host, kubernetes = (Plugin(name, pulumi, False) for name in (LANGUAGE_HOST, KUBERNETES))
    backend = Backend.of("cluster", environment)
    return Stack("s", pulumi, Plugins(host, kubernetes), backend, environment)


def test_a_preview_makes_no_checkpoints(stack: Stack, tmp_path: Path) -> None:
    """It would throw them away; an update and a refresh of a small stack keep theirs."""
    stack.preview()
    stack.up()
    stack.refresh()
    calls = (tmp_path / "calls").read_text().splitlines()
    asked = [call.split(" ") for call in calls if not call.startswith("stack ")]
    assert asked == [["preview", "true"], ["up", ""], ["refresh", ""]]


@pytest.mark.parametrize("size", [CHECKPOINTED, CHECKPOINTED + 1])
def test_large_stacks_make_none(size: int, stack: Stack) -> None:
    """Above that many ModelServices they would cost more than the update."""
    variables = replace(stack, plans=[plan()] * size).variables
    assert ("PULUMI_SKIP_CHECKPOINTS" in variables) == (size > CHECKPOINTED)


class Cluster:
    """One that has no object at all."""

    def get(self, *_identity: object, **_how: object) -> None:
        return None

    def pages(self, *_identity: object, **_how: object) -> list[object]:
        return []


def test_nothing_is_begun_before_all_is_consented_to(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is refused beforehand leaves no attempt, which would give rights and ask for a refresh;
    one that was kept stays.
    """

    def refuse(*_: object) -> Adoptions:
        raise ClusterError(Diagnostic("replacement-unconfirmed", "no"))

    monkeypatch.setattr(Adoptions, "of", refuse)
    monkeypatch.setattr(Stack, "state", lambda _: {})
    tried = replace(stack, plans=[plan()], cluster=cast("cluster.Cluster", Cluster()))
    for kept in (Attempt(), Attempt(frozenset({Place("v1", "ConfigMap", "a", "b")}), cut_off=True)):
        stack.folder.mkdir(parents=True, exist_ok=True)
        kept.keep(stack.folder)
        with pytest.raises(ClusterError):
            tried.up()
        assert Attempt.read(stack.folder) == kept


@pytest.mark.parametrize(
    ("code", "stays"), [("quota-exceeded", False), ("apply-failed", True), ("engine-failed", True)]
)
def test_what_was_only_refused_asks_for_no_refresh(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, code: str, stays: bool
) -> None:
    """The state knows all that was done then, and hand edits stay as they are with the next run.
    What was asked for and not answered is kept.
    """
    unanswered = frozenset({Place("v1", "ConfigMap", "a", "b")} if stays else ())

    def refuse(*_: object, **__: object) -> EngineError:
        return EngineError([Diagnostic(code, "no")])

    met = Obstacles(unanswered=unanswered)
    monkeypatch.setattr(engine, "failure", refuse)
    monkeypatch.setattr(engine.Rounds, "run", lambda *_: (Run(255, ""), met))
    monkeypatch.setattr(Stack, "state", lambda _: {})
    tried = replace(stack, plans=[plan()], cluster=cast("cluster.Cluster", Cluster()))
    with pytest.raises(EngineError):
        tried.up()
    assert Attempt.read(stack.folder) == Attempt(unanswered, cut_off=stays)
