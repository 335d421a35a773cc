"""What a stack's state says of objects, and what a killed run left beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from msvc_pulumi.cluster.claims import Place
from msvc_pulumi.engine.attempt import Attempt
from msvc_pulumi.engine.stateobjects import pending_places, state_objects, without

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
    assert [*pending_places(operations)] == [PLACE]


def test_a_released_resource_leaves_nothing_that_points_to_it() -> None:
    """The engine refuses a state with dangling dependencies."""
    first, second, third = resource("x"), resource("y", "x"), resource("z", "y", "x")
    left = without([first, second, third], {first["urn"]})
    assert [item["urn"] for item in left] == [second["urn"], third["urn"]]
    assert first["urn"] not in str(left)
    assert left[1]["dependencies"] == [second["urn"]]
    assert without([first, second], ()) == [first, second]


def test_an_attempt_is_kept_until_it_is_over(tmp_path: Path) -> None:
    """It reads as it was written, and an empty one is none."""
    attempt = Attempt(frozenset({PLACE}), frozenset({"uid"}))
    assert Attempt.read(tmp_path) == Attempt()
    attempt.keep(tmp_path)
    assert Attempt.read(tmp_path) == attempt
    Attempt().keep(tmp_path)
    assert not [*tmp_path.iterdir()]
    Attempt().keep(tmp_path)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", '{"places": [["a"]], "uids": []}', '{"places": 1}', "\0"]
)
def test_a_damaged_attempt_proves_nothing(tmp_path: Path, content: str) -> None:
    """What cannot be read gives no right to anything."""
    (tmp_path / "attempt.json").write_text(content)
    assert Attempt.read(tmp_path) == Attempt()
