"""Planning in processes of its own: equal to planning here, and bounded by the system."""

from __future__ import annotations

import copy
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import misplanning
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from msvc_pulumi.cluster.modelservices import plan_of
from msvc_pulumi.errors import (
    Diagnostic,
    FieldPath,
    Label,
    ModelServiceError,
    Severity,
    Span,
)
from msvc_pulumi.operator.executor import Key
from msvc_pulumi.operator.planning.answer import Answer, decode, encode
from msvc_pulumi.operator.planning.bounds import Bounds
from msvc_pulumi.operator.planning.job import Inputs, Job
from msvc_pulumi.operator.planning.planners import Planners, PlanningError
from msvc_pulumi.operator.planning.turns import Turns
from msvc_pulumi.plan import Plan
from msvc_pulumi.target.options import PlanOptions

TESTS = Path(__file__).resolve().parents[1]
SAMPLES = sorted(folder for folder in (TESTS.parent / "samples").iterdir() if folder.is_dir())
BOUNDS = Bounds(first=0.05, seconds=0.4, memory=64 << 20, answer=2 << 20, niceness=0)
PATIENCE = 20.0  # seconds, on a machine that is busy with other things
SOON = 10.0


@pytest.fixture(scope="module")
def planners() -> Iterator[Planners]:
    with Planners(2, BOUNDS, act="misplanning:plan") as started:
        yield started


def loaded(folder: Path) -> Inputs:
    documents = []
    for name in ("msvc.yaml", "baseconfig.yaml"):
        file = folder / name
        document = yaml.safe_load(file.read_text()) if file.exists() else None
        if document:
            document["metadata"] = {"namespace": "n", "uid": "u", **document["metadata"]}
        documents.append(document)
    service, config = documents
    return service, config, PlanOptions(epp_pull_secrets=("s",)), None


COUNTERS = itertools.count(1)


def misplanned(name: str, act: str, counter: int = 0) -> dict[Key, Job]:
    """The job of a ModelService that asks for ``act``."""
    service, config, options, capabilities = copy.deepcopy(
        loaded(TESTS.parent / "samples/facebook")
    )
    service["metadata"] |= {"name": name, "labels": {misplanning.LABEL: act}}
    service["metadata"]["labels"][misplanning.COUNTER] = counter
    return {Key("n", name): Job.of(service, config, options, capabilities)}


def result(planners: Planners, jobs: dict[Key, Job]) -> Plan | ModelServiceError:
    """What comes of one job, however long it takes."""
    (key,) = jobs
    try:
        return planners.plan(key, jobs[key])
    except ModelServiceError as error:
        return error


def count(planners: Planners, counter: int) -> int:
    """How often a planner began with what is counted there."""
    return int(problem(result(planners, misplanned("count", "count", counter))).summary)


def problem(found: Plan | ModelServiceError) -> Diagnostic:
    assert isinstance(found, ModelServiceError), found
    return found.diagnostics[0]


def test_plans_are_those_made_here(planners: Planners) -> None:
    """Every sample has the same objects, hash, diagnostics and left-out objects."""
    inputs = {Key("n", folder.name): loaded(folder) for folder in SAMPLES}
    jobs = {key: Job.of(*one) for key, one in inputs.items()}
    found = planners.plans(jobs, lambda _: None, PATIENCE)
    assert {*found} == {*jobs}
    for key, one in inputs.items():
        wanted, plan = plan_of(*one), found[key]
        assert isinstance(plan, Plan)
        assert plan == wanted
        assert plan.hash == wanted.hash
        assert plan.diagnostics == wanted.diagnostics
        assert [item.child.kind for item in plan] == [item.child.kind for item in wanted]


def test_diagnostics_are_those_made_here(planners: Planners) -> None:
    """A template that fails is told with its line, whoever rendered it."""
    service, config, *rest = copy.deepcopy(loaded(TESTS.parent / "samples/facebook"))
    config["data"]["decodeDeployment"] += "\n# {{ .Nowhere }}\n"
    inputs: Inputs = (service, config, *rest)
    with pytest.raises(ModelServiceError) as here:
        plan_of(*inputs)
    found = result(planners, {Key("n", "broken"): Job.of(*inputs)})
    assert isinstance(found, ModelServiceError)
    assert found.diagnostics == here.value.diagnostics
    assert found.diagnostics[0].span is not None


def test_functions_of_all_kinds_work_in_planners(planners: Planners) -> None:
    """What is loaded when it is first used can be loaded, and time zones read."""
    service, config, *rest = copy.deepcopy(loaded(TESTS.parent / "samples/facebook"))
    service["spec"]["decode"]["containers"][0]["args"] = [
        '{{ range until 3 }}{{ add 1 . }}{{ end }}{{ regexFind "a+" "baa" }}{{ semver "1.2.3" }}',
        '{{ dateInZone "15:04" (toDate "2006-01-02" "2026-07-01") "Asia/Tokyo" }}',
        '{{ list 3 1 | sortAlpha | toJson | b64enc }}{{ dict "a" 1 | toJson }}{{ floor 1.5 }}',
        '{{ urlParse "http://a/b" | toJson }}{{ derivePassword 1 "long" "a" "b" "c" }}',
    ]
    inputs: Inputs = (service, config, *rest)
    assert result(planners, {Key("n", "functions"): Job.of(*inputs)}) == plan_of(*inputs)


TEXT = st.text(max_size=20) | st.text(st.characters(), max_size=5)
NUMBER = st.integers(0, 1 << 40)
SPAN = st.builds(Span, TEXT, NUMBER, NUMBER, NUMBER, TEXT)
DIAGNOSTIC = st.builds(
    Diagnostic,
    TEXT,
    TEXT,
    st.sampled_from(Severity),
    st.lists(TEXT | NUMBER).map(FieldPath),
    st.none() | SPAN,
    TEXT,
    st.lists(st.builds(Label, SPAN, TEXT), max_size=2).map(tuple),
    st.lists(TEXT, max_size=2).map(tuple),
    TEXT,
    TEXT,
)


@settings(max_examples=25)
@given(st.lists(DIAGNOSTIC, max_size=4).map(tuple), TEXT)
def test_answers_are_read_as_they_were_meant(
    problems: tuple[Diagnostic, ...], failure: str
) -> None:
    answer = Answer(None, problems, failure, spent=0.5, last=True)
    assert decode(encode(answer)) == answer


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(value, dict | list):
        steps = value if isinstance(value, dict) else range(len(value))
        for step in steps:
            yield from places(value[step], (*path, step))


PLACED = Diagnostic("a", "b", span=Span("f", 1, 1), related=(Label(Span("f", 2, 1), "c"),))
SOUND = json.loads(encode(Answer(plan_of(*loaded(SAMPLES[0])), (PLACED,))))
OTHERS = (None, True, -1, float("inf"), "x", [], {}, [[1, 2, 3, 4, 5]], {"a": []})


def test_what_is_no_answer_is_refused() -> None:
    """Whatever a planner may say, the operator reads it or knows that it cannot."""
    texts = [b"", b"\xff", b"[" * 100_000]
    for place in places(SOUND):
        if "manifest" in place[:-1]:  # is data, whatever it is
            continue
        for other in OTHERS:
            value = [copy.deepcopy(SOUND)]
            here, last = value, 0
            for step in place:
                here, last = here[last], step
            here[last] = other
            texts.append(json.dumps(value[0]).encode())
    read = 0
    for text in texts:
        try:
            read += isinstance(decode(text), Answer)
        except ValueError:
            continue
    assert 0 < read < len(texts)


def test_much_is_told_in_few_words() -> None:
    """No error is lost to long source lines."""
    span = Span("f", 1, 1, 1, "x" * 100_000)
    problems = tuple(Diagnostic("c", str(number), span=span) for number in range(50))
    text = encode(Answer(problems=problems))
    assert len(text) < 400_000
    found = decode(text).problems
    assert [item.summary for item in found] == [item.summary for item in problems]
    assert found[0] == problems[0]
    assert found[-1].span == Span("f", 1, 1, 1)


@pytest.mark.parametrize("act", ["loop", "sleep", "catch", "memory", "objects"])
def test_what_a_plan_may_not_take_is_a_limit(planners: Planners, act: str) -> None:
    """It is told once, with what was exceeded, and not tried again before something changes."""
    counter = next(COUNTERS)
    jobs = misplanned(act, act, counter)
    told = problem(result(planners, jobs))
    assert told.code == "template-limit"
    assert {"memory": "64 MiB of memory", "objects": "2 MiB of text"}.get(
        act, "0.4 s"
    ) in told.summary
    assert told.help
    tried = count(planners, counter)
    assert tried <= 2
    assert problem(result(planners, jobs)) == told
    assert count(planners, counter) == tried
    (key,) = jobs
    assert isinstance(result(planners, {key: next(iter(misplanned(act, "").values()))}), Plan)


@pytest.mark.parametrize(
    ("act", "code", "words"),
    [
        ("exit", "planning-failed", "code 3"),
        ("abort", "planning-failed", "SIGABRT"),
        ("raise", "internal-error", "unexpectedly: RuntimeError"),
        ("nothing", "internal-error", "neither plan nor problem"),
        ("data", "internal-error", "TypeError"),
    ],
)
def test_what_nobody_expects_is_tried_again_later(
    planners: Planners, act: str, code: str, words: str
) -> None:
    counter = next(COUNTERS)
    jobs = misplanned(act, act, counter)
    found = result(planners, jobs)
    assert isinstance(found, PlanningError)
    assert problem(found).code == code
    assert words in problem(found).summary
    assert count(planners, counter) == (2 if code == "planning-failed" else 1)
    result(planners, jobs)
    assert count(planners, counter) > 2 - (code == "internal-error")


def test_a_planner_that_was_killed_costs_nobody_a_plan(planners: Planners) -> None:
    counter = next(COUNTERS)
    assert isinstance(result(planners, misplanned("once", "once", counter)), Plan)
    assert count(planners, counter) == 2


def test_what_was_killed_while_idle_is_replaced(planners: Planners) -> None:
    """Planners, and then the process that they come from."""
    for number in range(3):
        jobs = {k: v for i in range(4) for k, v in misplanned(f"{i}", "").items()}
        found = planners.plans(jobs, lambda _: None, PATIENCE)
        assert all(isinstance(found[key], Plan) for key in jobs)
        for pid in below(os.getpid()):
            if (os.getsid(pid) == pid) == (number == 0):  # of planners each has a session
                os.kill(pid, signal.SIGKILL)
                killed = pid
        eventually_gone(killed)


def eventually_gone(pid: int) -> None:
    end = time.monotonic() + PATIENCE
    while is_running(pid):
        assert time.monotonic() < end
        time.sleep(0.01)


def test_long_diagnostics_stay_bounded(planners: Planners) -> None:
    found = result(planners, misplanned("length", "length"))
    assert isinstance(found, ModelServiceError)
    assert [len(item.summary) for item in found.diagnostics] == [1000, 1000, 1000]


def test_a_planner_has_nothing_of_the_operator(planners: Planners) -> None:
    """No variable and no open file; and where Linux can see to it, nobody to turn to."""
    found = result(planners, misplanned("look", "look"))
    assert isinstance(found, ModelServiceError)
    seen = dict(item.summary.split(": ", 1) for item in found.diagnostics)
    assert {*seen.pop("environment").split()} <= {"PYTHONPATH", "PYTHONUTF8", "LC_CTYPE"}
    assert len(seen.pop("files").split()) == 4  # its channel, and where nothing is
    assert seen.pop("descriptors") == "OSError"
    if enclosed():
        assert {*seen.values()} == {"PermissionError"}, seen


def enclosed() -> bool:
    """Whether this system can enclose planners."""
    program = (
        "import sys; from msvc_pulumi.operator.planning import enclosure as it; "
        "sys.exit(not it.enclose())"
    )
    return subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_slow_plans_hold_nobody_up(planners: Planners) -> None:
    """Twenty are planned while five others, asked for before them, do not end."""
    slow = {k: v for number in range(5) for k, v in misplanned(f"slow-{number}", "loop").items()}
    quick = {k: v for number in range(20) for k, v in misplanned(f"quick-{number}", "").items()}
    told: list[Key] = []
    began = time.monotonic()
    found = planners.plans({**slow, **quick}, told.append, PATIENCE)
    assert time.monotonic() - began < SOON
    assert {*slow} - {*found}
    assert {*quick} & {*found}  # a busy machine does not plan all of them at once
    for key, job in quick.items():
        assert isinstance(found.get(key) or result(planners, {key: job}), Plan)
    for key, job in slow.items():
        assert problem(result(planners, {key: job})).code == "template-limit"
    end = time.monotonic() + PATIENCE
    missing = {*slow, *quick} - {*found}
    while {*told} < missing:
        assert time.monotonic() < end
        time.sleep(0.01)
    assert sorted(told) == sorted(missing)


OWNERS = [("a", "1"), ("a", "2"), ("b", "1"), ("c", "1")]
THINGS = st.lists(st.tuples(st.sampled_from(OWNERS), st.integers(1, 50)), max_size=40)


@given(THINGS)
def test_turns_are_fair(things: list[tuple[tuple[str, str], int]]) -> None:
    """Each owner keeps its order, and it is the turn of a namespace that has cost least, and there
    of what has cost least.
    """
    turns: Turns[int] = Turns()
    for number, (owner, _) in enumerate(things):
        turns.add(owner, number)
    left, done = dict(enumerate(things)), []
    spent = dict.fromkeys([*OWNERS, *"abc"], 0)
    while (number := turns.take()) is not None:
        owner, cost = left[number]
        waiting = {one for one, _ in left.values()}
        assert spent[owner[0]] == min(spent[space] for space, _ in waiting)
        assert spent[owner] == min(spent[one] for one in waiting if one[0] == owner[0])
        turns.charge(owner, cost)
        spent[owner] += cost
        spent[owner[0]] += cost
        done.append((owner, number))
        del left[number]
        assert len(turns) == len(left)
    assert not left
    for owner in OWNERS:
        numbers = [number for one, number in done if one == owner]
        assert numbers == sorted(numbers)


def test_who_comes_after_a_pause_has_no_credit() -> None:
    turns: Turns[str] = Turns()
    for _ in range(3):
        turns.add(["busy"], "busy")
        assert turns.take() == "busy"
        turns.charge(["busy"], 10)
    turns.add(["busy"], "busy")
    turns.add(["new"], "new 1")
    turns.add(["new"], "new 2")
    assert turns.take() == "new 1"
    turns.charge(["new"], 11)
    assert [turns.take(), turns.take(), turns.take()] == ["busy", "new 2", None]


OPERATOR = """
import sys
from msvc_pulumi.operator.planning.planners import Planners
import test_planners
planners = Planners(2, test_planners.HANGING, act="misplanning:plan")
jobs = {**test_planners.misplanned("a", "sleep"), **test_planners.misplanned("b", "loop")}
planners.plans(jobs, print, 0)
sys.stdin.read()
planners.close()
"""
HANGING = Bounds(first=600, seconds=600)


def below(pid: int) -> set[int]:
    """All processes that ``pid`` started, and that those started."""
    found: set[int] = set()
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found |= {child} | below(child)
    return found


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("how", ["close", "kill", "without fork server"])
def test_no_planner_outlives_its_operator(how: str) -> None:
    """Neither one that is idle nor one that is at a plan which does not end."""
    path = os.pathsep.join([str(TESTS), str(TESTS / "unit")])
    with subprocess.Popen(
        [sys.executable, "-c", OPERATOR],
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.PIPE,
    ) as operator:
        assert operator.stdin
        end = time.monotonic() + PATIENCE
        while len(planners := below(operator.pid)) < 3:
            assert time.monotonic() < end
            time.sleep(0.02)
        if how == "close":
            operator.stdin.close()
        elif how == "without fork server":
            (server,) = map(
                int, Path(f"/proc/{operator.pid}/task/{operator.pid}/children").read_text().split()
            )
            os.kill(server, signal.SIGKILL)
            operator.stdin.close()
        else:
            operator.send_signal(signal.SIGKILL)
        operator.wait(PATIENCE)
        end = time.monotonic() + PATIENCE
        while left := [pid for pid in planners if is_running(pid)]:
            assert time.monotonic() < end, left
            time.sleep(0.02)
