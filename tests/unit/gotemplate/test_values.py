"""Tests of Go values: arithmetic, printing, JSON and comparison as properties."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from msvc_pulumi.gotemplate import render
from msvc_pulumi.gotemplate.fmt.printing import float_text
from msvc_pulumi.gotemplate.reflect.values import is_empty, is_true, kind_of, type_of, wrap64

INT64 = st.integers(-(2**63), 2**63 - 1)
PLAIN = st.text(st.characters(codec="utf-8"), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | PLAIN,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(PLAIN, inner, max_size=4),
    max_leaves=12,
)


def evaluated(expression: str, **data: Any) -> str:
    return render(f"{{{{ {expression} }}}}", data).text


@given(st.integers())
def test_int64_wraps_around(number: int) -> None:
    """Any result is brought into the range of int64, modulo 2**64."""
    wrapped = wrap64(number)
    assert -(2**63) <= wrapped < 2**63
    assert (wrapped - number) % 2**64 == 0


@given(INT64, INT64)
def test_addition_is_that_of_int64(left: int, right: int) -> None:
    """add, sub and mul wrap; add and sub undo each other."""
    assert evaluated("sub (add .l .r) .r", l=left, r=right) == str(left)
    assert evaluated("mul .l .r", l=left, r=right) == str(int(wrap64(left * right)))


@given(INT64, INT64.filter(bool))
def test_division_truncates(dividend: int, divisor: int) -> None:
    """div and mod belong together, and the remainder has the dividend's sign."""
    quotient = int(evaluated("div .a .b", a=dividend, b=divisor))
    rest = int(evaluated("mod .a .b", a=dividend, b=divisor))
    assert wrap64(quotient * divisor + rest) == dividend
    assert rest == 0 or (rest < 0) == (dividend < 0)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_print_shortest(number: float) -> None:
    """A printed float reads back as itself and has no more digits than needed."""
    text = float_text(number)
    assert float(text) == number
    assert len(text.lstrip("-").split("e")[0].replace(".", "").strip("0")) <= 17


@given(JSON)
def test_json_comes_back(value: Any) -> None:
    """toJson writes what Python's reader reads, and fromJson gives it back to toJson."""
    text = evaluated("toJson .v", v=value)
    assert json.loads(text) == value
    assert evaluated("toJson (fromJson .t)", t=text) == text or "e" in text.lower()
    assert json.loads(evaluated("toPrettyJson .v", v=value)) == value


@given(JSON)
def test_copies_are_deeply_equal(value: Any) -> None:
    """A deep copy is equal to its original and of the same type."""
    if value is not None:
        assert evaluated("deepEqual .v (deepCopy .v)", v=value) == "true"
        assert evaluated("typeOf (deepCopy .v)", v=value) == type_of(value)


@given(JSON)
def test_truth_and_emptiness_are_opposites(value: Any) -> None:
    """if and empty agree on every value."""
    assert is_true(value) is not is_empty(value)
    assert evaluated("if .v }}t{{ else }}f{{ end", v=value) == ("t" if is_true(value) else "f")


@given(st.lists(PLAIN, max_size=6), PLAIN.filter(bool))
def test_splitting_undoes_joining(parts: list[str], separator: str) -> None:
    """splitList after join gives the parts when none contains the separator."""
    parts = [part.replace(separator, "") for part in parts]
    joined = separator.join(parts)
    if parts and joined.split(separator) == parts:
        result = evaluated("toJson (splitList .s (join .s .p))", s=separator, p=parts)
        assert json.loads(result) == parts


@given(PLAIN)
def test_encodings_are_reversible(text: str) -> None:
    """b64dec and b32dec undo b64enc and b32enc."""
    assert evaluated("b64dec (b64enc .t)", t=text) == text
    assert evaluated("b32dec (b32enc .t)", t=text) == text


@given(st.lists(INT64, max_size=8))
def test_list_functions_do_not_change_their_list(numbers: list[int]) -> None:
    """append, reverse, uniq and the like leave the list they are given alone."""
    before = list(numbers)
    evaluated("append .n 1 | reverse | uniq | initial | compact | sortAlpha", n=numbers)
    assert numbers == before
    assert kind_of(numbers) == "slice"
