"""All ModelServices of a run: every problem is reported once, for whoever applies them."""

from __future__ import annotations

from typing import Any

import pytest

from msvc_pulumi.document.inputs import Inputs
from msvc_pulumi.document.source import Document
from msvc_pulumi.errors import ModelServiceError
from msvc_pulumi.fleet.fleetplan import plan_inputs
from msvc_pulumi.plan import PlanOptions
from msvc_pulumi.target.capabilities import Capabilities

BASE = {
    "kind": "ConfigMap",
    "metadata": {"name": "base"},
    "data": {
        "decodeAutoscaler": "{kind: ScaledObject, spec: {triggers: [{type: cron, metadata: {}}]}}"
    },
}


def inputs(*services: dict[str, Any]) -> Inputs:
    documents = [Document.of(service, service["metadata"]["name"]) for service in services]
    return Inputs(tuple(documents), (Document.of(BASE, "base"),))


def service(name: str, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "llm-d.ai/v1alpha1",
        "kind": "ModelService",
        "metadata": {"name": name, "namespace": "n"},
        "spec": {
            "routing": {"modelName": "m"},
            "modelArtifacts": {"uri": "hf://a/b"},
            "decode": {"containers": [{"name": "server", "image": "server:1"}]},
            **spec,
        },
    }


def test_general_warnings_are_those_of_no_plan() -> None:
    """What a plan says itself is not said twice, and nothing is lost."""
    options = PlanOptions(capabilities=Capabilities())
    elsewhere = service("one", baseConfigMapRef={"name": "other"})
    fleet = plan_inputs(inputs(elsewhere, service("two")), options)

    general = [item.code for item in fleet.general]
    assert general == ["base-config-mismatch", "selector-conflict"]
    own = [item.code for plan in fleet.plans for item in plan.diagnostics]
    assert own == ["kind-not-served"] * 2
    assert sorted(item.code for item in fleet.warnings) == sorted(general + own)
    assert [[one.key for one in plan.skipped] for plan in fleet.plans] == [["decodeAutoscaler"]] * 2


def test_the_same_service_twice_is_one_error() -> None:
    """It is an error, and not a conflict with itself besides."""
    with pytest.raises(ModelServiceError) as caught:
        plan_inputs(inputs(service("one"), service("one")), PlanOptions())
    assert [item.code for item in caught.value.diagnostics] == ["duplicate-model-service"]


def test_errors_of_all_are_reported() -> None:
    """One bad ModelService does not hide the problems of another."""
    bad = [service(name, decode={"replicas": -1}) for name in ("one", "two")]
    with pytest.raises(ModelServiceError) as caught:
        plan_inputs(inputs(*bad), PlanOptions())
    errors = [item for item in caught.value.diagnostics if item.is_error]
    assert [item.span.file for item in errors if item.span] == ["one", "two"]


def test_strict() -> None:
    """Warnings are errors, those between plans too."""
    with pytest.raises(ModelServiceError) as caught:
        plan_inputs(inputs(service("one"), service("two")), PlanOptions(), strict=True)
    assert [item.code for item in caught.value.diagnostics if item.is_error] == [
        "selector-conflict"
    ]
