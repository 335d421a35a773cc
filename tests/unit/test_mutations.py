"""Mistakes in samples, some of thousands: `tests/engine/test_mutations.py` has the others."""

from __future__ import annotations

from collections import Counter

from mutations import QUICK, outcome


def test_mistakes_end_as_diagnostics() -> None:
    """Whatever is changed in a sample, nothing escapes but errors with diagnostics, and enough of
    the changes get through to each stage."""
    found = Counter(outcome(number) for number in range(QUICK))
    assert found["Plan"] > QUICK // 4
    assert found["unreadable"] > QUICK // 20
    assert found["SpecError"] > QUICK // 20
    assert found["InterpolationError"] > QUICK // 20
