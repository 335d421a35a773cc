"""Sets of fields: what is moved and what goes is exactly what nobody else has."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msvc_pulumi.cluster.fieldsets import Fields, nested, paths, solely, split, united, without
from msvc_pulumi.cluster.predecessors import ADOPTER, handed, predecessors, renamed

STEPS = st.sampled_from(["f:a", "f:b", "f:c", 'k:{"name":"x"}', 'v:"y"'])
SETS: st.SearchStrategy[Fields] = st.recursive(
    st.just({}), lambda inner: st.dictionaries(STEPS, inner, max_size=3), max_leaves=8
)
LISTED = {
    "f:spec": {
        "f:list": {'k:{"name":"a"}': {".": {}, "f:name": {}, "f:value": {}}, 'v:"plain"': {}},
        "f:map": {"f:one": {}},
    }
}
POD = {
    "spec": {
        "list": [{"name": "a", "value": 1}, {"name": "b"}, "plain"],
        "map": {"one": 1, "two": 2},
    }
}


@given(SETS, SETS)
def test_a_union_leaves_nothing_alone(one: Fields, other: Fields) -> None:
    """What either has is in both together, and nothing of it goes while both stay."""
    both = united([one, other])
    assert solely(one, both) == {}
    assert solely(other, both) == {}
    assert united([both, one]) == both


@given(SETS, st.sampled_from(["a", "a.b", "b.c.a"]))
def test_parts_are_the_whole(fields: Fields, path: str) -> None:
    """What is kept and what is not are together what there was."""
    rest, own = split(fields, [path])
    assert united([rest, own]) == fields
    assert not own or not solely(own, united([nested(path), own]))


def test_without() -> None:
    """Items and keys go as a whole or in part; what is in no set stays."""
    kept = without(POD, solely(LISTED, {}))
    assert kept == {"spec": {"list": [{"name": "b"}], "map": {"two": 2}}}
    others: Fields = {"f:spec": {"f:list": {'k:{"name":"a"}': {"f:name": {}}}}}
    kept = without(POD, solely(LISTED, others))
    assert kept["spec"]["list"] == [{"name": "a"}, {"name": "b"}]
    assert [*paths(solely(LISTED, others))] == [
        "spec.list[name=a].value",
        'spec.list["plain"]',
        "spec.map.one",
    ]


def entry(manager: str, fields: Fields, operation: str = "Update", **more: Any) -> dict[str, Any]:
    return {"manager": manager, "operation": operation, "fieldsV1": fields, **more}


OWNED = {"f:metadata": {"f:ownerReferences": {".": {}, 'k:{"uid":"u"}': {}}}}
OWNER = {"kind": "ModelService", "name": "granite", "uid": "u"}


@pytest.mark.parametrize(
    ("entries", "found"),
    [
        ([entry("manager", OWNED)], {"manager"}),
        ([entry("other-name", OWNED), entry("manager", {"f:data": {}})], {"other-name"}),
        ([entry("manager", {"f:data": {}})], set()),  # some other operator
        ([entry("kubectl-edit", OWNED)], set()),
        ([entry("pulumi-kubernetes", OWNED)], set()),
        ([entry("manager", OWNED, "Apply")], set()),
        ([entry("manager", OWNED, subresource="status")], set()),
    ],
)
def test_predecessors(entries: list[dict[str, Any]], found: set[str]) -> None:
    """Who wrote the owner reference, by whatever name; never people, and never Pulumi."""
    assert predecessors({"ownerReferences": [OWNER], "managedFields": entries}) == found
    assert predecessors({"managedFields": entries}) == set()


def test_renamed() -> None:
    """Entries become one of the new name, with all they own but for what is kept; others stay."""
    spec = {"f:spec": {"f:replicas": {}, "f:selector": {}}}
    reports = entry("manager", {"f:status": {}}, subresource="status")
    by_hand = entry("kubectl-edit", {"f:data": {}})
    metadata = {
        "managedFields": [
            entry("manager", spec, apiVersion="apps/v1"),
            reports,
            by_hand,
            entry(ADOPTER, {"f:data": {"f:x": {}}}, "Apply"),
        ]
    }
    entries = handed(metadata, {"manager"})
    assert entries == {("manager", "Update"), (ADOPTER, "Apply")}
    result = renamed(metadata, entries, (ADOPTER, "Apply"), ["spec.replicas"])
    assert result == [
        entry("manager", {"f:spec": {"f:replicas": {}}}, apiVersion="apps/v1"),
        reports,
        by_hand,
        entry(ADOPTER, {"f:spec": {"f:selector": {}}, "f:data": {"f:x": {}}}, "Apply"),
    ]
    again = {"managedFields": result}
    assert renamed(again, handed(again, ()), (ADOPTER, "Apply")) == result
