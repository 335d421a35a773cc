"""Hostile templates of both dialects end as errors within their bounds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
SECONDS = 2.0  # of a busy machine, where a template costs twice what it does on a quiet one: 1 s
MEGABYTES = 100.0
LEAST = 80


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize(
    ("table", "module"),
    [("GO", "msvc_pulumi.gotemplate"), ("JINJA", "msvc_pulumi.jinjatemplate")],
)
def test_hostile_templates_end_as_errors_within_bounds(
    table: str, module: str, record_property: Callable[[str, object], None]
) -> None:
    """Every one raises TemplateError, takes at most a second of processor time and 100 MB."""
    run = subprocess.run(
        [sys.executable, HERE / "hostile_runner.py", HERE / "hostile_templates.py", table, module],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    rows = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(rows) >= LEAST
    figures = {
        "templates": len(rows),
        "seconds": max(row["seconds"] for row in rows),
        "megabytes": max(row["megabytes"] for row in rows),
    }
    for name, value in figures.items():
        record_property(name, value)
    print(table, figures)
    survivors = [row for row in rows if not row["outcome"].startswith("template-")]
    assert survivors == []
    assert [row for row in rows if row["seconds"] > SECONDS] == []
    assert [row for row in rows if row["megabytes"] > MEGABYTES] == []
