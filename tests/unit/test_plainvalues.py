"""What a Python program may hand over as a ModelService and a BaseConfig."""

from __future__ import annotations

import collections
import copy
import datetime
import decimal
import enum
import math
import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from msvc_pulumi.document.plainvalues import plain_value
from msvc_pulumi.errors import Diagnostic, Diagnostics, ModelServiceError
from msvc_pulumi.plan import plan_model_service

SERVICE = {
    "apiVersion": "llm-d.ai/v1alpha1",
    "kind": "ModelService",
    "metadata": {"name": "demo", "labels": {"team": "a"}},
    "spec": {
        "routing": {"modelName": "tiny", "ports": [{"name": "app", "port": 80}]},
        "modelArtifacts": {"uri": "hf://acme/tiny"},
        "decode": {"containers": [{"name": "vllm", "args": ["-v"], "env": [{"name": "A"}]}]},
    },
}
BASE = {"data": {"decodeDeployment": "spec: {replicas: 1}", "decodeService": "spec: {}"}}


class Text(enum.StrEnum):
    A = "a"


class Number(enum.IntEnum):
    ONE = 1


@dataclass
class Data:
    field: int = 1


def recursive() -> tuple[dict[str, Any], list[Any]]:
    mapping: dict[str, Any] = {}
    mapping["self"] = mapping
    items: list[Any] = []
    items.append(items)
    return mapping, items


def nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels):
        value = {"a": value}
    return value


def doubled(times: int) -> list[Any]:
    """A list of 2 ** ``times`` items that takes no more room than ``times`` lists."""
    value: list[Any] = []
    for _ in range(times):
        value = [value, value]
    return value


TAKEN = [
    ((1, [2]), [1, [2]]),
    (collections.OrderedDict(a=(Text.A,)), {"a": ["a"]}),
    (types.MappingProxyType({Text.A: Number.ONE}), {"a": 1}),
    (collections.UserDict(a=None), {"a": None}),
]
REFUSED = [
    *(b"x", bytearray(b"x"), decimal.Decimal("1.5"), datetime.date(2026, 1, 1), {1}, frozenset()),
    *(Data(), Data, object(), len, iter("a"), range(3), 1j, ..., collections.deque([1])),
    *(2**64, 10**5000, "\ud800", *recursive(), nested(200)),
    *({1: 2}, {None: 1}, {True: 1}, {1.5: 1, "a": 2}, {(1, 2): 1}, {b"a": 1}, {"\udfff": 1}),
]
NOT_FINITE = [math.nan, math.inf, -math.inf]


@pytest.mark.parametrize(("value", "plain"), TAKEN)
def test_what_has_one_plain_meaning_is_taken_for_it(value: Any, plain: Any) -> None:
    """The result holds the types that JSON has and no others."""
    found = Diagnostics()
    read = plain_value(value, found)

    assert repr(read) == repr(plain)
    assert not list(found)


@pytest.mark.parametrize("value", [*REFUSED, doubled(40)], ids=lambda value: type(value).__name__)
def test_all_else_is_an_error_at_its_path(value: Any) -> None:
    """What is no data is left out and reported, deep inside, too."""
    found = Diagnostics()
    plain_value({"spec": [0, value]}, found)

    assert found.errors
    assert all(str(item.field).startswith("spec[1]") for item in found.errors)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(value, dict | list):
        for step in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[step], (*path, step))


def with_value(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    result = copy.deepcopy(document)
    place = result
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return result


@pytest.mark.parametrize("number", [0, 1], ids=["model service", "base config"])
def test_planning_answers_every_value_with_a_plan_or_diagnostics(number: int) -> None:
    """Whatever stands wherever: no other exception, and every diagnostic can be shown."""
    documents = (SERVICE, BASE)
    for path in places(documents[number]):
        for value in (*REFUSED, *NOT_FINITE, *(value for value, _ in TAKEN)):
            arguments = list(documents)
            arguments[number] = with_value(documents[number], path, value)
            found: tuple[Diagnostic, ...] = ()
            try:
                assert plan_model_service(arguments[0], arguments[1]).hash
            except ModelServiceError as error:
                found = error.diagnostics
            assert all(item.code and item.summary for item in found)
            assert all(str(item.field) or item.span for item in found)
