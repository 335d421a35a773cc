"""`existing`: which of many objects there are, in few requests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from msvc_pulumi.cluster.claims import Place
from msvc_pulumi.cluster.client import Cluster, ClusterError

__all__ = ["existing"]

SINGLY = 20  # objects of one kind and namespace; more are found in one list of all
REQUESTS = 8  # to the API server at a time
FORBIDDEN, MISSING = 403, 404
Metadata = dict[str, Any]


def existing(cluster: Cluster, places: Iterable[Place]) -> dict[Place, Metadata]:
    """The metadata of what there is in ``places``.

    What may not be looked at is left out: who may not read an object cannot take it over either.

    Raises:
        ClusterError: the cluster does not answer.
    """
    groups: dict[tuple[str, str, str], set[Place]] = defaultdict(set)
    for place in places:
        groups[place[:3]].add(place)
    singly: list[Place] = []
    found: dict[Place, Metadata] = {}
    for group, wanted in groups.items():
        listed = _listed(cluster, group, wanted) if len(wanted) > SINGLY else None
        if listed is None:
            singly += sorted(wanted)
        else:
            found |= listed
    if len(singly) < 2:
        return found | {place: one for place in singly if (one := _got(cluster, place))}
    with ThreadPoolExecutor(REQUESTS, "look") as pool:
        answers = pool.map(lambda place: _got(cluster, place), singly)
        return found | {
            place: one for place, one in zip(singly, answers, strict=True) if one is not None
        }


def _listed(
    cluster: Cluster, group: tuple[str, str, str], wanted: set[Place]
) -> dict[Place, Metadata] | None:
    """What there is of ``wanted``, all of one kind and namespace; None if nobody may list it."""
    found: dict[Place, Metadata] = {}
    api_version, kind, namespace = group
    try:
        pages = cluster.pages(api_version, kind, namespace or None, metadata=True)
        for items, _ in pages:
            for item in items:
                place = Place(*group, item["metadata"]["name"])
                if place in wanted:
                    found[place] = item["metadata"]
    except ClusterError as error:
        if error.status == MISSING:
            return {}
        if error.status != FORBIDDEN:
            raise
        return None
    return found


def _got(cluster: Cluster, place: Place) -> Metadata | None:
    if not place.name:  # the server names it
        return None
    try:
        item = cluster.get(*place.identity, metadata=True)
    except ClusterError as error:
        if error.status not in (FORBIDDEN, MISSING):
            raise
        return None
    return dict(item["metadata"]) if item else None
