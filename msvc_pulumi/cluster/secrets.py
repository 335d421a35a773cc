"""Which of the Secrets that objects refer to are there. Their contents are never read."""

from __future__ import annotations

from collections.abc import Iterable

from msvc_pulumi.cluster.client import Cluster
from msvc_pulumi.cluster.errors import ClusterError
from msvc_pulumi.errors import Diagnostic
from msvc_pulumi.policies.review import Need

__all__ = ["missing_secrets"]


def missing_secrets(cluster: Cluster, needs: Iterable[Need]) -> tuple[list[Diagnostic], list[str]]:
    """What is to be said of those that are missing, and what could not be asked, with the reason.

    Raises:
        ClusterError: the cluster cannot be reached, or does not know us.
    """
    known: dict[tuple[str, str], bool] = {}
    missing: list[Diagnostic] = []
    unchecked: dict[str, None] = {}
    for need in needs:
        namespace = need.namespace or cluster.connection.namespace
        if (namespace, need.name) not in known:
            try:
                found = cluster.get("v1", "Secret", need.name, namespace, metadata=True)
            except ClusterError as error:
                if error.status != 403:
                    raise
                unchecked[f"Secrets in {namespace} (no permission to ask: get them)"] = None
                found = {}
            known[namespace, need.name] = found is not None
        if not known[namespace, need.name]:
            missing.append(need.missing)
    return missing, list(unchecked)
