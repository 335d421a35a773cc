"""Every sign in a Stack's status has its answer, once for each occasion."""

from __future__ import annotations

from typing import Any

import pytest

from msvc_pulumi.operator.pko.pursuit import LOST, SILENCE, Action, Pursuit, Sight, applied_hash

LIMITS = {"update_limit": 100.0, "start_limit": 200.0}


def stack(*, deleting: bool = False, request: str = "r", **status: Any) -> dict[str, Any]:
    """A Stack of generation 2 that was asked for ``request``, with what its status says."""
    metadata: dict[str, Any] = {
        "generation": 2,
        "annotations": {"pulumi.com/reconciliation-request": request},
    }
    if deleting:
        metadata["deletionTimestamp"] = "now"
    seen = {"observedReconcileRequest": request, "observedGeneration": 2}
    return {"metadata": metadata, "status": {**seen, **status}}


def last(state: str, name: str = "u1", message: str = "", **fields: Any) -> dict[str, Any]:
    update = {"generation": 2, "reconcileRequest": "r", "type": "up", "name": name}
    return {**update, "state": state, "message": message, **fields}


def stalled(reason: str, message: str = "") -> list[dict[str, str]]:
    return [{"type": "Stalled", "status": "True", "reason": reason, "message": message}]


def pursuit(**settings: Any) -> Pursuit:
    return Pursuit(0.0, **{**LIMITS, **settings})


@pytest.mark.parametrize(
    ("seen", "action", "codes"),
    [
        (stack(), Action.WAIT, []),
        (stack(lastUpdate=last("succeeded")), Action.DONE, []),
        (stack(lastUpdate=last("succeeded", generation=1)), Action.WAIT, []),
        (stack(lastUpdate=last("succeeded", reconcileRequest="q")), Action.WAIT, []),
        (stack(lastUpdate=last("succeeded"), currentUpdate={"name": "u2"}), Action.WAIT, []),
        (stack(lastUpdate=last("failed", message="boom")), Action.FAILED, ["engine-failed"]),
        (
            stack(lastUpdate=last("failed", message="error: x already exists")),
            Action.FAILED,
            ["object-exists"],
        ),
        (
            stack(
                lastUpdate=last("failed", message='Apply failed with 1 conflict: conflict with "m"')
            ),
            Action.FAILED,
            ["field-conflict"],
        ),
        (
            stack(lastUpdate=last("failed", message="the stack is currently locked by 1 lock(s)")),
            Action.RESTART,
            [],
        ),
        (stack(lastUpdate=last("failed")), Action.WAIT, []),
        (
            stack(lastUpdate=last("failed", message="error reading from server: EOF")),
            Action.WAIT,
            [],
        ),
        (
            stack(
                lastUpdate=last("failed", message="error reading from server: EOF", failures=3),
                conditions=stalled("UpdateFailed"),
            ),
            Action.FAILED,
            ["engine-failed"],
        ),
        (stack(conditions=stalled("SpecInvalid", "bad")), Action.FAILED, ["workspace-failed"]),
        (stack(conditions=stalled("UpdateFailed", "an earlier request")), Action.WAIT, []),
        (stack(deleting=True, lastUpdate=last("succeeded")), Action.WAIT, []),
        (stack(deleting=True, lastUpdate=last("failed", message="old")), Action.WAIT, []),
        (
            stack(deleting=True, lastUpdate=last("failed", type="destroy", message="boom")),
            Action.FAILED,
            ["engine-failed"],
        ),
        (stack(deleting=True, conditions=stalled("NamespaceTerminating")), Action.RELEASE, []),
    ],
)
def test_what_a_status_means(seen: dict[str, Any], action: Action, codes: list[str]) -> None:
    """One look at a status, right after the request."""
    finding = pursuit().step(Sight(seen), 1.0)
    assert (finding.action, [problem.code for problem in finding.problems]) == (action, codes)


def test_a_failure_is_told_once() -> None:
    """The same failed update is waited out; given up, it is asked for again; a new one is told."""
    watched = pursuit()
    failed = stack(lastUpdate=last("failed", message="boom"))
    assert watched.step(Sight(failed), 1.0).action is Action.FAILED
    assert watched.step(Sight(failed), 2.0).action is Action.WAIT
    gave_up = stack(lastUpdate=last("failed"), conditions=stalled("UpdateFailed"))
    assert watched.step(Sight(gave_up), 3.0).action is Action.RETRY
    again = stack(lastUpdate=last("failed", "u2", "boom"))
    assert watched.step(Sight(again), 4.0).action is Action.FAILED
    assert pursuit(ignore="u1").step(Sight(failed), 1.0).action is Action.WAIT


def test_a_lost_update() -> None:
    """It is cleared when it has been missing for a while, and not before, nor if it comes back."""
    watched, seen = pursuit(), stack(currentUpdate={"name": "u1"})
    assert watched.step(Sight(seen, looked=True), 0.5).action is Action.WAIT
    assert watched.step(Sight(seen, looked=True, update={}), 1.0).action is Action.WAIT
    assert watched.step(Sight(seen, looked=True), 2.0).action is Action.WAIT
    assert watched.step(Sight(seen), 2.0 + LOST).action is Action.WAIT
    assert watched.step(Sight(seen, looked=True), 2.0 + LOST).action is Action.CLEAR
    assert watched.step(Sight(seen, looked=True), 3.0 + LOST).action is Action.WAIT


def test_an_update_without_end() -> None:
    """At its limit the pod is replaced, once for each span; its failure says that it took long."""
    watched, seen = pursuit(), stack(currentUpdate={"name": "u1"})
    assert watched.step(Sight(seen), 10.0).action is Action.WAIT
    assert watched.step(Sight(seen), 109.0).action is Action.WAIT
    assert watched.step(Sight(seen), 110.0).action is Action.RESTART
    assert watched.step(Sight(seen), 111.0).action is Action.WAIT
    failed = stack(lastUpdate=last("failed", message="canceled"))
    found = watched.step(Sight(failed), 112.0)
    assert [problem.code for problem in found.problems] == ["update-too-long", "engine-failed"]


def test_a_workspace_without_rights() -> None:
    """Its binding is made again first; then that it is of no use is told."""
    workspace = {"status": {"conditions": [{"type": "Ready", "reason": "Unauthenticated"}]}}
    sight = Sight(stack(), looked=True, workspace=workspace)
    watched = pursuit()
    assert watched.step(sight, 5.0).action is Action.GRANT
    assert watched.step(sight, 6.0).action is Action.WAIT
    [problem] = watched.step(sight, 60.0).problems
    assert problem.code == "workspace-unauthenticated"


def test_nothing_happens() -> None:
    """An operator that does not look is told soon, a workspace that does not start after longer."""
    unseen = stack(observedReconcileRequest="before")
    assert pursuit().step(Sight(unseen), SILENCE - 1).action is Action.WAIT
    assert pursuit().step(Sight(unseen), SILENCE).problems[0].code == "pko-silent"
    begun = stack(observedReconcileRequest="", observedGeneration=0, conditions=stalled("X"))
    begun["status"]["conditions"][0]["type"] = "Reconciling"
    assert pursuit().step(Sight(begun), SILENCE).action is Action.WAIT
    sight = Sight(stack(), looked=True, workspace=None)
    assert pursuit().step(sight, 199.0).action is Action.WAIT
    assert pursuit().step(sight, 200.0).problems[0].code == "workspace-not-ready"


def test_the_hash_is_the_outputs() -> None:
    """What was applied is what the program says it read, whatever was asked for."""
    assert applied_hash(stack(outputs={"planHash": "h"})) == "h"
    assert applied_hash(stack()) == ""
