"""Events about a ModelService, as ``kubectl describe`` shows them: `post` writes one."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from typing import Any, Literal

from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.operator.status.conditions import now

__all__ = ["MAX_MESSAGE", "post"]

COMPONENT = "msvc-operator"
MAX_MESSAGE = 1024  # of core/v1 Event

logger = logging.getLogger(__name__)


def post(
    cluster: Cluster,
    about: Mapping[str, Any],
    kind: Literal["Normal", "Warning"],
    reason: str,
    message: str,
) -> None:
    """There is an Event, unless the cluster refuses it: an Event is never worth a failure."""
    metadata = about["metadata"]
    moment = now()
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            "name": f"{metadata['name'][:200]}.{secrets.token_hex(8)}",
            "namespace": metadata["namespace"],
        },
        "involvedObject": {
            "apiVersion": about["apiVersion"],
            "kind": about["kind"],
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            "uid": metadata["uid"],
        },
        "type": kind,
        "reason": reason,
        "message": message[:MAX_MESSAGE],
        "source": {"component": COMPONENT},
        "reportingComponent": COMPONENT,
        "firstTimestamp": moment,
        "lastTimestamp": moment,
        "count": 1,
    }
    try:
        cluster.create(event)
    except ClusterError as error:
        if error.reason not in ("NotFound", "Forbidden"):  # the namespace may be on its way out
            logger.warning("an event could not be posted: %s", error)
