"""A preview is left out only where an update changes and deletes nothing of what the stack has."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

import pytest
import yaml
from listeningengine import Engine
from samplestacks import NAMES, sample

from msvc_pulumi.engine.hosts.planhost import PlanHost
from msvc_pulumi.engine.state.comparison import Comparison
from msvc_pulumi.out.declaration import KEPT_POOL, declarations
from msvc_pulumi.plan import Plan, plan_model_service


def plan(name: str = "facebook", edit: str = "") -> Plan:
    """The plan of a sample whose spec has the parts of ``edit``, in YAML, instead of its own."""
    service, base = sample(name)
    spec = {**service["spec"], **yaml.safe_load(edit or "{}")}
    return plan_model_service({**service, "spec": spec}, base)


def state(*plans: Plan) -> dict[str, Any]:
    """What an engine that was told these plans notes."""
    engine = Engine()
    engine.run(PlanHost(plans))
    return {
        "resources": [
            {
                "urn": urn,
                "type": request["type"],
                "inputs": request.get("object", {}),
                "outputs": {
                    **request.get("object", {}),
                    "metadata": {
                        **request.get("object", {}).get("metadata", {}),
                        "uid": f"uid of {request['name']}",
                    },
                },
            }
            for urn, request in engine.registered.items()
        ]
    }


def alterations(before: dict[str, Any], plans: list[Plan]) -> list[str]:
    """What is declared otherwise; nothing was seen that was not declared."""
    found = Comparison.of(before, plans)
    assert not found.deviating
    return [*found.altered]


def names(urns: Iterable[str]) -> list[str]:
    return [urn.rpartition("::")[2] for urn in urns]


@pytest.mark.parametrize("name", NAMES)
def test_the_same_again_alters_nothing(name: str) -> None:
    assert alterations(state(plan(name)), [plan(name)]) == []


def test_another_one_beside_it_alters_nothing() -> None:
    """Nor does the first one of a stack."""
    assert alterations({}, [plan()]) == []
    assert alterations(state(plan()), [plan(), plan("simple")]) == []


def test_what_changes_is_named() -> None:
    edited = plan(edit="decode: {replicas: 3}")
    assert "facebook-opt-125m-decode-deployment" in names(alterations(state(plan()), [edited]))


def test_what_is_declared_no_more_is_named() -> None:
    before = state(plan(), plan("simple"))
    gone = names(alterations(before, [plan()]))
    assert gone
    assert all(name.startswith(f"{plan('simple').name}-") for name in gone)


def test_a_pool_that_is_another_one_restarts_its_picker() -> None:
    before = state(plan())
    [pool] = [one for one in before["resources"] if one["type"].endswith(":InferencePool")]
    pool["outputs"]["metadata"]["uid"] = "of another"
    assert names(alterations(before, [plan()])) == ["facebook-opt-125m-epp-deployment"]


@pytest.mark.parametrize("note", ["delete", "pendingReplacement", "taint", "initErrors"])
def test_what_has_begun_is_named(note: str) -> None:
    before = state(plan())
    before["resources"][-1][note] = True
    assert alterations(before, [plan()]) == [before["resources"][-1]["urn"]]


def test_a_pool_that_is_to_be_made_restarts_its_picker() -> None:
    before = state(plan())
    before["resources"] = [
        one for one in before["resources"] if not one["type"].endswith(":InferencePool")
    ]
    assert names(alterations(before, [plan()])) == ["facebook-opt-125m-epp-deployment"]


def test_a_pool_that_was_kept_restarts_nothing() -> None:
    """Its picker is declared without the pool's uid."""
    before = state(plan())
    [pool] = [one for one in before["resources"] if one["type"].endswith(":InferencePool")]
    uid = pool["outputs"]["metadata"]["uid"]
    own = pool["outputs"]["metadata"]["annotations"]
    pool["outputs"]["metadata"]["annotations"] = {**own, KEPT_POOL: uid}
    [picker] = [one for one in before["resources"] if "epp-deployment" in one["urn"]]
    declared = {one.key: one.properties for one in declarations("x", plan())}
    picker["inputs"] = picker["outputs"] = declared["eppDeployment"]
    assert Comparison.of(before, [plan()]) == Comparison((), ())


@pytest.mark.parametrize(
    ("path", "value", "deviates"),
    [
        ("spec.replicas", 5, True),
        ("spec.template.spec.containers", [], True),
        ("spec.revisionHistoryLimit", 10, False),
        ("status", {"replicas": 5}, False),
    ],
)
def test_what_was_seen_otherwise_is_named(path: str, value: Any, deviates: bool) -> None:
    """What the server or somebody else has put beside it is nothing."""
    before = state(plan())
    [decode] = [one for one in before["resources"] if "decode-deployment" in one["urn"]]
    live = decode["outputs"] = copy.deepcopy(decode["outputs"])
    *parents, last = path.split(".")
    for parent in parents:
        live = live[parent]
    live[last] = value
    found = Comparison.of(before, [plan()])
    assert found == Comparison((), (decode["urn"],) if deviates else ())
