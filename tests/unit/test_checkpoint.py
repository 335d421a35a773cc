"""Checkpoints: joining stacks and parting them again loses nothing and mixes nothing up."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from msvc_pulumi.operator.stacks import checkpoint as checkpoints

KUBERNETES = "pulumi:providers:kubernetes"


def stack(name: str, component: str, children: int = 2, provider: str = "id-1") -> dict[str, Any]:
    """A stack as the engine writes it, with one ModelService."""
    prefix = f"urn:pulumi:{name}::modelservice"
    root = f"{prefix}::pulumi:pulumi:Stack::modelservice-{name}"
    owner = f"{prefix}::llmd:index:ModelService::{component}"
    child = f"{prefix}::llmd:index:ModelService$kubernetes:core/v1:Service::{component}"
    source = f"{prefix}::{KUBERNETES}::default_4_34_2"
    resources = [
        {"urn": root, "custom": False, "type": "pulumi:pulumi:Stack"},
        {"urn": owner, "custom": False, "type": "llmd:index:ModelService", "parent": root},
        {"urn": source, "custom": True, "id": provider, "type": KUBERNETES},
        *(
            {
                "urn": f"{child}-{n}",
                "custom": True,
                "id": f"ns/{component}-{n}",
                "type": "kubernetes:core/v1:Service",
                "parent": owner,
                "provider": f"{source}::{provider}",
                "sourcePosition": "project:///main.py#1",
            }
            for n in range(children)
        ),
    ]
    return {
        "version": 3,
        "checkpoint": {
            "stack": f"organization/modelservice/{name}",
            "latest": {"manifest": {}, "secrets_providers": {}, "resources": resources},
        },
    }


def empty(name: str) -> dict[str, Any]:
    result = stack(name, "none", 0)
    del result["checkpoint"]["latest"]["resources"]
    return result


STACKS = {"ns.a": stack("ns.a", "a"), "ns.a-1": stack("ns.a-1", "a-1", 3, "id-2")}
MEMBERS = {"a": "ns.a", "a-1": "ns.a-1"}


def urns(checkpoint: dict[str, Any]) -> list[str]:
    return sorted(item["urn"] for item in checkpoints.resources(checkpoint))


def parted(joined: dict[str, Any]) -> dict[str, Any]:
    parts = checkpoints.part(joined, "batch-1", MEMBERS)
    return {name: checkpoints.parse(content, name) for name, content in parts.items()}


def test_parting_gives_back_what_was_joined() -> None:
    """Each stack has the same resources as before, by the same names, and only its own."""
    joined = checkpoints.join(STACKS, "batch-1", empty("batch-1"))
    parts = parted(joined)

    assert {name: urns(part) for name, part in parts.items()} == {
        name: urns(whole) for name, whole in STACKS.items()
    }
    assert all(part["checkpoint"]["stack"].endswith(f"/{name}") for name, part in parts.items())
    assert "batch-1" not in json.dumps(parts)


def test_joined_stacks_share_one_provider() -> None:
    """A joined stack has each shared resource once, and all refer to that one."""
    joined = checkpoints.join(STACKS, "batch-1", empty("batch-1"))
    found = checkpoints.resources(joined)

    assert len({item["urn"] for item in found}) == len(found)
    providers = [item for item in found if item["type"] == KUBERNETES]
    assert len(providers) == 1
    reference = f"{providers[0]['urn']}::{providers[0]['id']}"
    assert {item["provider"] for item in found if "provider" in item} == {reference}


def test_the_stacks_that_were_joined_stay_as_they_were() -> None:
    """Joining changes none of its arguments."""
    before = copy.deepcopy(STACKS)

    checkpoints.join(STACKS, "batch-1", empty("batch-1"))

    assert before == STACKS


def test_a_stack_without_resources_is_left_out() -> None:
    """What an update has deleted altogether has no part any more."""
    joined = checkpoints.join({"ns.a": STACKS["ns.a"]}, "batch-1", empty("batch-1"))

    assert list(parted(joined)) == ["ns.a"]


def test_operations_under_way_stay_with_their_stack() -> None:
    """What an interrupted update was doing is kept, with the ModelService it did it for."""
    joined = checkpoints.join(STACKS, "batch-1", empty("batch-1"))
    latest = joined["checkpoint"]["latest"]
    child = next(
        item
        for item in latest["resources"]
        if checkpoints.owner(item["urn"], item.get("parent", "")) == "a-1"
    )
    latest["pending_operations"] = [{"resource": child, "type": "creating"}]
    parts = parted(joined)

    assert "pending_operations" not in parts["ns.a"]["checkpoint"]["latest"]
    [operation] = parts["ns.a-1"]["checkpoint"]["latest"]["pending_operations"]
    assert operation["resource"]["urn"] == checkpoints.renamed(child, "batch-1", "ns.a-1")["urn"]


def test_an_amended_stack_has_nothing_pending() -> None:
    """What was made comes behind what is known, what is lost goes, and nobody else is touched."""
    stack = copy.deepcopy(STACKS["ns.a"])
    assert checkpoints.amended(stack, (), ()) is stack
    *_, last = checkpoints.resources(stack)
    made = {**last, "urn": f"{last['urn']}-made", "dependencies": []}
    noted = {**made, "dependencies": [last["urn"]]}  # which the engine would refuse to read
    stack["checkpoint"]["latest"]["pending_operations"] = [{"resource": made, "type": "creating"}]
    before = copy.deepcopy(stack)
    after = checkpoints.amended(stack, {last["urn"]}, [noted])
    assert stack == before
    assert checkpoints.resources(after) == [*checkpoints.resources(stack)[:-1], made]
    assert "pending_operations" not in checkpoints.contents(after)
    assert checkpoints.contents(checkpoints.amended(stack, (), ())) == {
        **checkpoints.contents(STACKS["ns.a"]),
        "resources": checkpoints.resources(stack),
    }


def test_positions_are_dropped() -> None:
    """Where a resource was declared is not kept, everything else is."""
    bare = checkpoints.without_positions(copy.deepcopy(STACKS["ns.a"]))

    assert "sourcePosition" not in json.dumps(bare)
    assert urns(bare) == urns(STACKS["ns.a"])


def test_a_checkpoint_is_read_as_it_was_written() -> None:
    """What is kept of a checkpoint is all of it."""
    assert checkpoints.parse(checkpoints.dump(STACKS["ns.a"]), "ns.a") == STACKS["ns.a"]


def test_another_format_is_refused() -> None:
    """A checkpoint of another version is not taken for one."""
    with pytest.raises(ValueError, match="version 3"):
        checkpoints.parse(b'{"version": 4}', "ns.a")
