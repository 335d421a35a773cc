"""What a stack's state says of objects, and what a killed run left beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from msvc_pulumi.cluster.claims import Place
from msvc_pulumi.engine.claims.attempt import Attempt
from msvc_pulumi.engine.state.stateobjects import creations, recorded, state_objects, without

HEAD = "urn:pulumi:s::modelservice::llmd:index:ModelService$kubernetes"
PLACE = Place("v1", "ConfigMap", "here", "x")


def resource(name: str, *dependencies: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "here", "uid": f"uid-{name}"}
    return {
        "urn": f"{HEAD}:core/v1:ConfigMap::{name}",
        "type": "kubernetes:core/v1:ConfigMap",
        "inputs": {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata},
        "outputs": {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata},
        "dependencies": [f"{HEAD}:core/v1:ConfigMap::{one}" for one in dependencies],
        "propertyDependencies": {"data": [f"{HEAD}:core/v1:ConfigMap::{dependencies[0]}"]}
        if dependencies
        else {"data": None},
    }


def test_objects_are_known_by_place_and_uid() -> None:
    """Components, providers and what is no object of Kubernetes are none."""
    others = [
        {"urn": "u", "type": "pulumi:providers:kubernetes", "outputs": {"version": "4"}},
        {"urn": "u", "type": "llmd:index:ModelService", "outputs": {"name": "a"}},
        {"urn": "u", "type": "kubernetes:helm.sh/v3:Release", "outputs": {"name": "a"}},
        {"urn": "u", "type": "kubernetes:core/v1:ConfigMap"},
    ]
    [found] = state_objects([*others, resource("x")])
    assert (found.place, found.uid) == (PLACE, "uid-x")


def test_only_creations_may_have_made_something() -> None:
    """An update or a deletion that was cut off made no object."""
    operations = [
        {"type": kind, "resource": resource(name)}
        for kind, name in (("creating", "x"), ("updating", "y"), ("deleting", "z"))
    ]
    assert creations({"pending_operations": operations}) == {PLACE: resource("x")}
    known = {"resources": [resource("x")], "pending_operations": operations}
    assert creations(known) == {}  # the engine never forgets what it once noted


def test_what_was_made_is_recorded_as_the_plugin_would() -> None:
    """It is found again by id and uid, under the manager that wrote it, without its content."""
    begun = {key: value for key, value in resource("x").items() if key != "outputs"}
    begun["inputs"] = {**begun["inputs"], "data": {"a": "b"}}
    writers = [{"manager": "kubelet"}, {"manager": "pulumi-kubernetes-12ab"}]
    metadata = {"name": "x", "namespace": "here", "uid": "new", "managedFields": writers}
    made = recorded(begun, metadata)
    [found] = state_objects([made])
    assert (made["id"], found.place, found.uid) == ("here/x", PLACE, "new")
    assert made["outputs"]["__inputs"] == made["inputs"] == begun["inputs"]
    assert made["outputs"]["__fieldManager"] == "pulumi-kubernetes-12ab"
    assert recorded(begun, {"name": "x", "uid": "u"})["id"] == "x"


def test_a_released_resource_leaves_nothing_that_points_to_it() -> None:
    """The engine refuses a state with dangling dependencies."""
    first, second, third = resource("x"), resource("y", "x"), resource("z", "y", "x")
    left = without([first, second, third], {first["urn"]})
    assert [item["urn"] for item in left] == [second["urn"], third["urn"]]
    assert first["urn"] not in str(left)
    assert left[1]["dependencies"] == [second["urn"]]
    assert without([first, second], ()) == [first, second]


def test_an_attempt_is_kept_until_it_is_over(tmp_path: Path) -> None:
    """It reads as it was written; a run that has begun and not ended was cut off."""
    attempt = Attempt(objects={PLACE: "uid"})
    assert Attempt.read(tmp_path) == Attempt()
    for kept in (attempt, attempt.begun([PLACE]), Attempt(cut_off=True)):
        kept.keep(tmp_path)
        assert Attempt.read(tmp_path) == kept
    assert attempt.begun([PLACE]) == Attempt(frozenset({PLACE}), {PLACE: "uid"}, cut_off=True)
    (tmp_path / "attempt.json").write_text('{"places": [], "objects": []}')  # of an earlier release
    assert Attempt.read(tmp_path) == Attempt(cut_off=True)
    Attempt().keep(tmp_path)
    assert Attempt.read(tmp_path) == Attempt()
    for _ in range(2):
        Attempt.forget(tmp_path)
        assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", '{"places": [["a"]], "objects": []}', '{"places": 1}', "\0"]
)
def test_a_damaged_attempt_proves_nothing(tmp_path: Path, content: str) -> None:
    """What cannot be read gives no right to anything."""
    (tmp_path / "attempt.json").write_text(content)
    assert Attempt.read(tmp_path) == Attempt(cut_off=True)
