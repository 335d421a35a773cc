"""What containers ask of nodes: limits and requests.

Rules: ``pkg/apis/core/validation/validation.go`` (``validateResourceRequirements``).
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from msvc_pulumi.errors import FieldPath
from msvc_pulumi.rules.finding import Finding, forbidden, invalid, required, unsupported
from msvc_pulumi.rules.names import qualified_name

__all__ = ["amount", "container_resources", "is_extended", "pod_resources"]

STANDARD = ("cpu", "memory", "ephemeral-storage")
POD_LEVEL = ("cpu", "memory")
HUGE_PAGES = "hugepages-"
_POWERS = {
    "n": Decimal(10) ** -9,
    "u": Decimal(10) ** -6,
    "m": Decimal(10) ** -3,
    **{suffix: Decimal(1000) ** power for power, suffix in enumerate(("", *"kMGTPE"))},
    **{f"{suffix}i": Decimal(1024) ** power for power, suffix in enumerate("KMGTPE", start=1)},
}


@lru_cache(4096)
def amount(text: str | int) -> Decimal:
    """The number that a quantity stands for; what is none counts as 0."""
    written = str(text)
    number = written.rstrip("numkKMGTPEi")
    try:
        found = Decimal(number) * _POWERS[written[len(number) :]]
    except (InvalidOperation, KeyError):
        return Decimal(0)
    return found if found.is_finite() else Decimal(0)


def is_extended(name: str) -> bool:
    """Whether the resource is a device plugin's, such as ``nvidia.com/gpu``."""
    return "/" in name and "kubernetes.io/" not in name and not name.startswith("requests.")


def container_resources(resources: dict[str, Any], at: FieldPath) -> Iterator[Finding]:
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    for kind, stated in (("limits", limits), ("requests", requests)):
        for name, quantity in stated.items():
            if problem := _resource_name(name):
                yield invalid(at.child(kind, name), name, problem)
            yield from _quantity(name, quantity, at.child(kind, name))
    yield from _in_balance(limits, requests, at)
    paged = any(name.startswith(HUGE_PAGES) for name in (*limits, *requests))
    if paged and not any(name in ("cpu", "memory") for name in (*limits, *requests)):
        yield forbidden(at, "HugePages require cpu or memory", "state cpu and memory too")


def pod_resources(resources: dict[str, Any], at: FieldPath) -> Iterator[Finding]:
    """Resources of a pod as a whole, which can be no accelerators."""
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    for kind, stated in (("limits", limits), ("requests", requests)):
        for name, quantity in stated.items():
            if name not in POD_LEVEL and not name.startswith(HUGE_PAGES):
                known = (*POD_LEVEL, f"{HUGE_PAGES}<size>")
                remedy = "state it in the container that uses it"
                yield unsupported(at.child(kind, name), name, known, remedy)
            yield from _quantity(name, quantity, at.child(kind, name))
    yield from _in_balance(limits, requests, at)


def _resource_name(name: str) -> str:
    if problem := qualified_name(name):
        return problem
    if "/" not in name and name not in STANDARD and not name.startswith(HUGE_PAGES):
        return "must be a standard resource for containers"
    if name.startswith("requests."):
        return "doesn't follow extended resource name standard"
    return ""


def _quantity(name: str, quantity: Any, at: FieldPath) -> Iterator[Finding]:
    number = amount(quantity)
    if number < 0:
        yield invalid(at, str(quantity), "must be greater than or equal to 0")
    elif is_extended(name) and number % 1:
        yield invalid(at, str(quantity), "must be an integer", "ask for whole devices")


def _in_balance(
    limits: dict[str, Any], requests: dict[str, Any], at: FieldPath
) -> Iterator[Finding]:
    """No request goes beyond its limit; of what cannot be shared both are equal."""
    for name, quantity in requests.items():
        shared = not is_extended(name) and not name.startswith(HUGE_PAGES)
        here, there = at.child("requests", name), at.child("limits", name)
        if name not in limits:
            if not shared:
                yield required(
                    at.child("limits"),
                    "Limit must be set for non overcommitable resources",
                    f"state limits.{name} too",
                    (here, "requested here"),
                )
            continue
        limit = limits[name]
        wanted, most = amount(quantity), amount(limit)
        if wanted == most or (shared and wanted < most):
            continue
        relation = "less than or equal to" if shared else "equal to"
        yield invalid(
            here,
            str(quantity),
            f"must be {relation} {name} limit of {limit}",
            f"state requests and limits of {name} on the same side, with the same number",
            (there, f"the limit is {limit}"),
        )
