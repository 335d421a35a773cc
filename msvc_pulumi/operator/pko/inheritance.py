"""`not_adopted`: why a workspace is not asked for what an earlier operator made.

Its engine applies fields and takes none away that another manager owns, so that what a BaseConfig
drops later would stay for ever. The operator that runs the engine itself moves them first.
"""

from __future__ import annotations

from collections.abc import Collection

from msvc_pulumi.cluster.claims import Place
from msvc_pulumi.counted import counted
from msvc_pulumi.errors import Diagnostic

__all__ = ["not_adopted"]

SHOWN = 5  # objects


def not_adopted(left: Collection[Place]) -> Diagnostic:
    """The error about the objects ``left``, and how their fields come to Pulumi."""
    named = [f'{place.kind} "{place.name}"' for place in sorted(left)]
    more = [f"{len(named) - SHOWN} more"] if len(named) > SHOWN else []
    return Diagnostic(
        "not-adopted",
        f"fields of {counted(len(named), 'object')} are still llm-d-model-service's, and "
        "workspaces do not take them over",
        notes=(", ".join([*named[:SHOWN], *more]),),
        help="run the operator without --executor pko until the ModelService is Applied, and then "
        "with it again; `msvc adopt` shows beforehand what that changes",
    )
