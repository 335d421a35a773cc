"""Flags that a release of a program does not take."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

CASES = Path(__file__).parent / "flags" / "cases.yaml"


def test_case(planned_case: dict[str, Any], check_case: Callable[[dict[str, Any]], None]) -> None:
    """Flags are warned of in the releases that do not take them, and only there."""
    check_case(planned_case)
