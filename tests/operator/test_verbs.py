"""The operator's role grants the verbs that it uses, on the kinds that it uses them on."""

from __future__ import annotations

import pytest
from audit import UNSEEN, requests, verbs
from operator_process import OperatorProcess
from services import work_through

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.installation.permissions import rules
from msvc_pulumi.local import LocalControlPlane


@pytest.fixture
def worked(operator: OperatorProcess, cluster: Cluster, namespace: str) -> None:
    """The operator has done with every kind of child whatever it does with any."""
    work_through(cluster, namespace)


def test_verbs_granted_are_verbs_used(
    worked: None, control_plane: LocalControlPlane, cluster: Cluster
) -> None:
    """Nothing was asked for that is not granted, and what is granted was asked for."""
    # Those of the operator itself are in one namespace, for replicas that elect (test_leader).
    made = {item for item in requests(control_plane.layout.audit) if item.resource != "leases"}
    refused = {item for item in made if item.forbidden}
    used = {(item.group, item.resource, item.verb) for item in made}
    allowed, unseen = verbs(rules()), {item[:3]: item[3] for item in UNSEEN}

    assert not refused
    assert used <= allowed
    assert not unseen.keys() - allowed, "reasons for what is not granted"
    assert allowed - used <= unseen.keys()
