"""`replicas_reset`: a count that is lost when kubectl hands a workload over to an autoscaler.

An apply that leaves out what it stated before takes it away, and the API server puts its default
there. Pulumi and the operator keep the running count (docs/decisions/0003-replica-ownership.md).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from msvc_pulumi.errors import Diagnostic, FieldPath, Severity

__all__ = ["replicas_reset"]

REPLICAS = FieldPath.of("spec", "replicas")
SCALED = ("Deployment", "LeaderWorkerSet")
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
DEFAULT = 1  # of a workload that states no count


def replicas_reset(live: Mapping[str, Any], manifest: Mapping[str, Any]) -> Diagnostic | None:
    """What `kubectl apply` of ``manifest`` would do to the count of ``live``; None if nothing."""
    kind, count = manifest["kind"], REPLICAS.find(live)
    if kind not in SCALED or REPLICAS.find(manifest) is not None or count in (None, DEFAULT):
        return None
    metadata = live["metadata"]
    name, space = metadata["name"], metadata.get("namespace", "")
    target = f"{kind.lower()} {name}{f' -n {space}' if space else ''}"
    if _is_stated(metadata):
        way = f"kubectl apply edit-last-applied {target}, and remove spec.replicas there"
    elif _is_only_kubectls(metadata):
        way = (
            "kubectl apply --server-side --field-manager=handover of its apiVersion, kind, name, "
            f"namespace and spec.replicas: {count} alone"
        )
    else:
        return None
    return Diagnostic(
        "replicas-reset",
        f'{kind} "{name}" runs {count} replicas, which nobody states any more: kubectl apply sets '
        f"them to {DEFAULT}",
        Severity.WARNING,
        help=f"before it: {way}; msvc up and the operator keep the running count",
    )


def _is_stated(metadata: Mapping[str, Any]) -> bool:
    """Whether the last client-side apply stated the count."""
    try:
        applied = json.loads((metadata.get("annotations") or {}).get(LAST_APPLIED) or "{}")
        return REPLICAS.find(applied) is not None
    except ValueError:
        return False


def _is_only_kubectls(metadata: Mapping[str, Any]) -> bool:
    """Whether a server-side apply by kubectl is all that holds the count."""
    holders = [
        (entry.get("manager"), entry.get("operation"))
        for entry in metadata.get("managedFields") or ()
        if "f:replicas" in ((entry.get("fieldsV1") or {}).get("f:spec") or {})
        and entry.get("subresource") != "status"
    ]
    return holders == [("kubectl", "Apply")]
