"""Whether Deployments are up: `wait_available` returns when all are, or says what is missing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.engine.failures import EngineError
from msvc_pulumi.errors import Diagnostic

__all__ = ["wait_available"]

POLL_SECONDS = 0.5


def wait_available(
    cluster: Cluster,
    deployments: Iterable[tuple[str, str]],
    *,
    timeout: float,
    progress: Callable[[str], None],
) -> None:
    """Return once every (namespace, name) has all its replicas available.

    ``progress`` gets a line whenever one becomes available.

    Raises:
        EngineError: some are not after ``timeout`` seconds; it says of each what it lacks.
        ClusterError: the cluster does not answer.
    """
    end = time.monotonic() + timeout
    missing = dict.fromkeys(deployments, "")
    while True:
        for namespace, name in list(missing):
            lacks = _lacks(cluster.get("apps/v1", "Deployment", name, namespace or None))
            if lacks:
                missing[namespace, name] = lacks
            else:
                del missing[namespace, name]
                progress(f"{name} is available")
        if not missing:
            return
        if time.monotonic() > end:
            raise _unavailable(cluster, missing, timeout)
        time.sleep(POLL_SECONDS)


def _lacks(deployment: dict[str, Any] | None) -> str:
    """What the Deployment still lacks; "" when it is complete."""
    if deployment is None:
        return "it does not exist"
    status = deployment.get("status") or {}
    wanted = deployment["spec"].get("replicas", 1)
    if status.get("observedGeneration", 0) < deployment["metadata"]["generation"]:
        return "its controller has not seen the change yet"
    available = min(status.get("availableReplicas", 0), status.get("updatedReplicas", 0))
    if available >= wanted:
        return ""
    reasons = [
        condition["message"]
        for condition in status.get("conditions") or ()
        if condition["status"] != "True" and condition.get("message")
    ]
    return "; ".join([f"{available} of {wanted} replicas are available", *reasons])


def _unscheduled(cluster: Cluster, namespace: str, name: str) -> tuple[str, ...]:
    """What the scheduler says of the Deployment's pods that no node takes, each once."""
    deployment = cluster.get("apps/v1", "Deployment", name, namespace or None)
    if deployment is None:
        return ()
    selector = deployment["spec"]["selector"].get("matchLabels") or {}
    labels = ",".join(f"{key}={value}" for key, value in selector.items())
    pods, _ = cluster.list("v1", "Pod", deployment["metadata"]["namespace"], labels=labels)
    said = [
        condition.get("message", "")
        for pod in pods
        for condition in pod.get("status", {}).get("conditions") or ()
        if (condition["type"], condition["status"]) == ("PodScheduled", "False")
    ]
    return tuple(f"no node takes a pod: {message}" for message in dict.fromkeys(said) if message)


def _unavailable(
    cluster: Cluster, missing: dict[tuple[str, str], str], timeout: float
) -> EngineError:
    return EngineError(
        Diagnostic(
            "not-available",
            f"Deployment {name} is not available after {timeout:.0f} s: {lacks}",
            notes=_unscheduled(cluster, namespace, name),
            help=f"kubectl{f' -n {namespace}' if namespace else ''} describe pods -l "
            f"llm-d.ai/inferenceServing=true",
        )
        for (namespace, name), lacks in missing.items()
    )
