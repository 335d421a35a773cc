"""`msvc up` goes on where the engine lost a cluster that is still there, and nowhere else."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from msvc_pulumi.cli import stack
from msvc_pulumi.cli.stack import TRIES, _again
from msvc_pulumi.cluster.errors import unreachable
from msvc_pulumi.engine.diagnosis.failures import EngineError
from msvc_pulumi.errors import Diagnostic, ModelServiceError
from msvc_pulumi.progress import Display

LOST = EngineError([Diagnostic("cluster-unreachable", "the Kubernetes cluster does not answer")])
BEGUN = EngineError([Diagnostic("service-range-full", "the cluster had no room for a serviceIP")])
STUCK = EngineError([Diagnostic("field-conflict", "somebody else set a field")])


class Cluster:
    """One that answers, or has gone."""

    def __init__(self, *, is_there: bool) -> None:
        self.is_there, self.asked = is_there, 0

    def get(self, *_: str) -> dict[str, Any]:
        self.asked += 1
        if not self.is_there:
            raise unreachable("https://x", OSError("refused"))
        return {"metadata": {"uid": "1"}}


def run(cluster: Cluster, *outcomes: ModelServiceError | str) -> tuple[str, int, list[str]]:
    """What came of an action with these outcomes, how often it ran, and what was said."""
    left, said = list(outcomes), list[str]()

    def action() -> str:
        outcome = left.pop(0)
        if isinstance(outcome, ModelServiceError):
            raise outcome
        return outcome

    session: Any = SimpleNamespace(cluster=cluster)
    try:
        came = _again(session, action, Display(said.append))
    except ModelServiceError as error:
        came = error.diagnostics[0].code
    return came, len(outcomes) - len(left), said


@pytest.mark.parametrize(
    ("outcomes", "is_there", "wanted", "times"),
    [
        (["done"], True, "done", 1),
        ([LOST, LOST, "done"], True, "done", 3),
        ([BEGUN, "done"], True, "done", 2),
        ([LOST] * (TRIES + 1), True, "cluster-unreachable", TRIES),
        ([LOST, "done"], False, "cluster-unreachable", 1),
        ([STUCK, "done"], True, "field-conflict", 1),
    ],
    ids=["well", "lost-twice", "begun", "lost-for-good", "gone", "other"],
)
def test_only_a_cluster_that_answers_again_is_worth_a_try(
    monkeypatch: pytest.MonkeyPatch,
    outcomes: list[ModelServiceError | str],
    is_there: bool,
    wanted: str,
    times: int,
) -> None:
    monkeypatch.setattr(stack, "BEGINNING", 0.0)
    came, ran, said = run(Cluster(is_there=is_there), *outcomes)
    assert (came, ran) == (wanted, times)
    assert len(said) == times - 1
    assert all(one.endswith("so once more") for one in said)
    assert not any("now it does" in one for one in said if "no room" in one)
