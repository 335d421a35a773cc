"""Parallelism as flags and accelerators."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

CASES = Path(__file__).parent / "parallelism" / "cases.yaml"


def test_case(planned_case: dict[str, Any], check_case: Callable[[dict[str, Any]], None]) -> None:
    """Flags, accelerators and warnings are those that the case says."""
    check_case(planned_case)
