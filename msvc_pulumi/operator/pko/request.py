"""The request for an update: a Stack's annotation, ``<plan hash>`` or ``<plan hash>.<n>``.

Pulumi's operator takes a new value for a new request, the same one for none.
"""

from __future__ import annotations

from typing import Any

from msvc_pulumi.operator.pko.names import REQUEST

__all__ = ["is_for", "next_request"]

Object = dict[str, Any]


def is_for(stack: Object, plan_hash: str) -> bool:
    """Whether the last update that was asked for is of this plan."""
    request = (stack["metadata"].get("annotations") or {}).get(REQUEST, "")
    return str(request).split(".")[0] == plan_hash


def next_request(stack: Object | None, plan_hash: str) -> str:
    """``<hash>``, or ``<hash>.<n>`` where that was asked for before."""
    before = ((stack or {"metadata": {}})["metadata"].get("annotations") or {}).get(REQUEST, "")
    base, _, count = str(before).partition(".")
    if base != plan_hash:
        return plan_hash
    return f"{plan_hash}.{int(count or 0) + 1}"
