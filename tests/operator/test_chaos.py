"""Whatever is killed and whoever edits, the fleet ends as its ModelServices say."""

from __future__ import annotations

from pathlib import Path

from chaos import run

SEED, EVENTS, SERVICES = 6, 25, 8


def test_chaos_ends_in_order(tmp_path: Path) -> None:
    """After kills of everything and edits by everybody, cluster and state are what is planned.

    `python tests/chaos.py` does the same for longer.
    """
    log: list[str] = []
    done = run(tmp_path, events=EVENTS, services=SERVICES, seed=SEED, progress=log.append)
    assert sum(done.values()) > EVENTS / 2, log
