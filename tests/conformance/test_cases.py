"""The original's behaviour, case by case: equal, or as the ledger says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from conformance import corpus

from msvc_pulumi.cli import main
from msvc_pulumi.document.source import Source, parse
from msvc_pulumi.errors import Diagnostics

HERE = Path(__file__).parent
CASES = corpus.cases()


def values(text: str) -> list[Any]:
    """What a YAML stream says, read as the original's readers do."""
    diagnostics = Diagnostics()
    documents = parse(Source("output", text), diagnostics=diagnostics)
    assert not diagnostics.errors
    return [document.value for document in documents]


def run(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    try:
        code = main(arguments)
    except SystemExit as stop:
        code = int(stop.code or 0)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.mark.skipif(not CASES, reason="the corpus is not beside this checkout")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_corpus(
    case: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command prints what the original printed, fails where it failed, or as the ledger says."""
    monkeypatch.chdir(case.folder)
    code, out, err = run(case.arguments, capsys)

    assert "Traceback" not in err
    if case.fails:
        assert code != 0
        assert out == ""
        assert err.strip()
        return
    assert code == 0, err
    if case.expected is not None:
        assert values(case.expected.read_text(encoding="utf-8")) == values(out)


@pytest.mark.skipif(not CASES, reason="the corpus is not beside this checkout")
def test_deviations_are_allowed() -> None:
    """Every deviation is of a case that exists."""
    verdicts = {case.name: case.verdict for case in CASES}
    stale = [name for name in corpus.DEVIATIONS if name not in verdicts]
    assert stale == []


def ledger() -> set[str]:
    """The case numbers in the ledger's last column."""
    text = (HERE.parents[1] / "docs" / "conformance.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ") and line.endswith("|")]
    return {number for row in rows for number in re.findall(r"\b\d{3}\b", row.split("|")[-2])}


def test_ledger_lists_every_deviation() -> None:
    """The ledger and the deviations name the same cases, and every output deviation has a file."""
    assert ledger() == {name[:3] for name in corpus.DEVIATIONS}
    outputs = {name for name, item in corpus.DEVIATIONS.items() if item["outcome"] == "output"}
    assert outputs == {file.stem for file in corpus.WANT.iterdir()}


@pytest.mark.skipif(not CASES, reason="the corpus is not beside this checkout")
def test_deviations_are_needed() -> None:
    """A deviation that no longer differs from the original is not listed."""
    needless = []
    for case in CASES:
        original = case.folder / "expected.yaml"
        want = corpus.WANT / f"{case.name}.yaml"
        if want.exists() and original.exists():
            same = values(want.read_text("utf-8")) == values(original.read_text("utf-8"))
            needless += [case.name] if same else []
    assert needless == []
