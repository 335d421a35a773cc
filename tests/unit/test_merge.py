"""The merge: tables for what users rely on, properties for what must always hold."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from msvc_pulumi.errors import FieldPath
from msvc_pulumi.merge import policies
from msvc_pulumi.merge.strategies import Rules
from msvc_pulumi.merge.walker import merge

TABLE = yaml.safe_load((Path(__file__).parent / "merge" / "containers.yaml").read_text())


def pod(value: dict[str, Any]) -> dict[str, Any]:
    return {"spec": {"template": {"spec": value}}}


@pytest.mark.parametrize("case", TABLE, ids=lambda case: case["description"])
def test_deployments(case: dict[str, Any]) -> None:
    """Base and overlay pods merge as the table says, and neither side is changed."""
    base, overlay = copy.deepcopy(case["base"]), copy.deepcopy(case["overlay"])

    merged = merge(pod(base), pod(overlay), policies.deployment())

    assert pod(case["want"]) == merged.value
    assert (base, overlay) == (case["base"], case["overlay"])
    assert merged.clashes == ()


@pytest.mark.parametrize(
    ("policy", "want"),
    [("prepend", ["o", "b"]), ("append", ["b", "o"]), ("replace", ["o"])],
)
def test_args_policy(policy: str, want: list[str]) -> None:
    """``spec.mergePolicy.args`` decides where the ModelService's args go."""
    base = pod({"containers": [{"name": "a", "args": ["b"]}]})
    overlay = pod({"containers": [{"name": "a", "args": ["o"]}]})

    merged = merge(base, overlay, policies.deployment(policy))

    assert pod({"containers": [{"name": "a", "args": want}]}) == merged.value


def test_parent_references_merge_by_name_while_that_is_unambiguous() -> None:
    """One reference of a name overrides the base's of that name, whatever else it states."""
    base = {"spec": {"parentRefs": [{"name": "gw", "namespace": "infra", "port": 80}]}}
    overlay = {"spec": {"parentRefs": [{"name": "gw", "port": 443}]}}

    merged = merge(base, overlay, policies.HTTP_ROUTE)

    want = [{"name": "gw", "namespace": "infra", "port": 443}]
    assert want == merged.value["spec"]["parentRefs"]


def test_empty_parts_of_a_parent_reference_keep_the_base() -> None:
    """Only an empty group is one, that of Services; the rest no API server takes."""
    base = {"name": "g", "group": "x", "kind": "K", "namespace": "n", "port": 1}
    overlay = {"name": "g", "group": "", "kind": "", "namespace": "", "port": 0}

    sides = [{"spec": {"parentRefs": [reference]}} for reference in (base, overlay)]
    merged = merge(*sides, policies.HTTP_ROUTE)

    assert merged.value["spec"]["parentRefs"] == [{**base, "group": ""}]


def test_parent_references_of_one_name_are_told_apart() -> None:
    """Of several references of a name only the one that agrees is overridden (Q24)."""
    base = {"spec": {"parentRefs": [{"name": "g", "namespace": n} for n in ("a", "b")]}}
    overlay = {"spec": {"parentRefs": [{"name": "g", "namespace": "b", "sectionName": "s"}]}}

    merged = merge(base, overlay, policies.HTTP_ROUTE)

    want = [{"name": "g", "namespace": "a"}, {"name": "g", "namespace": "b", "sectionName": "s"}]
    assert want == merged.value["spec"]["parentRefs"]


def test_a_clash_names_both_places_and_keeps_the_base() -> None:
    """Values of different shapes are reported with both paths; all of them in one go."""
    merged = merge({"a": {"x": 1}, "b": [1]}, {"a": "text", "b": {"y": 2}}, Rules())

    assert [str(clash.overlay) for clash in merged.clashes] == ["a", "b"]
    assert merged.clashes[0].message == "cannot merge a string into a mapping"
    assert {"a": {"x": 1}, "b": [1]} == merged.value


def test_sources_name_the_side_and_path_of_every_leaf() -> None:
    """Every leaf of the result can be followed to the side and path it came from."""
    base = pod({"containers": [{"name": "a", "args": ["b"]}, {"name": "z"}]})
    overlay = pod({"containers": [{"name": "z", "image": "i"}]})

    merged = merge(base, overlay, policies.deployment())

    image = FieldPath.of("spec", "template", "spec", "containers", 1, "image")
    source = FieldPath.of("spec", "template", "spec", "containers", 0, "image")
    assert merged.sources[image] == ("overlay", source)


names = st.sampled_from(["a", "b", "c", "d"])
scalars = st.one_of(st.text("xyz", max_size=3), st.integers(0, 3), st.booleans())
variables = st.lists(
    st.builds(lambda n, v: {"name": n, "value": v}, names, st.text("xyz", max_size=2)),
    max_size=4,
    unique_by=lambda item: item["name"],
)
containers = st.lists(
    st.fixed_dictionaries(
        {"name": names},
        optional={"image": st.text("xyz", min_size=1, max_size=3), "env": variables},
    ),
    max_size=4,
    unique_by=lambda item: item["name"],
)
pods = st.fixed_dictionaries({}, optional={"containers": containers, "priority": scalars})
RULES = policies.deployment()


@given(pods)
def test_nothing_merged_changes_nothing(value: dict[str, Any]) -> None:
    """The empty object is neutral on both sides."""
    assert pod(value) == merge(pod(value), {}, RULES).value
    assert pod(value) == merge({}, pod(value), RULES).value


@given(pods, pods)
def test_merging_twice_is_merging_once(base: dict[str, Any], overlay: dict[str, Any]) -> None:
    """Without joined lists the merge is idempotent."""
    once = merge(pod(base), pod(overlay), RULES).value

    assert once == merge(once, pod(overlay), RULES).value


@given(containers, containers)
def test_names_stay_unique_and_ordered(base: list[Any], overlay: list[Any]) -> None:
    """Unique names stay unique; base order is kept and new names follow in overlay order."""
    merged = merge(pod({"containers": base}), pod({"containers": overlay}), RULES).value
    found = [item["name"] for item in merged["spec"]["template"]["spec"]["containers"]]
    known = [item["name"] for item in base]

    assert found == known + [i["name"] for i in overlay if i["name"] not in known]


@given(containers, containers)
def test_the_overlay_is_in_the_result(base: list[Any], overlay: list[Any]) -> None:
    """Whatever the overlay states about a container is what the result says."""
    merged = merge(pod({"containers": base}), pod({"containers": overlay}), RULES).value
    result = {item["name"]: item for item in merged["spec"]["template"]["spec"]["containers"]}

    for item in overlay:
        assert result[item["name"]].get("image") == item.get(
            "image", next((b.get("image") for b in base if b["name"] == item["name"]), None)
        )
        for variable in item.get("env", []):
            assert variable in result[item["name"]]["env"]
