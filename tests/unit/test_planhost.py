"""What plans tell the engine is what the component's classes would tell it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml
from google.protobuf.empty_pb2 import Empty
from listeningengine import Engine
from pulumi.runtime.proto import (
    language_pb2,
    language_pb2_grpc,
)

from msvc_pulumi.components.program import declare_plans, export
from msvc_pulumi.engine.hosts.inline import host, serving
from msvc_pulumi.engine.hosts.planhost import PlanHost
from msvc_pulumi.out.declaration import POOL_UID, declarations
from msvc_pulumi.plan import Plan, plan_model_service

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
# Where the program's lines are, and the names that kinds had before they had theirs.
ONLY_OF_THE_SDK = ("sourcePosition", "stackTrace", "aliases")


def plans() -> Iterator[Any]:
    for folder in sorted(SAMPLES.iterdir()):
        files = folder / "msvc.yaml", folder / "baseconfig.yaml"
        if all(file.exists() for file in files):
            documents = [yaml.safe_load(file.read_text()) for file in files]
            yield pytest.param(plan_model_service(*documents), id=folder.name)


def comparable(registered: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        urn: {
            key: sorted(value) if key == "dependencies" else value
            for key, value in request.items()
            if key not in ONLY_OF_THE_SDK
        }
        for urn, request in registered.items()
    }


@pytest.mark.parametrize("plan", [*plans()])
def test_the_engine_is_told_what_the_component_tells_it(plan: Plan) -> None:
    """Every sample's resources and outputs are the same either way; so states are, too."""
    by_component, by_protocol = Engine(), Engine()
    by_component.run(host(lambda: (declare_plans([plan]), None)[1]))
    answer = by_protocol.run(PlanHost([plan]))
    assert not answer.bail
    assert comparable(by_protocol.registered) == comparable(by_component.registered)
    assert by_protocol.finished == by_component.finished


def test_the_picker_bears_the_uid_of_its_pool() -> None:
    """It restarts with a pool that is made again; nothing else waits for what an object becomes."""
    [plan] = [p.values[0] for p in plans() if p.id == "facebook"]
    engine = Engine()
    engine.run(PlanHost([plan]))
    bearing = {
        request["name"]: POOL_UID in json.dumps(request["object"])
        for request in engine.registered.values()
        if request.get("custom")
    }
    [picker] = [name for name, bears in bearing.items() if bears]
    [request] = [one for one in engine.registered.values() if one["name"] == picker]
    template = request["object"]["spec"]["template"]
    pool = f"{plan.name}-inference-pool"
    assert template["metadata"]["annotations"] == {POOL_UID: f"uid of {pool}"}
    assert picker == f"{plan.name}-epp-deployment"


@pytest.mark.parametrize("servicer", [PlanHost([]), host(lambda: None)], ids=["plans", "program"])
def test_what_the_engine_asks_for_before_the_program_is_answered(
    servicer: language_pb2_grpc.LanguageRuntimeServicer,
) -> None:
    """A method without an answer would be a traceback in the log of this process."""
    with serving(servicer) as client, grpc.insecure_channel(client.partition("=")[2]) as channel:
        stub = language_pb2_grpc.LanguageRuntimeStub(channel)
        assert stub.About(language_pb2.AboutRequest()).executable == sys.executable
        assert not stub.GetRequiredPackages(language_pb2.GetRequiredPackagesRequest()).packages
        assert not stub.GetPluginInfo(Empty()).version
        if isinstance(servicer, PlanHost):  # the SDK's own has no answer to that
            stub.Cancel(Empty())


def test_a_stack_exports_and_warns_as_with_the_component() -> None:
    """Two of one name have their namespaces in front; each warning is that of its component."""
    documents = [
        yaml.safe_load((SAMPLES / "facebook" / name).read_text())
        for name in ("msvc.yaml", "baseconfig.yaml")
    ]
    several = []
    for namespace in ("one", "two"):
        documents[0]["metadata"]["namespace"] = namespace
        documents[0]["spec"]["unknown"] = "field"
        several.append(plan_model_service(*documents))
    assert all(plan.diagnostics for plan in several)
    by_component, by_protocol = Engine(), Engine()
    by_component.run(host(lambda: export(declare_plans(several))))
    assert not by_protocol.run(PlanHost(several, tells=True)).bail
    assert comparable(by_protocol.registered) == comparable(by_component.registered)
    assert by_protocol.finished == by_component.finished
    assert sorted(by_protocol.warnings) == sorted(by_component.warnings)
    assert len(by_protocol.warnings) == 2


def test_a_failure_is_that_of_its_component_alone() -> None:
    """What depends on it is not declared, its component has no outputs, others are as ever."""
    [good] = [p.values[0] for p in plans() if p.id == "facebook"]
    [bad] = [p.values[0] for p in plans() if p.id == "decode-only"]
    [pool] = [one.name for one in declarations(bad.name, bad) if one.key == "inferencePool"]
    engine = Engine(failing=[pool])
    assert engine.run(PlanHost([good, bad])).bail
    names = {urn.rpartition("::")[2] for urn in engine.registered}
    whole = {one.name for one in declarations(good.name, good)}
    assert whole < names
    depending = {
        one.name for one in declarations(bad.name, bad) if "inferencePool" in one.depends_on
    }
    assert depending
    assert not depending & names
    finished = {urn.rpartition("::")[2] for urn in engine.finished}
    assert good.name in finished
    assert bad.name not in finished
