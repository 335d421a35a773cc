"""Autoscalers: who owns the replica count, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

CASES = Path(__file__).parent / "autoscaling" / "cases.yaml"


def test_case(planned_case: dict[str, Any], check_case: Callable[[dict[str, Any]], None]) -> None:
    """A role has the autoscaler, the workload and the problems that its case says."""
    check_case(planned_case)
