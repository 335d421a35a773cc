"""No false alarm: all that policies say of the original's cases and of our samples is true."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from conformance.corpus import CORPUS, Case

from msvc_pulumi.cli import parser
from msvc_pulumi.cli.generate import options
from msvc_pulumi.document.inputs import load_inputs
from msvc_pulumi.errors import ModelServiceError
from msvc_pulumi.fleet.fleetplan import plan_inputs
from msvc_pulumi.policies.review import review
from msvc_pulumi.policies.selection import selection

SAMPLES = sorted((Path(__file__).parents[2] / "samples").glob("*/msvc.yaml"))
# What an object lacks is plain to see; the others count and calculate.
PLAIN = {"unpinned-image", "no-memory-limit", "no-readiness-probe", "no-liveness-probe"}
# The original's own sample runs `--tensor-parallel-size 8` on one GPU, in both roles.
WANTED = {("005-sample-pvc-llama4", "too-few-accelerators"): 2}


def found(arguments: list[str]) -> Counter[str]:
    """How often each policy finds something in what the command line plans."""
    known = parser(arguments).parse_args(arguments)
    inputs = load_inputs(known.modelservice, known.baseconfig)
    plans = plan_inputs(inputs, options(known)).plans
    levels = selection(["all"])
    return Counter(item.code for plan in plans for item in review(plan, levels).found)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not beside this checkout")
def test_cases_of_the_original(monkeypatch: pytest.MonkeyPatch) -> None:
    counted: dict[tuple[str, str], int] = {}
    looked_at = 0
    for folder in sorted(CORPUS.iterdir()):
        case = Case(folder)
        if case.fails or case.arguments[:1] != ["generate"]:
            continue
        monkeypatch.chdir(folder)
        try:
            codes = found(case.arguments)
        except (ModelServiceError, SystemExit):
            continue  # of the original only
        looked_at += 1
        counted |= {(case.name, code): n for code, n in codes.items() if code not in PLAIN}
    assert looked_at > 100
    assert counted == WANTED


@pytest.mark.parametrize("file", SAMPLES, ids=lambda file: file.parent.name)
def test_samples(file: Path) -> None:
    """They state everything but limits of memory, which depend on the model that one puts in."""
    assert set(found(["generate", "-m", str(file.parent)])) <= {"no-memory-limit"}
