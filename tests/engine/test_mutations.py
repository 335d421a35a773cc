"""Mistakes in samples: those that take too long for the unit tests."""

from __future__ import annotations

from mutations import ALL, QUICK, outcome


def test_thousands_of_mistakes_end_as_diagnostics() -> None:
    """Nothing escapes but errors with diagnostics."""
    for number in range(QUICK, ALL):
        assert outcome(number)
