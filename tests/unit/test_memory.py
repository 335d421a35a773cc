"""What the operator remembers: all of it, though few plans are kept as they are."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import pytest
import yaml

from msvc_pulumi.errors import Diagnostic
from msvc_pulumi.operator.executor import Key
from msvc_pulumi.operator.planning.answer import Answer, decode, encode
from msvc_pulumi.operator.status.statusreport import Assessment
from msvc_pulumi.operator.work.memory import RECENT, Memory
from msvc_pulumi.plan import Plan, PlanOptions, plan_model_service

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
MANY = 3 * RECENT
NAMESPACE = "remembered"
FILES = ("msvc.yaml", "baseconfig.yaml")


@pytest.fixture(scope="module")
def documents() -> tuple[dict[str, Any], dict[str, Any]]:
    found = [yaml.safe_load((SAMPLES / "facebook" / f).read_text()) for f in FILES]
    return found[0], found[1]


def planned(number: int, documents: tuple[dict[str, Any], dict[str, Any]]) -> Plan:
    """A plan as planners hand it over."""
    service, base = documents
    named = {**service, "metadata": {"name": f"m{number}", "namespace": NAMESPACE}}
    plan = decode(encode(Answer(plan_model_service(named, base, PlanOptions())))).plan
    assert plan is not None
    return plan


def key(number: int) -> Key:
    return Key(NAMESPACE, f"m{number}")


def test_everything_is_remembered(documents: Any) -> None:
    """Each assessment is the one that was noted last, with its plan, problems and generation."""
    memory = Memory()
    problem = Diagnostic("some-code", "something", help="do something")
    noted = {
        key(number): Assessment(
            number, None if number % 7 == 0 else planned(number, documents), applied=True
        )
        for number in range(MANY)
    }
    for name, assessment in noted.items():
        memory.note(name, assessment)
    changed = Assessment(99, planned(1, documents), None, (problem,), deleting=True)
    memory.note(key(3), changed)
    noted[key(3)] = changed
    for name, assessment in noted.items():
        found = memory.assessment(name)
        assert found == assessment
        assert found is not None
        if assessment.plan is not None:
            assert found.plan is not None
            assert found.plan.hash == assessment.plan.hash


def test_what_has_gone_is_forgotten(documents: Any) -> None:
    memory = Memory()
    for number in range(3):
        memory.note(key(number), Assessment(1, planned(number, documents), applied=True))
    memory.forget(key(1))
    assert memory.assessment(key(1)) is None
    assert memory.assessment(key(0)) is not None
    memory.note(key(0), Assessment(2, None, applied=None))
    assert memory.assessment(key(0)) == Assessment(2, None, applied=None)


def test_few_plans_are_kept_as_they_are(documents: Any) -> None:
    """However many are looked at, in whatever order."""
    memory = Memory()
    for number in range(MANY):
        memory.note(key(number), Assessment(1, planned(number, documents), applied=True))
    for number in (*range(MANY), *range(0, MANY, 3)):
        assert memory.assessment(key(number)) is not None
    gc.collect()
    alive = [thing for thing in gc.get_objects() if isinstance(thing, Plan)]
    mine = [plan for plan in alive if plan.namespace == NAMESPACE]
    assert 0 < len(mine) <= RECENT
