"""`refuse_inexact`: whole numbers that Pulumi would make other ones.

Its protocol has floating point numbers and no others. A file may state any integer, and what prints
or compares plans keeps each as it is, so only who is about to apply one refuses it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from msvc_pulumi.errors import Diagnostic, Diagnostics, FieldPath, PlanError, Severity
from msvc_pulumi.plan import Plan
from msvc_pulumi.rules.finding import Finding
from msvc_pulumi.rules.places import placed

__all__ = ["MOST", "refuse_inexact"]

MOST = 2**53 - 1
"""Beyond it whole numbers share a floating point number."""


def refuse_inexact(plans: Iterable[Plan]) -> None:
    """Nothing, if each number of ``plans`` is the same to the cluster.

    Raises:
        PlanError: some are not; all of them with their places.
    """
    found = Diagnostics([problem for plan in plans for problem in _inexact(plan)])
    found.raise_errors(PlanError)


def _inexact(plan: Plan) -> Iterator[Diagnostic]:
    for planned in plan:
        for at in _large(planned.manifest, ()):
            finding = Finding(
                FieldPath(at),
                "out-of-range",
                "Invalid value: a whole number beyond 2**53 - 1, which Pulumi would change",
                "write it in other units",
            )
            yield replace(placed(planned, finding), severity=Severity.ERROR)


def _large(value: Any, at: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _large(item, (*at, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _large(item, (*at, index))
    elif isinstance(value, int) and abs(value) > MOST:
        yield at
