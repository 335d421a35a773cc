"""The operator's role grants the verbs that it uses, on the kinds that it uses them on."""

from __future__ import annotations

import copy

import pytest
from audit import UNSEEN, requests, verbs
from operator_process import OperatorProcess
from services import (
    API_VERSION,
    SCENARIOS,
    condition,
    create_scenario,
    eventually,
    get,
)

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.installation.permissions import rules
from msvc_pulumi.local import LocalControlPlane


@pytest.fixture
def worked(operator: OperatorProcess, cluster: Cluster, namespace: str) -> None:
    """ModelServices that own every kind of child were made, edited and removed."""
    names = [create_scenario(cluster, namespace, scenario) for scenario in SCENARIOS]

    def applied(name: str) -> bool:
        service = get(cluster, namespace, name)
        found = condition(service, "Applied")
        seen = found.get("observedGeneration") == service["metadata"]["generation"]
        return seen and found["status"] == "True"

    def all_applied() -> bool:
        return all(applied(name) for name in names)

    eventually(all_applied)
    for name in names:
        decode = copy.deepcopy(get(cluster, namespace, name)["spec"]["decode"])
        decode["containers"][0]["args"] = ["--edited"]
        edit = {"spec": {"decode": decode}}
        cluster.patch(API_VERSION, "ModelService", name, namespace, body=edit)
    eventually(all_applied)
    for name in names:
        cluster.delete(API_VERSION, "ModelService", name, namespace)
    eventually(lambda: not cluster.list(API_VERSION, "ModelService", namespace)[0])


def test_verbs_granted_are_verbs_used(
    worked: None, control_plane: LocalControlPlane, cluster: Cluster
) -> None:
    """Nothing was asked for that is not granted, and what is granted was asked for."""
    # Leases are granted in one namespace only, to replicas that elect (test_leader).
    made = {item for item in requests(control_plane.layout.audit) if item.resource != "leases"}
    refused = {item for item in made if item.forbidden}
    used = {(item.group, item.resource, item.verb) for item in made}
    allowed, unseen = verbs(rules()), {item[:3]: item[3] for item in UNSEEN}

    assert not refused
    assert used <= allowed
    assert not unseen.keys() - allowed, "reasons for what is not granted"
    assert allowed - used <= unseen.keys()
