"""What a workload lacks, told from its status as its controller writes it."""

from __future__ import annotations

from typing import Any

import pytest

from msvc_pulumi.cluster.workloads import shortfall

ROLLING = [
    {"type": "UpdateInProgress", "status": "True", "message": "Rolling Upgrade is in progress"},
    {"type": "Progressing", "status": "True", "message": "Replicas are progressing"},
    {"type": "Available", "status": "False", "message": "All replicas are ready"},
]
COMING = [{"type": "Progressing", "status": "True", "message": "Replicas are progressing"}]
THERE = [
    {"type": "Available", "status": "True", "message": "All replicas are ready"},
    {"type": "Progressing", "status": "False", "message": "Replicas are progressing"},
]


def group(wanted: int, **status: Any) -> dict[str, Any]:
    return {
        "kind": "LeaderWorkerSet",
        "metadata": {"name": "a", "generation": 4},
        "spec": {"replicas": wanted},
        "status": status,
    }


@pytest.mark.parametrize(
    ("live", "reason", "message"),
    [
        (group(2), "Progressing", "its controller has not begun with the change"),
        (
            group(2, replicas=2, conditions=COMING),
            "Progressing",
            "0 of 2 groups are new",
        ),
        (
            group(2, replicas=2, updatedReplicas=2, readyReplicas=1, conditions=COMING),
            "PodsNotReady",
            "1 of 2 groups are available: Replicas are progressing",
        ),
        (
            group(2, replicas=3, updatedReplicas=2, readyReplicas=2, conditions=ROLLING),
            "Progressing",
            "a rolling update is under way",
        ),
        (
            group(2, observedGeneration=3, conditions=THERE, updatedReplicas=2, readyReplicas=2),
            "Progressing",
            "its controller has not begun with the change",
        ),
    ],
)
def test_a_set_of_groups_lacks_something(live: dict[str, Any], reason: str, message: str) -> None:
    """Neither a set that nobody looks after nor one that is on its way is taken for complete."""
    found = shortfall(live)
    assert found is not None
    assert (found.reason, found.message) == (reason, message)


@pytest.mark.parametrize(
    "live",
    [
        group(2, replicas=2, updatedReplicas=2, readyReplicas=2, conditions=THERE),
        group(0, conditions=THERE),
        group(1, observedGeneration=4, updatedReplicas=1, readyReplicas=1, conditions=THERE),
    ],
)
def test_a_complete_set_of_groups(live: dict[str, Any]) -> None:
    """Its controller does not say of which generation its status is, and it is complete anyway."""
    assert shortfall(live) is None
