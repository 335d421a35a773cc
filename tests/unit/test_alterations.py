"""A preview is left out only where an update changes and deletes nothing of what the stack has."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from listeningengine import Engine
from samplestacks import NAMES, sample

from msvc_pulumi.engine.hosts.planhost import PlanHost
from msvc_pulumi.engine.state.alterations import alterations
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


def names(urns: list[str]) -> list[str]:
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


@pytest.mark.parametrize("note", ["delete", "pendingReplacement", "taint"])
def test_a_replacement_that_has_begun_is_named(note: str) -> None:
    before = state(plan())
    before["resources"][-1][note] = True
    assert alterations(before, [plan()]) == [before["resources"][-1]["urn"]]
