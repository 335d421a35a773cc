"""Whatever is killed in the middle of a run, the next one ends as if nothing had been."""

from __future__ import annotations

from pathlib import Path

import pytest
from kills import MANY, VICTIMS, Kills

from msvc_pulumi.engine.session import Session

SEED = 6
WANTED, ROUNDS = 2, 5  # a run may be over before it is killed


@pytest.mark.parametrize("victim", VICTIMS)
def test_the_next_run_ends_exactly(
    session: Session, namespace: str, tmp_path: Path, victim: str
) -> None:
    """No object twice, none lost, no lock. `python tests/kills.py` does the same for longer."""
    kills = Kills(session, tmp_path, namespace, SEED)
    for number in range(ROUNDS):
        kills.round(victim, MANY if victim == "all" and not number else 1)
        if kills.done[f"{victim} killed"] == WANTED:
            break
    assert kills.done[f"{victim} killed"], kills.done
