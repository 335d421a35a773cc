"""What the watches know of a place: enough to ask nobody about what is free or our own."""

from __future__ import annotations

from typing import Any

from msvc_pulumi.cluster.claims import ADOPT, Place
from msvc_pulumi.operator.executor import Key
from msvc_pulumi.operator.watch.ownedchildren import OwnedChildren, Presence

KEY, OTHER = Key("here", "a"), Key("here", "b")
PLACE = Place("v1", "ConfigMap", "here", "x")


def item(owner: str = "", name: str = "x", namespace: str = "here", **annotations: str) -> Any:
    metadata: dict[str, Any] = {"name": name, "namespace": namespace, "resourceVersion": "1"}
    if annotations:
        metadata["annotations"] = {ADOPT: annotations["adopt"]}
    if owner:
        reference = {"apiVersion": "llm-d.ai/v1alpha1", "kind": "ModelService", "uid": owner}
        metadata["ownerReferences"] = [{**reference, "name": owner}]
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}


def watched(*items: Any, namespace: str | None = None) -> OwnedChildren:
    children = OwnedChildren()
    for one in items:
        children.see(one)
    names = {Key(one["metadata"]["namespace"], one["metadata"]["name"]) for one in items}
    children.watched("v1", "ConfigMap", namespace, names)
    return children


def test_nothing_is_known_before_all_has_been_seen() -> None:
    """A kind that is not watched, or not there, may have anything anywhere."""
    assert OwnedChildren().presence(PLACE, KEY) is Presence.UNWATCHED
    elsewhere = watched(namespace="there")
    assert elsewhere.presence(PLACE, KEY) is Presence.UNWATCHED
    elsewhere.watched("v1", "ConfigMap", "here", ())
    assert elsewhere.presence(PLACE, KEY) is Presence.ABSENT
    elsewhere.unwatched("v1", "ConfigMap", "here")
    assert elsewhere.presence(PLACE, KEY) is Presence.UNWATCHED


def test_places_are_free_owned_or_taken() -> None:
    """Told by the owner that an object names; one of that name elsewhere is no matter."""
    assert watched().presence(PLACE, KEY) is Presence.ABSENT
    assert watched(item("a")).presence(PLACE, KEY) is Presence.OWN
    assert watched(item("a")).presence(PLACE, OTHER) is Presence.OTHERS
    assert watched(item()).presence(PLACE, KEY) is Presence.OTHERS
    assert watched(item(namespace="there")).presence(PLACE, KEY) is Presence.ABSENT


def test_what_an_earlier_operator_wrote_is_told() -> None:
    """Also of what the stack has: it is looked at until its fields have moved."""
    owned = {"f:metadata": {"f:ownerReferences": {'k:{"uid":"a"}': {}}}}
    entry = {"operation": "Update", "fieldsV1": owned}
    old, moved = item("a"), item("a")
    old["metadata"]["managedFields"] = [{**entry, "manager": "manager"}]
    moved["metadata"]["managedFields"] = [{**entry, "manager": "pulumi-kubernetes"}]
    children = watched(old)
    assert children.presence(PLACE, KEY) is Presence.INHERITED
    assert children.presence(PLACE, OTHER) is Presence.OTHERS
    children.see(moved)
    assert children.presence(PLACE, KEY) is Presence.OWN


def test_places_change_hands() -> None:
    """An object gets an owner, loses it, goes, or went while nobody watched."""
    children = watched(item())
    assert children.see(item("a")) == KEY
    assert children.presence(PLACE, KEY) is Presence.OWN
    assert children.see(item()) == KEY
    assert children.presence(PLACE, KEY) is Presence.OTHERS
    children.see(item(), gone=True)
    assert children.presence(PLACE, KEY) is Presence.ABSENT
    children.see(item())
    children.watched("v1", "ConfigMap", None, ())
    assert children.presence(PLACE, KEY) is Presence.ABSENT


def test_who_waits_for_a_place_is_told_once_it_may_have_it() -> None:
    """Told of removal and of consent, and not of every change that somebody else makes."""
    children = watched(item())
    children.await_change(KEY, [PLACE])
    assert children.see(item()) is None
    assert children.see(item(adopt="b")) is None
    assert children.see(item(adopt="a")) == KEY
    assert children.see(item(), gone=True) == KEY
    children.await_change(KEY, [])
    assert children.see(item(adopt="a")) is None
