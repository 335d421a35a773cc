"""The README of gotemplate says what is true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from msvc_pulumi import gotemplate

ROOT = Path(gotemplate.__file__).parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_example_prints_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    """The lines of the README run, and print what stands below them."""
    (program,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    (printed,) = re.findall(r"```text\n(.*?)```", README, re.DOTALL)
    exec(program, {})  # noqa: S102 - our own README
    assert capsys.readouterr().out == printed


def test_all_rooms_are_described() -> None:
    """The table has a row for each room."""
    described = set(re.findall(r"^\| `(\w+)` \|", README, re.MULTILINE))
    assert described == {path.parent.name for path in ROOT.glob("*/__init__.py")}
