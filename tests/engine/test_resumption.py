"""What a run made that was cut off goes on as the stack's own, and no field is forced for it."""

from __future__ import annotations

import copy
import shutil
from pathlib import Path
from typing import Any

import pytest
from services import model_service
from strangers import base_config

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.cluster.claims import CREATOR, Place
from msvc_pulumi.cluster.existing import existing
from msvc_pulumi.engine.claims.attempt import Attempt
from msvc_pulumi.engine.diagnosis.failures import EngineError
from msvc_pulumi.engine.session import Session
from msvc_pulumi.engine.stack import Stack
from msvc_pulumi.plan import Plan, PlanOptions, plan_model_service

DECODE = ("apps/v1", "Deployment")


def plans(namespace: str, names: str, *, edited: bool = False) -> list[Plan]:
    """Edited, each has another count and no arguments any more."""
    base, options = base_config(namespace), PlanOptions(namespace=namespace)
    found = []
    for name in names:
        service = model_service(namespace, name)
        decode = service["spec"]["decode"] = copy.deepcopy(service["spec"]["decode"])
        decode["containers"][0]["args"] = ["--first"]
        decode["replicas"] = 1
        if edited:
            decode["replicas"] = 2
            del decode["containers"][0]["args"]
        found.append(plan_model_service(service, base, options))
    return found


def places(found: list[Plan]) -> list[Place]:
    return [Place.of(item.manifest) for plan in found for item in plan]


def cut_off(stack: Stack, before: Path, made: list[Plan]) -> None:
    """The stack as a run left it that was killed after it had made everything, without
    checkpoints.
    """
    assert stack.backend.folder is not None
    shutil.rmtree(stack.backend.folder)
    shutil.copytree(before, stack.backend.folder)
    Attempt(frozenset(places(made)), cut_off=True).keep(stack.folder)


def states_first(deployment: dict[str, Any]) -> bool:
    """Whether it has what is edited away."""
    return "--first" in deployment["spec"]["template"]["spec"]["containers"][0].get("args", ())


def owners(cluster: Cluster, found: list[Plan]) -> dict[Place, list[str]]:
    """Which field managers of Pulumi's each object has."""
    return {
        place: [
            entry["manager"]
            for entry in metadata["managedFields"]
            if entry["manager"].startswith(CREATOR) and not entry.get("subresource")
        ]
        for place, metadata in existing(cluster, places(found)).items()
    }


def test_only_what_is_resumed_is_taken_over(
    session: Session, cluster: Cluster, namespace: str, tmp_path: Path
) -> None:
    """What was made is edited by the next run, also what it states no more, and keeps one manager;
    a field that somebody has set since is a conflict in it as in every other object.
    """
    name = f"resumed.{namespace}"
    old = session.stack(name, plans=plans(namespace, "a"))
    old.up("--skip-preview")
    assert old.backend.folder is not None
    shutil.copytree(old.backend.folder, tmp_path / "before")
    session.stack(name, plans=plans(namespace, "abc")).up("--skip-preview")
    cut_off(old, tmp_path / "before", plans(namespace, "bc"))
    uids = {
        place: one["uid"]
        for place, one in existing(cluster, places(plans(namespace, "abc"))).items()
    }

    for service in "ac":
        cluster.patch(*DECODE, f"{service}-decode", namespace, body={"spec": {"replicas": 5}})
    edited = session.stack(name, plans=plans(namespace, "abc", edited=True))

    def failed(run: Any) -> list[str]:
        with pytest.raises(EngineError) as caught:
            run()
        assert {item.code for item in caught.value.diagnostics} == {"field-conflict"}
        return sorted(item.summary for item in caught.value.diagnostics)

    told = failed(lambda: edited.up("--skip-preview"))
    assert [line.partition('"')[2].partition('"')[0] for line in told] == ["a-decode", "c-decode"]
    assert all('spec.replicas was set by "msvc"' in line for line in told)
    assert not any(CREATOR in line for line in told)

    def decode(service: str) -> dict[str, Any]:
        item = cluster.get(*DECODE, f"{service}-decode", namespace)
        assert item is not None
        return item

    assert [decode(service)["spec"]["replicas"] for service in "abc"] == [5, 2, 5]
    assert not states_first(decode("b"))
    assert states_first(decode("c"))  # nothing of an object that is refused

    assert failed(edited.up) == told  # and again, until somebody decides
    edited.forced().up()
    assert [decode(service)["spec"]["replicas"] for service in "abc"] == [2, 2, 2]
    for service in "abc":
        assert not states_first(decode(service))
    assert {*edited.up().changes} <= {"same"}
    back = session.stack(name, plans=plans(namespace, "abc"))
    back.up()
    assert [decode(service)["spec"]["replicas"] for service in "abc"] == [1, 1, 1]
    every = plans(namespace, "abc")
    assert {place: one["uid"] for place, one in existing(cluster, places(every)).items()} == uids
    # The mark of a creation goes with the first update.
    assert all(len({*them} - {CREATOR}) == 1 for them in owners(cluster, every).values())
    back.destroy()
    assert not existing(cluster, places(every))
