"""Arguments that do not do what they say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

CASES = Path(__file__).parent / "argumentchecks" / "cases.yaml"


def test_case(planned_case: dict[str, Any], check_case: Callable[[dict[str, Any]], None]) -> None:
    """What is void, lost in a shell or refused is warned of where it is stated, and only that."""
    check_case(planned_case)
