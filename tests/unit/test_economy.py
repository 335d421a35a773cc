"""What a run leaves out depends on what it is to do, and on nothing that would be missed."""

from __future__ import annotations

from typing import Any

import pytest
from samplestacks import sample

from msvc_pulumi.engine.economy import TOLD, economy
from msvc_pulumi.plan import Plan, plan_model_service

[SKIPPED, UNTOLD] = "--skip-preview", "--suppress-outputs"
UNASKED, UNCHECKED = "PULUMI_ENABLE_LEGACY_DIFF", "PULUMI_SKIP_CHECKPOINTS"
MADE = {
    "resources": [{"urn": "u::x", "type": "kubernetes:core/v1:ConfigMap", "inputs": {"kind": "x"}}]
}


@pytest.fixture(scope="module")
def plan() -> Plan:
    return plan_model_service(*sample("facebook"))


@pytest.mark.parametrize(
    ("operation", "state", "more", "wanted"),
    [
        ("up", {}, {}, {SKIPPED, UNASKED}),
        ("up", MADE, {}, {UNASKED}),
        ("up", {}, {"adopts": True}, set()),
        ("up", {}, {"refreshes": True}, set()),
        ("preview", {}, {}, {UNASKED, UNCHECKED}),
        ("preview", {}, {"refreshes": True}, {UNCHECKED}),
        ("destroy", {}, {}, set()),
        ("refresh", {}, {}, set()),
    ],
)
def test_left_out(
    plan: Plan, operation: str, state: Any, more: dict[str, bool], wanted: set[str]
) -> None:
    known = {"adopts": False, "refreshes": False, **more}
    flags, variables = economy(operation, [plan], lambda: state, **known)
    assert {*flags, *variables} == wanted
    several = economy(operation, [plan] * (TOLD + 1), lambda: MADE, **known)[0]
    assert UNTOLD in several


@pytest.mark.parametrize("operation", ["up", "destroy", "refresh"])
def test_nothing_of_a_program(operation: str) -> None:
    """What it declares is known when it runs, and its state may take time to read."""

    def read() -> Any:
        raise AssertionError

    assert economy(operation, None, read, adopts=False, refreshes=False) == ([], {})
