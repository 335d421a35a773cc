"""Values of the BaseConfig that a ModelService takes away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

CASES = Path(__file__).parent / "deletions" / "cases.yaml"


def test_case(planned_case: dict[str, Any], check_case: Callable[[dict[str, Any]], None]) -> None:
    """A stated mergePolicy lets null and empty delete; without it they keep."""
    check_case(planned_case)
