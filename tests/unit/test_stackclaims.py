"""Whose the objects are that a killed run left, by what the state and the cluster say of them."""

from __future__ import annotations

from typing import Any

import pytest

from msvc_pulumi.cluster.claims import ADOPT, Claimant, Place
from msvc_pulumi.engine.claims.stackclaims import StackClaims
from msvc_pulumi.engine.state.stateobjects import StateObject

PLACE = Place("v1", "ConfigMap", "here", "x")
CLAIMANT = Claimant("here", "a")
BEGUN = {
    PLACE: {
        "urn": "urn:x",
        "type": "kubernetes:core/v1:ConfigMap",
        "inputs": {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}},
    }
}
OF_ANOTHER = {"apiVersion": "llm-d.ai/v1alpha1", "kind": "ModelService", "name": "b", "uid": "b"}
OF_THIS = {**OF_ANOTHER, "name": "a", "uid": "a"}


def metadata(manager: str = "pulumi-kubernetes-1", **more: Any) -> dict[str, Any]:
    found = {"name": "x", "namespace": "here", "uid": "live"}
    return {**found, "managedFields": [{"manager": manager}], **more}


@pytest.mark.parametrize("planned", [{}, {PLACE: CLAIMANT}])
def test_what_the_engine_noted_is_recorded(planned: dict[Place, Claimant]) -> None:
    """If Pulumi made it: to be kept if it is planned, and else deleted by the engine."""
    claims = StackClaims.judged({PLACE: metadata()}, planned, {}, tried={PLACE}, begun=BEGUN)
    [made] = claims.made
    assert (made["id"], made["outputs"]["metadata"]["uid"]) == ("here/x", "live")
    assert claims == StackClaims(made=claims.made)


@pytest.mark.parametrize(
    "live",
    [
        metadata("kubectl"),
        metadata(ownerReferences=[OF_ANOTHER]),
        metadata(deletionTimestamp="2026-01-01T00:00:00Z"),
        metadata("manager", ownerReferences=[OF_THIS]),
    ],
)
def test_nothing_else_is(live: dict[str, Any]) -> None:
    """Neither what somebody else made or owns, nor what is about to go; an owner reference to the
    ModelService says whose it is, not who made it.
    """
    claims = StackClaims.judged({PLACE: live}, {}, {}, begun=BEGUN, owner=CLAIMANT)
    assert claims == StackClaims()
    claims = StackClaims.judged({PLACE: live}, {}, {}, tried={PLACE}, begun=BEGUN)
    assert claims == StackClaims()
    assert not StackClaims.judged({PLACE: live}, {}, {}, tried={PLACE}).abandoned


def test_what_nobody_noted_is_taken_over_or_abandoned() -> None:
    """Without checkpoints only the places are known: what is not planned there is deleted."""
    live = {PLACE: metadata()}
    assert StackClaims.judged(live, {}, {}, tried={PLACE}).abandoned == {PLACE: "live"}
    assert StackClaims.judged(live, {}, {}, {"live"}).abandoned == {PLACE: "live"}
    assert not StackClaims.judged(live, {}, {}).abandoned
    assert StackClaims.judged(live, {PLACE: CLAIMANT}, {}, tried={PLACE}).resumed == {PLACE}
    known = {PLACE: StateObject("urn:x", PLACE, "live")}
    assert StackClaims.judged(live, {}, known, {"live"}) == StackClaims()


def test_what_an_earlier_operator_made_is_taken_over_first() -> None:
    """Also where the engine had noted that it was about to write it: its fields are moved yet."""
    owned = {"f:metadata": {"f:ownerReferences": {'k:{"uid":"a"}': {}}}}
    entry = {"manager": "manager", "operation": "Update", "fieldsV1": owned}
    live = metadata(ownerReferences=[OF_THIS])
    live["managedFields"] = [entry, *live["managedFields"]]
    found = StackClaims.judged({PLACE: live}, {PLACE: CLAIMANT}, {}, begun=BEGUN)
    assert (found.inherited, found.taken, found.made) == ({PLACE}, {PLACE}, ())
    assert not found.resumed
    assert not found.given


def test_what_somebody_gave_away_is_told_from_what_an_earlier_operator_made() -> None:
    live = metadata(annotations={ADOPT: CLAIMANT.name})
    found = StackClaims.judged({PLACE: live}, {PLACE: CLAIMANT}, {})
    assert found.inherited == found.given == {PLACE}
