"""`rewritten`: an object's metadata are changed, also where somebody writes it meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from msvc_pulumi.cluster.claims import Place
from msvc_pulumi.cluster.client import Cluster, ClusterError

__all__ = ["rewritten"]

TRIES, PAUSE = 50, 0.1  # at an object that its controller writes meanwhile; seconds between
Object = dict[str, Any]


def rewritten(
    cluster: Cluster,
    place: Place,
    live: Object | None,
    changes: Callable[[Object], Object | None],
) -> bool:
    """Whether the metadata of what is in ``place``, ``live`` a moment ago, became what ``changes``
    makes of it; asked again where somebody wrote it meanwhile.

    Raises:
        ClusterError: the cluster does not answer or refuses, or somebody writes it all the time.
    """
    for left in reversed(range(TRIES)):
        wanted = None if live is None else changes(live)
        if live is None or wanted is None:
            return False
        version = live["metadata"]["resourceVersion"]
        body = {"metadata": {"resourceVersion": version, **wanted}}
        try:
            cluster.patch(*place.identity, body=body)
        except ClusterError as error:
            if not error.is_conflict or not left:
                raise
        else:
            return True
        time.sleep(PAUSE)
        live = cluster.get(*place.identity)
    return False
