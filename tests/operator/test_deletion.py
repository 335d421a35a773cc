"""A deletion that cannot succeed says so, and there is a way out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from operator_process import OperatorProcess
from services import (
    API_VERSION,
    children,
    condition,
    eventually,
    get,
    model_service,
    wait_ready,
)

from msvc_pulumi.cluster import Cluster

ADMISSION = "admissionregistration.k8s.io/v1"
KINDS = ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")


@pytest.fixture
def undeletable(cluster: Cluster, namespace: str) -> Iterator[str]:
    """A namespace in which the API server refuses to delete any ServiceAccount."""
    rule: dict[str, Any] = {
        "apiGroups": [""],
        "apiVersions": ["v1"],
        "operations": ["DELETE"],
        "resources": ["serviceaccounts"],
    }
    policy = {
        "matchConstraints": {"resourceRules": [rule]},
        "validations": [{"expression": "false", "message": "kept on purpose"}],
    }
    here = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
    binding = {
        "policyName": namespace,
        "validationActions": ["Deny"],
        "matchResources": {"namespaceSelector": here},
    }
    for kind, spec in zip(KINDS, (policy, binding), strict=True):
        metadata = {"name": namespace}
        cluster.create({"apiVersion": ADMISSION, "kind": kind, "metadata": metadata, "spec": spec})
    yield namespace
    for kind in KINDS:
        cluster.delete(ADMISSION, kind, namespace)


def test_a_deletion_that_is_refused_can_be_left_to_kubernetes(
    operator: OperatorProcess, cluster: Cluster, undeletable: str
) -> None:
    """The status says why and what to do; the annotation lets the ModelService go."""
    cluster.create(model_service(undeletable, "stuck"))
    wait_ready(cluster, undeletable, ["stuck"])
    cluster.delete(API_VERSION, "ModelService", "stuck", undeletable)

    eventually(
        lambda: (
            condition(get(cluster, undeletable, "stuck"), "Ready").get("reason") == "DeletionFailed"
        )
    )
    message = condition(get(cluster, undeletable, "stuck"), "Ready")["message"]
    assert "kept on purpose" in message
    assert "llm-d.ai/abandon=true" in message

    annotate = {"metadata": {"annotations": {"llm-d.ai/abandon": "true"}}}
    cluster.patch(API_VERSION, "ModelService", "stuck", undeletable, body=annotate)
    eventually(lambda: cluster.get(API_VERSION, "ModelService", "stuck", undeletable) is None)
    assert not operator.files(f"stacks/{undeletable}.stuck")
    for kind in KINDS:
        cluster.delete(ADMISSION, kind, undeletable)
    eventually(lambda: not children(cluster, undeletable, "stuck"))
