"""The status: right values, and one condition that sums them up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import yaml

from msvc_pulumi.api.crd import custom_resource_definition
from msvc_pulumi.errors import Diagnostic, Diagnostics, FieldPath, Severity
from msvc_pulumi.operator.status.statusreport import Assessment, status_of
from msvc_pulumi.plan import Plan, plan_model_service

SERVICE = yaml.safe_load(
    """
apiVersion: llm-d.ai/v1alpha1
kind: ModelService
metadata: {name: a, namespace: ns}
spec:
  modelArtifacts: {uri: "hf://facebook/opt-125m"}
  routing: {modelName: facebook/opt-125m}
  decode: {replicas: 2, containers: [{name: c, image: i}]}
"""
)
NAME = ("Deployment", "a-decode")


def plan() -> Plan:
    return plan_model_service(SERVICE)


def live(wanted: int = 2, **status: Any) -> dict[tuple[str, str], Any]:
    counts = {"readyReplicas": 2, "availableReplicas": 2, "updatedReplicas": 2}
    return {
        NAME: {
            "kind": "Deployment",
            "metadata": {"name": "a-decode", "generation": 3},
            "spec": {"replicas": wanted},
            "status": {"observedGeneration": 3, **counts, **status},
        }
    }


def conditions(status: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {item["type"]: (item["status"], item["reason"]) for item in status["conditions"]}


def test_everything_ready() -> None:
    """Applied and all pods available is Ready, with counts and names as they are."""
    status = status_of(Assessment(4, plan(), applied=True), live(), {})

    assert conditions(status)["Ready"] == ("True", "Ready")
    assert conditions(status)["DecodeReady"] == ("True", "PodsReady")
    assert (status["decodeReady"], status["decodeAvailable"]) == ("2/2", 2)
    assert status["decodeServiceAccountRef"] == "a-sa"
    assert "prefillReady" not in status
    assert status["planHash"] == plan().hash
    assert {item.get("observedGeneration") for item in status["conditions"]} == {4}


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ({}, "Missing"),
        (live(observedGeneration=2), "Progressing"),
        (live(updatedReplicas=1), "Progressing"),
        (live(replicas=3), "Progressing"),
        (live(availableReplicas=1), "PodsNotReady"),
        (live(wanted=3, updatedReplicas=3), "PodsNotReady"),
    ],
)
def test_a_role_that_is_not_ready_says_why(found: dict[Any, Any], reason: str) -> None:
    """One role that is not ready makes the whole not ready, for that role's reason."""
    status = status_of(Assessment(4, plan(), applied=True), found, {})

    assert conditions(status)["DecodeReady"] == ("False", reason)
    assert conditions(status)["Ready"] == ("False", reason)


def test_pods_that_no_node_takes_are_the_reason() -> None:
    """What the scheduler says of the pods goes before what their Deployment says."""
    status = status_of(
        Assessment(4, plan(), applied=True),
        live(availableReplicas=1),
        {},
        {"a-decode": ("no node takes a pod: 0/4 nodes are available",)},
    )

    assert conditions(status)["Ready"] == ("False", "Unschedulable")
    assert status["conditions"][0]["message"] == (
        "Deployment a-decode: 1 of 2 pods are available; "
        "no node takes a pod: 0/4 nodes are available"
    )


def test_no_pods_wanted_is_ready() -> None:
    """A role scaled to zero lacks nothing."""
    found = live(wanted=0, readyReplicas=0, availableReplicas=0, updatedReplicas=0)
    status = status_of(Assessment(4, plan(), applied=True), found, {})

    assert conditions(status)["DecodeReady"] == ("True", "ScaledToZero")
    assert conditions(status)["Ready"][0] == "True"


def test_an_error_is_told_with_its_diagnostic_and_keeps_the_rest() -> None:
    """What was applied before stays in the status, beside the diagnostic of what was not."""
    before = status_of(Assessment(4, plan(), applied=True), live(), {})
    problem = Diagnostic("template-exec", "it broke", field=FieldPath.of("spec", "x"))

    status = status_of(Assessment(5, None, None, (problem,)), live(), before)

    assert conditions(status)["Ready"] == ("False", "TemplateExec")
    assert "spec.x" in status["conditions"][0]["message"]
    assert conditions(status)["DecodeReady"] == ("True", "PodsReady")
    assert "planHash" not in status  # in a merge patch: it stays what it was


def test_floods_fit_into_the_status_and_are_counted() -> None:
    """A message has room for the line that counts what it does not show, and so have warnings."""
    long = "x" * 3_000
    errors = Diagnostics([Diagnostic("required", f"{n} {long}", notes=(long,)) for n in range(500)])
    failed = status_of(Assessment(1, None, applied=False, problems=tuple(errors)), {}, {})
    (message,) = (item["message"] for item in failed["conditions"] if item["type"] == "Applied")
    assert len(message) <= 32_768
    assert message.splitlines()[-1].startswith("500 errors; ")

    warnings = Diagnostics([Diagnostic("x", str(n), Severity.WARNING) for n in range(500)])
    warned = replace(plan(), diagnostics=tuple(warnings))
    shown = status_of(Assessment(1, warned, applied=True), live(), {})["warnings"]
    assert len(shown) == 21
    assert shown[-1] == "warning[not-shown]: 480 more warnings are not shown"


def test_an_unchanged_condition_keeps_its_time() -> None:
    """Only a change of its status changes when a condition last changed."""
    before = status_of(Assessment(4, plan(), applied=True), live(), {})
    for item in before["conditions"]:
        item["lastTransitionTime"] = "2020-01-01T00:00:00Z"

    status = status_of(Assessment(5, plan(), applied=True), live(availableReplicas=1), before)

    times = {item["type"]: item["lastTransitionTime"] for item in status["conditions"]}
    assert times["Applied"] == "2020-01-01T00:00:00Z"
    assert times["Ready"] != "2020-01-01T00:00:00Z"


def test_a_role_that_is_gone_leaves_no_trace() -> None:
    """Fields of a role that is not planned any more are removed."""
    before = {"prefillReady": "1/1", "prefillDeploymentRef": "a-prefill"}

    status = status_of(Assessment(4, plan(), applied=True), live(), before)

    assert status["prefillReady"] is None
    assert status["prefillDeploymentRef"] is None


def test_every_field_is_in_the_definition() -> None:
    """The API server keeps all that is written: every field is one that the CRD has."""
    version = custom_resource_definition()["spec"]["versions"][0]
    known = version["schema"]["openAPIV3Schema"]["properties"]["status"]["properties"]
    warned = Plan("a", "ns", plan().objects, (Diagnostic("x", "y"),))

    status = status_of(Assessment(4, warned, applied=True), live(), {})

    assert status.keys() <= known.keys()
