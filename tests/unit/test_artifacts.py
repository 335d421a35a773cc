"""Where models come from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

CASES = Path(__file__).parent / "artifacts" / "cases.yaml"


def test_case(planned_case: dict[str, Any], check_case: Callable[[dict[str, Any]], None]) -> None:
    """A URI yields the volume, mounts, environment and paths that its case says."""
    check_case(planned_case)
