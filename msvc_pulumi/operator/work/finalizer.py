"""The operator's finalizer, which holds a ModelService until everything made for it is gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.cluster.modelservices import API_VERSION, KIND
from msvc_pulumi.operator.executor import Key

__all__ = ["FINALIZER", "hold", "is_held", "release"]

FINALIZER = "llm-d.ai/pulumi"
ATTEMPTS = 5  # at a ModelService that others edit at the same time

Object = dict[str, Any]


def is_held(service: Object) -> bool:
    """Whether the finalizer is on ``service``."""
    return FINALIZER in (service["metadata"].get("finalizers") or ())


def hold(cluster: Cluster, service: Object) -> Object | None:
    """The ModelService with the finalizer; None if it is gone. Raises ClusterError."""
    return _edit(cluster, service, lambda present: [*present, FINALIZER], held=True)


def release(cluster: Cluster, service: Object) -> None:
    """The ModelService is without the finalizer, or gone. Raises ClusterError."""
    _edit(
        cluster,
        service,
        lambda present: [item for item in present if item != FINALIZER],
        held=False,
    )


def _edit(
    cluster: Cluster, service: Object, change: Callable[[list[str]], list[str]], *, held: bool
) -> Object | None:
    key = Key(service["metadata"]["namespace"], service["metadata"]["name"])
    current: Object | None = service
    for _ in range(ATTEMPTS):
        if current is None or current["metadata"]["uid"] != service["metadata"]["uid"]:
            return None
        if is_held(current) == held:
            return current
        metadata = current["metadata"]
        # With the version it was read at: another's finalizer must not be lost.
        body = {
            "metadata": {
                "finalizers": change(metadata.get("finalizers") or []),
                "resourceVersion": metadata["resourceVersion"],
            }
        }
        try:
            return cluster.patch(API_VERSION, KIND, key.name, key.namespace, body=body)
        except ClusterError as error:
            if error.reason == "NotFound":
                return None
            if error.reason != "Conflict":
                raise
        current = cluster.get(API_VERSION, KIND, key.name, key.namespace)
    raise TimeoutError(f"the finalizers of {key} change all the time")
