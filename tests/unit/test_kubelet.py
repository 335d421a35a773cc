"""The rules that the test kubelet shares with a real one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kubelet.environment import UnsupportedError, environment, expand
from kubelet.images import Image, Words, find
from kubelet.probes import Thresholds, health_answer, health_question
from kubelet.status import carried, phase
from standins import model_server

TEXTS = st.text("ab$() ", max_size=12)
DONE, FAILED, RUNS, NEW, AGAIN = (
    {"state": {"terminated": {"exitCode": 0}}, "lastState": {}},
    {"state": {"terminated": {"exitCode": 1}}, "lastState": {}},
    {"state": {"running": {}}, "lastState": {}},
    {"state": {"waiting": {}}, "lastState": {}},
    {"state": {"waiting": {}}, "lastState": {"terminated": {}}},
)


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("$(A)", "1"),
        ("$(B)", "$(B)"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$1"),
        ("$A ${A}", "$A ${A}"),
        ("$(A", "$(A"),
        ("$(A)$(A)", "11"),
    ],
)
def test_variables_are_expanded(text: str, expanded: str) -> None:
    assert expand(text, {"A": "1"}) == expanded


@given(TEXTS)
def test_doubled_dollars_keep_a_text(text: str) -> None:
    assert expand(text.replace("$", "$$"), {"a": "1", "b": "2", "": "3"}) == text


def test_values_that_are_not_to_be_had_are_said() -> None:
    container: dict[str, Any] = {
        "env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "no", "key": "k"}}}]
    }
    pod = {"metadata": {"name": "p", "namespace": "n", "uid": "u"}, "spec": {}}

    with pytest.raises(UnsupportedError, match="secret no does not exist"):
        environment(container, pod, address="", host_address="", sources=lambda *_: None)


@given(st.lists(st.booleans(), max_size=20), st.integers(1, 4), st.integers(1, 4))
def test_probes_settle_at_their_thresholds(
    attempts: list[bool], successes: int, failures: int
) -> None:
    """What is known is what the last attempts say with one voice, as many as are asked for."""
    thresholds = Thresholds(successes, failures)
    for number, attempt in enumerate(attempts, start=1):
        known = thresholds.add(attempt)
        needed = successes if attempt else failures
        last = attempts[max(0, number - needed) : number]
        settled = len(last) == needed and set(last) == {attempt}
        assert known is (attempt if settled else None)


@pytest.mark.parametrize(
    ("statuses", "policy", "initialized", "failed", "expected"),
    [
        ([RUNS, DONE], "Always", True, False, "Running"),
        ([DONE, DONE], "Always", True, False, "Running"),
        ([DONE, DONE], "Never", True, False, "Succeeded"),
        ([DONE, FAILED], "Never", True, False, "Failed"),
        ([DONE, FAILED], "OnFailure", True, False, "Running"),
        ([RUNS], "Never", False, True, "Failed"),
        ([RUNS], "Always", False, False, "Pending"),
        ([RUNS, NEW], "Always", True, False, "Pending"),
        ([RUNS, AGAIN], "Always", True, False, "Running"),
    ],
)
def test_the_phase_follows_the_containers(
    statuses: list[Any], policy: str, initialized: bool, failed: bool, expected: str
) -> None:
    assert phase(statuses, policy, initialized=initialized, failed=failed) == expected


def test_conditions_keep_the_time_they_changed() -> None:
    old = [
        {"type": "Ready", "status": "True", "lastTransitionTime": "then"},
        {"type": "Initialized", "status": "False", "lastTransitionTime": "then"},
        {"type": "Other", "status": "True"},
    ]

    new = carried(
        [{"type": "Ready", "status": "True"}, {"type": "Initialized", "status": "True"}], old
    )

    assert new[0] == old[0]
    assert new[1]["lastTransitionTime"] != "then"
    assert new[2] == old[2]


def test_images_stand_for_all_tags_of_a_repository_or_for_one() -> None:
    images = {"h:1/a/b": Image("any"), "h:1/a/b:2": Image("two")}
    found = {name: find(images, f"h:1/a/b{name}") for name in ("", ":1", ":2", ":1@sha256:0", "c")}
    programs = {name: image and image.program for name, image in found.items()}

    assert programs == {"": "any", ":1": "any", ":2": "two", ":1@sha256:0": "any", "c": None}


@pytest.mark.parametrize("service", ["", "liveness", "a.b.C"])
def test_health_is_asked_as_protobuf_has_it(service: str) -> None:
    question = health_question(service)

    assert question == (bytes([10, len(service)]) + service.encode() if service else b"")
    assert health_answer(b"\x08\x01") == "SERVING"
    assert health_answer(b"") == "UNKNOWN"


@pytest.mark.parametrize(
    ("command", "args", "stated"),
    [
        (["vllm", "serve"], ["m/x"], {"--model": ["m/x"], "--port": ["8000"]}),
        ([], ["--model=m/x", "--port=81"], {"--model": ["m/x"], "--port": ["81"]}),
        (
            ["vllm", "serve", "m/x"],
            ["--served-model-name", "a", "b", "--kv-transfer-config", "{}"],
            {"--model": ["m/x"], "--served-model-name": ["a", "b"], "--kv-transfer-config": None},
        ),
        (
            ["vllm", "serve"],
            ["m/x", "--lora-modules", "l=/p"],
            {"--lora-modules": ['{"name": "l", "path": "/p"}']},
        ),
    ],
)
def test_the_simulator_goes_by_the_names_and_port_of_vllm(
    command: list[str], args: list[str], stated: dict[str, list[str] | None]
) -> None:
    words = Words(command, args, {"HOSTNAME": "pod"}, lambda path: path)
    arguments, given_environment = model_server(words)

    assert given_environment["POD_NAME"] == "pod"
    for option, values in stated.items():
        if values is None:
            assert option not in arguments
        else:
            place = arguments.index(option) + 1
            assert arguments[place : place + len(values)] == values
