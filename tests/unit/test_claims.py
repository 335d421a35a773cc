"""Whose an existing object is: what proves that it is a ModelService's, and what does not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from services import BASE_CONFIG, model_service

from msvc_pulumi.cluster.claims import (
    ADOPT,
    Claim,
    Claimant,
    Place,
    claim,
    is_given,
    object_exists,
)
from msvc_pulumi.out.declaration import MADE_FOR, declarations
from msvc_pulumi.plan import PlanOptions, plan_model_service

LIVE = Claimant("team", "llama", "uid-now")
FILE = Claimant("team", "llama")
PLACE = Place("apps/v1", "Deployment", "team", "llama-decode")
PULUMI = {"manager": "pulumi-kubernetes", "operation": "Update", "time": "2026-11-02T10:00:00Z"}
APPLIED = {**PULUMI, "manager": "pulumi-kubernetes-1a2b3c4d", "operation": "Apply"}
KUBECTL = {**PULUMI, "manager": "kubectl-create", "time": "2026-11-01T10:00:00Z"}


def owned(name: str = "llama", uid: str = "uid-now", **more: Any) -> dict[str, Any]:
    reference = {"apiVersion": "llm-d.ai/v1alpha1", "kind": "ModelService"}
    return {"ownerReferences": [{**reference, "name": name, "uid": uid, **more}]}


def annotated(**annotations: str) -> dict[str, Any]:
    return {"annotations": annotations}


def managed(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"managedFields": [*entries]}


# What an object has → the claim of a live ModelService, and that of one from a file.
CASES: dict[str, tuple[dict[str, Any], Claim, Claim]] = {
    "nothing": ({}, Claim.OTHERS, Claim.OTHERS),
    "no managers": ({"managedFields": None}, Claim.OTHERS, Claim.OTHERS),
    "somebody's": (managed(KUBECTL), Claim.OTHERS, Claim.OTHERS),
    "some Pulumi program's": (managed(APPLIED), Claim.OTHERS, Claim.OTHERS),
    "owned by us": (owned(), Claim.OWN, Claim.OWN),
    "owned by us and somebody": (
        {
            "ownerReferences": [
                {"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "other"},
                *owned()["ownerReferences"],
            ]
        },
        Claim.OWN,
        Claim.OWN,
    ),
    "the original operator's": (
        owned(controller=True) | managed({**PULUMI, "manager": "manager"}),
        Claim.OWN,
        Claim.OWN,
    ),
    "owned by one before": (owned(uid="uid-before"), Claim.LEFTOVER, Claim.OWN),
    "owned by another": (owned("other", "uid-other"), Claim.OTHERS, Claim.OTHERS),
    "owned by another that gave it": (
        owned("other", "uid-other") | annotated(**{ADOPT: "llama"}),
        Claim.OTHERS,
        Claim.OTHERS,
    ),
    "owned by one of that name of another group": (
        owned(apiVersion="example.com/v1"),
        Claim.OTHERS,
        Claim.OTHERS,
    ),
    "owned by something else of that name": (
        owned(kind="Application"),
        Claim.OTHERS,
        Claim.OTHERS,
    ),
    "given": (managed(KUBECTL) | annotated(**{ADOPT: "llama"}), Claim.GIVEN, Claim.GIVEN),
    "given in full": (annotated(**{ADOPT: " team/llama "}), Claim.GIVEN, Claim.GIVEN),
    "left over and given": (
        owned(uid="uid-before") | annotated(**{ADOPT: "llama"}),
        Claim.GIVEN,
        Claim.OWN,
    ),
    "given to another": (annotated(**{ADOPT: "llama-2"}), Claim.OTHERS, Claim.OTHERS),
    "given to all": (annotated(**{ADOPT: "true"}), Claim.OTHERS, Claim.OTHERS),
    "given to nobody": (annotated(**{ADOPT: ""}), Claim.OTHERS, Claim.OTHERS),
    "given elsewhere": (annotated(**{ADOPT: "other/llama"}), Claim.OTHERS, Claim.OTHERS),
    "marked": (annotated(**{MADE_FOR: "uid-now"}), Claim.OWN, Claim.OTHERS),
    "marked for one before": (
        annotated(**{MADE_FOR: "uid-before"}),
        Claim.OTHERS,
        Claim.OTHERS,
    ),
    "marked for nobody": (annotated(**{MADE_FOR: ""}), Claim.OTHERS, Claim.OTHERS),
}


@pytest.mark.parametrize("case", CASES)
def test_who_may_have_it(case: str) -> None:
    """An owner reference, a mark and consent count; a name, a manager or an older owner do not."""
    metadata, live, from_file = CASES[case]
    metadata = {"namespace": "team", "name": "llama-decode", "uid": "uid-of-it", **metadata}
    assert claim(metadata, LIVE) is live
    assert claim(metadata, FILE) is from_file


@pytest.mark.parametrize("case", [case for case in CASES if "owned by another" not in case])
def test_what_the_state_recorded_is_ours(case: str) -> None:
    """Whoever took the owner reference away: it is the very object that this stack made. One that
    was made anew under its name is not.
    """
    metadata = {"namespace": "team", "uid": "uid-of-it", **CASES[case][0]}
    assert claim(metadata, LIVE, recorded={"uid-of-it"}) is Claim.OWN
    assert claim(metadata, LIVE, recorded={"uid-of-its-predecessor"}) is CASES[case][1]


def test_another_model_services_is_not_ours_though_recorded() -> None:
    """What another ModelService owns by now is not changed and not deleted."""
    metadata = {"namespace": "team", "uid": "x", **owned("other", "uid-other")}
    assert claim(metadata, LIVE, recorded={"x"}) is Claim.OTHERS


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([PULUMI], Claim.OWN),
        ([APPLIED], Claim.OWN),
        ([{**PULUMI, "manager": "pulumi-resource-kubernetes"}, KUBECTL], Claim.OWN),
        ([KUBECTL], Claim.OTHERS),
        ([{**PULUMI, "manager": "pulumi-kubernetesque"}], Claim.OTHERS),
        ([], Claim.OTHERS),
    ],
)
def test_what_a_killed_run_tried_is_ours_if_pulumi_made_it(
    entries: list[dict[str, Any]], expected: Claim
) -> None:
    """Somebody may have been quicker in the place that a killed run wanted."""
    metadata = {"namespace": "team", **managed(*entries)}
    assert claim(metadata, FILE, tried=True) is expected


def test_consent_across_namespaces_names_the_namespace() -> None:
    """Elsewhere a bare name would be that of a ModelService there."""
    metadata = {"namespace": "shared", **annotated(**{ADOPT: "llama"})}
    assert not is_given(metadata, LIVE)
    metadata = {"namespace": "shared", **annotated(**{ADOPT: "team/llama"})}
    assert is_given(metadata, LIVE)


@given(
    st.dictionaries(st.sampled_from([ADOPT, MADE_FOR, "x"]), st.text(max_size=12), max_size=3),
    st.lists(st.sampled_from(["llama", "other"]), max_size=2),
    st.booleans(),
)
def test_no_claim_without_proof(annotations: dict[str, str], names: list[str], tried: bool) -> None:
    """Whatever an object says: if it neither names us nor is recorded, it is not ours."""
    references = [item for name in names for item in owned(name, f"{name}-1")["ownerReferences"]]
    metadata = {"namespace": "team", "annotations": annotations, "ownerReferences": references}
    found = claim(metadata, LIVE, tried=tried)
    if annotations.get(ADOPT, "").strip() in ("llama", "team/llama") and "other" not in names:
        assert found is Claim.GIVEN
    else:
        assert not found.holds


def test_it_is_told_who_made_it_and_what_can_be_done() -> None:
    """The error names the object, its first manager, and the way that its owner has."""
    metadata = {"creationTimestamp": "2026-11-01T09:59:59Z", **managed(APPLIED, KUBECTL)}
    problem = object_exists(PLACE, metadata, LIVE)
    assert problem.code == "object-exists"
    assert 'Deployment "llama-decode" is in namespace "team"' in problem.summary
    [note] = problem.notes
    assert 'field manager "kubectl-create" (operation Update)' in note
    assert "2026-11-01T10:00:00Z" in note
    assert "kubectl annotate deployment llama-decode -n team llm-d.ai/adopt=llama" in problem.help


@pytest.mark.parametrize(
    ("metadata", "found", "expected", "not_expected"),
    [
        ({}, Claim.OTHERS, "by whom is not recorded", "field manager"),
        (managed({}), Claim.OTHERS, 'field manager "unknown"', "None"),
        (owned("other", "x"), Claim.OTHERS, 'belongs to ModelService "other"', ADOPT),
        (owned(uid="before"), Claim.LEFTOVER, "earlier ModelService", "rename"),
        (owned(kind="Application"), Claim.OTHERS, 'belongs to Application "llama"', "None"),
    ],
)
def test_less_is_known_of_some(
    metadata: dict[str, Any], found: Claim, expected: str, not_expected: str
) -> None:
    """Clusters without managers, other owners and leftovers have words of their own."""
    problem = object_exists(PLACE, metadata, LIVE, found)
    text = " ".join((problem.summary, *problem.notes, problem.help))
    assert expected in text
    assert not_expected not in text


def test_the_way_from_another_namespace_names_both() -> None:
    """Who gives an object of another namespace has to say which ModelService is meant."""
    place = Place("v1", "ConfigMap", "shared", "x")
    assert "-n shared llm-d.ai/adopt=team/llama" in object_exists(place, {}, LIVE).help


@pytest.mark.parametrize("uid", ["uid-now", ""])
def test_what_cannot_be_owned_is_marked(uid: str) -> None:
    """An object in another namespace carries the uid that its owner reference cannot."""
    item = "- metadata: {name: elsewhere, namespace: shared}\n- metadata: {name: here}\n"
    base = {**BASE_CONFIG, "data": {**BASE_CONFIG["data"], "configMaps": item}}
    plan = plan_model_service(model_service("team", "llama"), base, PlanOptions(owner_uid=uid))
    marked = {
        item.properties["metadata"]["name"]: item.properties["metadata"]["annotations"][MADE_FOR]
        for item in declarations("llama", plan)
        if MADE_FOR in item.properties["metadata"]["annotations"]
    }
    assert marked == ({"elsewhere": uid} if uid else {})
