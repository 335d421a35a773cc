"""Endpoint pickers and routing sidecars: rights, probes and what their releases do not do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

CASES = Path(__file__).parent / "pickers" / "cases.yaml"


def test_case(planned_case: dict[str, Any], check_case: Callable[[dict[str, Any]], None]) -> None:
    """What is told is true of the release that the image is, and of all that it may be."""
    check_case(planned_case)
