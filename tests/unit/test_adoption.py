"""What the engine is told of workloads that are taken over, and how consent is asked for."""

from __future__ import annotations

import copy
from pathlib import Path
from threading import Event, Timer
from typing import Any, cast

import pytest
from services import BASE_CONFIG, model_service

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.cluster.adoption import REPLACE, Adoption, unconfirmed
from msvc_pulumi.cluster.claims import Claimant, Place
from msvc_pulumi.cluster.errors import refusal
from msvc_pulumi.cluster.foresight import Foreseen, stated
from msvc_pulumi.cluster.prospects import TOLD, Prospect
from msvc_pulumi.cluster.replacement import REPLACED, Replacement
from msvc_pulumi.out.declaration import declarations
from msvc_pulumi.plan import Plan, PlanOptions, plan_model_service

NOBODY = cast("Cluster", None)  # is asked for nothing


def planned(*, decoupled: bool) -> Plan:
    service = model_service("serving", "m", decoupleScaling=decoupled)
    return plan_model_service(service, BASE_CONFIG, PlanOptions(namespace="serving"))


def foreseen(plan: Plan, count: int, **changes: Any) -> list[Foreseen]:
    """All objects of a plan as they are there, with so many pods each."""
    found = []
    for declaration in declarations(plan.name, plan):
        before = copy.deepcopy(declaration.properties)
        before["metadata"]["uid"] = declaration.key
        if "replicas" in before.get("spec", {}):
            before["spec"]["replicas"] = count
        found.append(Foreseen(declaration, before, before, frozenset(), **changes))
    return found


@pytest.mark.parametrize("decoupled", [True, False])
def test_counts_that_are_handed_over_stay(decoupled: bool) -> None:
    """The engine is told the count that a workload has where that is not the plan's to set, and
    what is applied before it states none; everything else is as planned.
    """
    plan = planned(decoupled=decoupled)
    adoption = Adoption(NOBODY, plan, tuple(foreseen(plan, 7)))
    for was, applied in zip(plan, adoption.applied, strict=True):
        if was.key in ("prefillDeployment", "decodeDeployment") and decoupled:
            assert applied.manifest["spec"]["replicas"] == 7
            spec = {**applied.manifest["spec"], "replicas": was.manifest["spec"]["replicas"]}
            assert {**applied.manifest, "spec": spec} == was.manifest
        else:
            assert applied == was
    for declaration in declarations(plan.name, plan):
        handed_over = "spec.replicas" in declaration.ignore_changes
        assert ("replicas" in stated(declaration).get("spec", {})) == (
            "replicas" in declaration.properties.get("spec", {}) and not handed_over
        )


def test_consent_is_asked_for_by_name() -> None:
    """The command that the message shows is the annotation that is looked for."""
    plan = planned(decoupled=False)
    why = refusal("PATCH", 422, {"details": {"causes": [{"field": "roleRef", "message": "fixed"}]}})
    one = next(item for item in foreseen(plan, 1) if item.place.kind == "RoleBinding")
    replaced = Foreseen(one.declaration, one.before, None, frozenset(), why, is_replaceable=True)
    claimant = Claimant("serving", "m")
    problem = unconfirmed(replaced, claimant)
    assert problem.code == "replacement-unconfirmed"
    assert problem.notes == ("roleRef: fixed",)
    command = problem.help.partition(": ")[2]
    assert command == f"kubectl annotate rolebinding {one.place.name} -n serving {REPLACE}=m"
    assert Adoption(NOBODY, plan, (replaced,)).problems == (problem,)
    key, _, name = command.rpartition(" ")[2].partition("=")
    one.before["metadata"]["annotations"] = {key: name}
    assert Adoption(NOBODY, plan, (replaced,)).problems == ()


def test_what_is_refused_for_itself_is_not_replaced() -> None:
    """An object that no server would take is told of with the server's words."""
    plan = planned(decoupled=False)
    why = refusal("PATCH", 422, {"message": "spec is wrong"})
    one = foreseen(plan, 1)[0]
    wrong = Foreseen(one.declaration, one.before, None, frozenset(), why)
    [problem] = Adoption(NOBODY, plan, (wrong,)).problems
    assert problem.summary == "spec is wrong"
    assert problem.notes[0] == f'{one.place.kind} "{one.place.name}" is refused'


class Waiting:
    """A cluster in which pods of a new Deployment do not come, while those of the old one serve."""

    patience = None

    def list(self, *_: object) -> tuple[list[dict[str, Any]], str]:
        metadata = {"name": "old", "namespace": "serving", "annotations": {REPLACED: "m"}}
        return [{"metadata": metadata}], ""

    def get(self, *_: object) -> dict[str, Any]:
        return {"metadata": {"generation": 1}, "spec": {"replicas": 1}}


def test_waiting_for_pods_can_be_stopped() -> None:
    """Ctrl-C is not waited out for minutes."""
    place = Place("apps/v1", "Deployment", "serving", "m")
    before = {"apiVersion": "apps/v1", "kind": "Deployment"}
    replacement = Replacement(cast("Cluster", Waiting()), place, before)
    stopped = Event()
    Timer(0.05, stopped.set).start()
    waits = replacement.finish(600.0, stopped)
    assert waits is not None
    assert waits.code == "replacement-waits"


def test_the_page_for_scripts_names_what_adopt_prints() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "scripting.md").read_text()
    (row,) = (line for line in page.splitlines() if line.startswith("| `adopt` |"))
    one = Prospect("serving/m", Place("v1", "Service", "serving", "m"), "adopt")
    assert {word for word in (*one.plain(), *TOLD) if f"`{word}`" not in row} == set()
