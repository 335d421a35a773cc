"""The Inference Extension in both generations."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

CASES = Path(__file__).parent / "inference" / "cases.yaml"


def test_case(planned_case: dict[str, Any], check_case: Callable[[dict[str, Any]], None]) -> None:
    """Routing objects are of the generation that the case asks for."""
    check_case(planned_case)
