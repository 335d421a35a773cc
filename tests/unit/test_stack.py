"""What ``pulumi`` is started with for a stack."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from msvc_pulumi.engine.backend import Backend
from msvc_pulumi.engine.plugins import KUBERNETES, LANGUAGE_HOST, Plugin, Plugins
from msvc_pulumi.engine.stack import CHECKPOINTED, Stack
from msvc_pulumi.plan import plan_model_service


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
    folder = Path(__file__).resolve().parents[2] / "samples" / "simple"
    files = (folder / name for name in ("msvc.yaml", "baseconfig.yaml"))
    plan = plan_model_service(*(yaml.safe_load(file.read_text()) for file in files))
    variables = replace(stack, plans=[plan] * size).variables
    assert ("PULUMI_SKIP_CHECKPOINTS" in variables) == (size > CHECKPOINTED)
