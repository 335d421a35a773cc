"""The YAML dialect: values as go-yaml v2 resolves them, limits, and both event parsers alike.

``source/go-yaml.jsonl`` holds what sigs.k8s.io/yaml 1.4.0 printed for each text; ``source/record``
is the Go program that wrote it.
"""

from __future__ import annotations

import json
import math
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yaml.loader import SafeLoader

from msvc_pulumi.document import events
from msvc_pulumi.document.events import MAX_NESTING
from msvc_pulumi.document.scalarplaces import ScalarColumns
from msvc_pulumi.document.scalars import float32_text, resolve, scalar_text
from msvc_pulumi.document.simplevalues import COMPLEX, simple_value
from msvc_pulumi.document.syntax import DialectError
from msvc_pulumi.document.yaml11 import compose

RECORDED = [
    json.loads(line)
    for line in (Path(__file__).parent / "source" / "go-yaml.jsonl").read_text("utf-8").split("\n")
    if line
]

# What today's libyaml takes and go-yaml's port of an older one does not, and the other way round.
ACCEPTED_HERE = ("unknown escape character", "did not find expected ',' or", "UTF-8 encoded")
REJECTED_HERE = (
    "whitespace or line break while scanning a tag",
    "unexpected ':'",
    "mapping key must be a scalar",
    "did not find expected",
)


def first(text: str) -> Any:
    node = next(iter(compose(text)), None)
    return node.value if node else None


def as_json(value: Any) -> Any:
    """The value as encoding/json prints it, large numbers as floats; infinities have no form."""
    if isinstance(value, dict):
        return {key: as_json(member) for key, member in value.items()}
    if isinstance(value, list):
        return [as_json(member) for member in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise DialectError("json: unsupported value", 0)
    if isinstance(value, int) and abs(value) > 2**53:
        return float(value)
    return value


def outcome(text: str) -> tuple[bool, Any]:
    try:
        return True, as_json(first(text))
    except DialectError as error:
        return False, error.message


def is_known_difference(line: dict[str, Any], mine: tuple[bool, Any]) -> bool:
    if mine[0]:
        theirs = line.get("error", "")
        tolerant = any(part in theirs for part in ACCEPTED_HERE)
        return tolerant or "!" in line["yaml"]  # the flow scalar "!" swallows what follows it
    return "error" not in line and any(part in mine[1] for part in REJECTED_HERE)


def test_the_recording_is_there() -> None:
    """The corpus has both values and errors, so the tests below compare something."""
    assert sum("json" in line for line in RECORDED) > 300
    assert sum("error" in line for line in RECORDED) > 100


def test_texts_mean_what_they_mean_to_go() -> None:
    """Every recorded text has Go's value or fails as in Go; the few others are explained."""
    different = []
    for line in RECORDED:
        mine = outcome(line["yaml"])
        theirs = (True, as_json(json.loads(line["json"]))) if "json" in line else (False, None)
        if mine[0] != theirs[0] or (mine[0] and mine[1] != theirs[1]):
            different.append((line, mine))
    unexplained = [item for item in different if not is_known_difference(*item)]
    assert unexplained == []
    assert len(different) <= 0.05 * len(RECORDED)


def test_syntax_errors_carry_gos_words() -> None:
    """Where ``go`` is filled in, it is what the original prints, line number included."""
    compared = 0
    for line in RECORDED:
        try:
            first(line["yaml"])
        except DialectError as error:
            if error.go and "error" in line and not line["yaml"].isprintable():
                compared += 1
                tail = error.go.removeprefix("error converting YAML to JSON: ")
                theirs = line["error"].removeprefix("error converting YAML to JSON: ")
                known = [part for part in ACCEPTED_HERE if part in theirs]
                assert tail == theirs or known, line
    assert compared > 30


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("y", True),
        ("Off", False),
        ("tRUE", "tRUE"),
        ("010", 8),
        ("0o17", 15),
        ("08", 8.0),
        ("1_000", 1000),
        ("190:20:30", "190:20:30"),
        ("2024-05-06", "2024-05-06"),
        ("18446744073709551615", 2**64 - 1),
        ("18446744073709551616", 2.0**64),
        ("1e400", "1e400"),
        ("=", "="),
        ("2024-13-45", "2024-13-45"),
        ("9" * 5000, "9" * 5000),
        ("0x" + "f" * 5000, "0x" + "f" * 5000),
    ],
)
def test_plain_scalars(text: str, value: Any) -> None:
    """Plain scalars resolve by YAML 1.1 as go-yaml v2 knows it, at any length."""
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (3.14159265358979, "3.1415927"),
        (123456789.5, "1.2345679e+08"),
        (1e3, "1000"),
        (1e6, "1e+06"),
        (123456.0, "123456"),
        (-0.0, "-0"),
        (0.00001, "1e-05"),
        (0.0001, "0.0001"),
        (1e39, "+Inf"),
        (-1e39, "-Inf"),
        (3.4028234e38, "3.4028235e+38"),
        (1e-45, "1e-45"),
        (1e-60, "0"),
        (16777217.0, "1.6777216e+07"),
        (math.nan, "NaN"),
    ],
)
def test_floats_become_short_text(number: float, text: str) -> None:
    """A float in a string's place is Go's shortest 32-bit form."""
    assert float32_text(number) == text


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_float_text_reads_back(number: float) -> None:
    """The text of a 32-bit float means that float again."""
    import struct

    again = float(float32_text(number))
    assert struct.pack("<f", again) == struct.pack("<f", number)


@given(st.one_of(st.booleans(), st.integers(), st.text()))
def test_scalar_text_is_text(value: Any) -> None:
    """Booleans, integers and strings become the text a user would expect."""
    expected = str(value).lower() if isinstance(value, bool) else str(value)
    assert scalar_text(value) == expected


@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.text()),
        lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
        max_leaves=20,
    )
)
def test_json_reads_as_itself(value: Any) -> None:
    """JSON is YAML: whatever json.dumps writes comes back, in the same order."""
    text = json.dumps(value, ensure_ascii=True)
    if "\\ud" in text:  # libyaml takes no surrogate pairs
        text = json.dumps(value, ensure_ascii=False)
    if events.UNREADABLE.search(text) or any(c in text for c in "\x85\u2028\u2029\ufeff"):
        return
    if "\\u" in text or len(text) > 1000:  # JSON's escapes differ; simple keys end at 1024
        return
    assert first(text) == value
    if isinstance(value, dict):
        assert list(first(text)) == list(value)


HOSTILE = {
    "open brackets": "[" * 100_000,
    "open mappings": "{a: " * 50_000,
    "dashes": "- " * 100_000,
    "questions": "? " * 100_000,
    "laughs": "a: &a [1,1,1,1,1,1,1,1,1]\n"
    + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(12)
    ),
    "merged laughs": "a0: &a0 {k: 1}\n"
    + "".join(
        f"a{i}: &a{i} {{x{i}: *a{i - 1}, y{i}: *a{i - 1}, z{i}: *a{i - 1}}}\n" for i in range(1, 40)
    ),
    "long text laughs": "a: &a " + "x" * 100_000 + "\n" + "b: [" + "*a," * 50_000 + "]\n",
    "deep aliases": "a0: &a0 []\n" + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 500)),
    "many values": "[" + "a," * 2_000_000 + "]",
    "many documents": "---\n" * 1_000_000,
    "a cycle": "&a [*a]",
    "control character": "a: \x00",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_end_as_errors(name: str) -> None:
    """No text exhausts the process: each of these is an error, quickly."""
    begin = time.process_time()
    with pytest.raises(DialectError):
        list(compose(HOSTILE[name]))
    assert time.process_time() - begin < 3  # a second on an idle machine


def test_alias_values_are_independent() -> None:
    """An alias is a copy: changing one place leaves the other alone."""
    value = first("a: &x {k: [1]}\nb: *x\n")
    value["a"]["k"].append(2)
    assert value["b"] == {"k": [1]}


def test_documents_are_read_one_by_one() -> None:
    """A broken document does not keep those in front of it from being read."""
    documents = compose("a: 1\n---\nb: 2\n---\n{broken: [")
    assert next(documents).value == {"a": 1}
    assert next(documents).value == {"b": 2}
    with pytest.raises(DialectError):
        next(documents)


def test_the_python_parser_agrees(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without libyaml values and positions are the same, tabs and byte order marks apart."""

    def all_of(text: str) -> Any:
        try:
            return [(repr(node.value), node.start) for node in compose(text)]
        except DialectError:
            return None

    texts = [line["yaml"] for line in RECORDED if not set("\t\ufeff") & set(line["yaml"])]
    native = [all_of(text) for text in texts]
    monkeypatch.setattr(events, "_EventParser", SafeLoader)
    python = [all_of(text) for text in texts]
    different = [t for t, a, b in zip(texts, native, python, strict=True) if a != b]
    assert [t for t in different if "?" not in t and "!" not in t] == []


@pytest.mark.parametrize(
    ("written", "value", "column", "expected"),
    [
        ("plain text", "plain text", 6, 6),
        ("&a plain", "plain", 1, 4),
        ('!!str "x{{ y"', "x{{ y", 1, 8),
        ('"a\\"b"', 'a"b', 2, 4),
        ('"\\u00e9b"', "éb", 1, 7),
        ("'it''s'", "it's", 3, 5),
        ("'ab'", "ab", 2, 3),
        ("folded\n  text", "folded text", 7, None),
    ],
)
def test_columns_in_scalars(written: str, value: str, column: int, expected: int | None) -> None:
    """A character of a one-line scalar is found where it was written, escapes counted."""
    assert ScalarColumns(written, value).offset(column) == expected


SIMPLE = ["a: 1", "- [x, {z: ~}]", "a: |\n  t\n", "'1': 0x10", "{}", "x", "a:\n- b: yes\n  c: 1e3"]
NOT_SIMPLE = [
    "",
    "a: &x 1",
    "a: !!str 1",
    "a: {<<: {b: 1}}",
    "a: 1\na: 2",
    "1: a",
    "[a]: b",
    "a: 1\n---\nb: 2",
    "a: [",
    "a: \x07",
    "[" * (MAX_NESTING + 1) + "]" * (MAX_NESTING + 1),
    'a: "\\ud800"',
]


@pytest.mark.parametrize("text", SIMPLE)
def test_simple_values_are_those_of_compose(text: str) -> None:
    """What is read without nodes is the same value."""
    assert simple_value(text) == next(compose(text)).value


@pytest.mark.parametrize("text", NOT_SIMPLE)
def test_what_has_to_be_judged_is_not_simple(text: str) -> None:
    """Nothing that ``compose`` refuses, counts or warns of passes for simple."""
    assert simple_value(text) is COMPLEX


@given(st.text("ab01 \n:-[]{},&*!|>'\"<.#~", max_size=30))
def test_simple_values_agree_on_any_text(text: str) -> None:
    """Whatever is taken for simple has one document, with the value that ``compose`` gives it."""
    value = simple_value(text)
    if value is not COMPLEX:
        assert [value] == [root.value for root in compose(text)]
