"""The Go dialect agrees with what Go printed.

``templates/cases.jsonl`` holds our own templates and Go's answers, errors included (Go 1.26.8,
sprig 3.3.0). The two large corpora lie beside the repository, where they are present; what we
answer differently there has to be what docs/templates-exceptions.md lists, no more and no less.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from templaterows import render_row

from msvc_pulumi.gotemplate import WIDE

HERE = Path(__file__).parent / "templates"
ROOT = HERE.parents[2]
CORPORA = ROOT.parent / "shared" / "templates"
EXCEPTIONS = ROOT / "docs" / "templates-exceptions.md"
DATA = json.loads((HERE / "data.json").read_text(encoding="utf-8"))


def rows(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


CASES = rows(HERE / "cases.jsonl")


def expected(row: dict[str, Any]) -> dict[str, str]:
    return {"out": row["want"]} if "want" in row else {"err": row["want_error"]}


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_own_cases_answer_what_go_answers(case: dict[str, Any]) -> None:
    """Output and error texts are Go's, to the letter."""
    data = json.loads(json.dumps(DATA[case["data_kind"]]))  # templates can change maps
    assert render_row({**case, "data": data}) == expected(case)


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_marked_data_change_no_answer(case: dict[str, Any]) -> None:
    """Where texts come from is noted, and nothing else is different."""
    data = json.loads(json.dumps(DATA[case["data_kind"]]))
    assert render_row({**case, "data": data}, marked=True) == expected(case)


# Derived passwords take half the time of a template; on a busy machine twice as long.
UNHURRIED = WIDE._replace(seconds=30.0)


def listed_exceptions() -> set[str]:
    """The ids in the table of docs/templates-exceptions.md."""
    text = EXCEPTIONS.read_text(encoding="utf-8")
    return set(re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE))


def disagreements(corpus: list[dict[str, Any]]) -> Iterator[str]:
    """Ids where only one side fails, or the outputs differ."""
    for row in corpus:
        answer = render_row(row, profile=UNHURRIED)
        if answer.get("out") != row.get("want"):
            yield row["id"]


@pytest.mark.parametrize(("name", "share"), [("corpus", 0.99), ("random", 0.995)])
def test_corpora_agree_but_for_the_listed_exceptions(name: str, share: float) -> None:
    """At least the agreed share is the same, and every difference is listed."""
    path = CORPORA / f"{name}.jsonl"
    if not path.exists():
        pytest.skip(f"no {path.name} beside the repository")
    corpus = [row for row in rows(path) if "must-disable" not in row.get("tags", ())]
    different = set(disagreements(corpus))
    assert 1 - len(different) / len(corpus) >= share
    assert different == listed_exceptions() & {row["id"] for row in corpus}


def test_functions_that_must_be_off_are_off() -> None:
    """Rows that show the machine to the template are errors."""
    path = CORPORA / "corpus.jsonl"
    if not path.exists():
        pytest.skip(f"no {path.name} beside the repository")
    off = [row for row in rows(path) if "must-disable" in row.get("tags", ())]
    assert off
    assert all("err" in render_row(row) for row in off)
