"""decode and encode_zero together do what sigs.k8s.io/yaml and encoding/json do.

go-answers.jsonl was printed by `tools/types/original` for questions of `tools/types/questions.py`.
With MSVC_GO_TYPES set to that program, fresh questions are asked.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from msvc_pulumi.document.source import Source, parse
from msvc_pulumi.errors import Diagnostics, FieldPath
from msvc_pulumi.schema import decode, lookup
from msvc_pulumi.schema.encode import encode_zero

REPOSITORY = Path(__file__).resolve().parents[3]
ANSWERS = Path(__file__).with_name("go-answers.jsonl")
GO_TYPES = os.environ.get("MSVC_GO_TYPES", "")

# Q21: below an embedded struct Go takes no number or boolean for a string; we take it everywhere.
ONLY_GO_REFUSES = re.compile(
    r"cannot unmarshal (number|bool) into .* of type (string|v1\.\w+|v1alpha2\.\w+)$"
)


def disagreement(answer: dict[str, Any]) -> str:
    """What we do differently from Go, "" if nothing."""
    diagnostics = Diagnostics()
    documents = parse(Source("question", answer["yaml"]), diagnostics=diagnostics)
    assert not diagnostics.errors
    value = documents[0].value
    stated = decode(answer["type"], value, at=FieldPath(), diagnostics=diagnostics)
    if "error" in answer:
        texts = {error.go for error in diagnostics.errors}
        if not texts:
            is_known = ONLY_GO_REFUSES.search(answer["error"])
            return "" if is_known else f"we accept what Go refuses: {answer['error']}"
        is_told = answer["error"] in texts or "" in texts
        if is_told or ONLY_GO_REFUSES.search(answer["error"]):
            return ""
        return f"we say {texts}, Go says {answer['error']}"
    if diagnostics.errors:
        return f"we refuse what Go accepts: {diagnostics.errors}"
    printed = encode_zero(answer["type"], stated)
    return "" if printed == answer["json"] else f"we print {printed}, Go prints {answer['json']}"


def test_recorded_answers() -> None:
    """Every recorded answer of Go is ours, errors included."""
    answers = [json.loads(line) for line in ANSWERS.read_text().splitlines()]
    assert len(answers) >= 900

    wrong = {answer["yaml"]: found for answer in answers if (found := disagreement(answer))}

    assert wrong == {}


def test_own_output_is_a_fixed_point() -> None:
    """What Go printed reads back as itself, without a word."""
    for line in ANSWERS.read_text().splitlines():
        answer = json.loads(line)
        if "json" not in answer:
            continue
        diagnostics = Diagnostics()
        again = decode(answer["type"], answer["json"], at=FieldPath(), diagnostics=diagnostics)
        assert encode_zero(answer["type"], again) == answer["json"]
        assert not diagnostics.items


@pytest.mark.skipif(not GO_TYPES, reason="MSVC_GO_TYPES names no program")
def test_fresh_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same holds for questions nobody has seen before."""
    monkeypatch.syspath_prepend(str(REPOSITORY / "tools" / "types"))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    questions = importlib.import_module("questions").questions
    table = json.loads(subprocess.run([GO_TYPES], check=True, capture_output=True).stdout)
    seed = int.from_bytes(os.urandom(4))
    asked = "\n".join(json.dumps(question) for question in questions(table, 5000, seed))
    done = subprocess.run(
        [GO_TYPES, "roundtrip"], input=asked, check=True, capture_output=True, text=True
    )

    answers = [json.loads(line) for line in done.stdout.splitlines()]

    wrong = {answer["yaml"]: found for answer in answers if (found := disagreement(answer))}
    assert len(answers) == 5000
    assert wrong == {}, f"seed {seed}"


@pytest.mark.skipif(not GO_TYPES, reason="MSVC_GO_TYPES names no program")
def test_original_zero_rules_count() -> None:
    """Each field the original knows is in types.json exactly as the original's modules have it."""
    table = json.loads(subprocess.run([GO_TYPES], check=True, capture_output=True).stdout)
    for name, fields in table.items():
        for field, expression in fields.items():
            options = expression.split(",")[1:]
            ours = lookup(name).fields[field]
            assert (ours.omitempty, ours.omitzero) == (
                "omitempty" in options,
                "omitzero" in options,
            ), f"{name}.{field}"
            assert ours.type.pointer == expression.startswith("*"), f"{name}.{field}"
