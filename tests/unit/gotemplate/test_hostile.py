"""Hostile templates of both dialects and hostile documents end within their bounds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
SECONDS = 2.0  # of a busy machine, where a template costs twice what it does on a quiet one: 1 s
MEGABYTES = 100.0
TABLES = {
    "GO": ("hostile_templates.py", "msvc_pulumi.gotemplate", 220),
    "JINJA": ("hostile_templates.py", "msvc_pulumi.jinjatemplate", 220),
    "PLANS": ("hostile_plans.py", "plan", 40),
}

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="needs Linux's /proc"
)


@pytest.fixture(scope="module")
def runs() -> Iterator[dict[str, subprocess.Popen[str]]]:
    """The runs of all tables, at the same time."""
    started = {
        table: subprocess.Popen(
            [sys.executable, HERE / "hostile_runner.py", HERE / file, table, module],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for table, (file, module, _) in TABLES.items()
    }
    yield started
    for run in started.values():
        run.kill()
        run.wait()


@pytest.mark.parametrize("table", ["PLANS", "JINJA", "GO"])
def test_hostile_input_ends_within_bounds(
    table: str,
    runs: dict[str, subprocess.Popen[str]],
    record_property: Callable[[str, object], None],
) -> None:
    """Templates raise TemplateError and plans are diagnosed; each takes at most a second of
    processor time and 100 MB."""
    output, _ = runs[table].communicate(timeout=300)
    assert runs[table].returncode == 0
    rows: list[dict[str, Any]] = [json.loads(line) for line in output.splitlines()]
    assert len({row["name"] for row in rows}) >= TABLES[table][2]
    figures = {
        "runs": len(rows),
        "seconds": max(row["seconds"] for row in rows),
        "megabytes": max(row["megabytes"] for row in rows),
        "seconds in all": round(sum(row["seconds"] for row in rows), 1),
    }
    for name, value in figures.items():
        record_property(name, value)
    print(table, figures)
    ends = ("template-",) if table != "PLANS" else ("planned", "diagnosed")
    survivors = [
        row
        for row in rows
        if not row["outcome"].startswith(ends if row["must_fail"] else (*ends, "rendered"))
    ]
    assert survivors == []
    assert [row for row in rows if row["seconds"] > SECONDS] == []
    assert [row for row in rows if row["megabytes"] > MEGABYTES] == []
