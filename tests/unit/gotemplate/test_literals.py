"""Tests of Go literals: quoting and its reverse, numbers and their types."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msvc_pulumi.gotemplate.strconv.literals import (
    LiteralError,
    decode,
    encode,
    parse_float,
    parse_int,
    parse_number,
    quote,
    unquote,
)


@given(st.binary())
def test_bytes_survive(data: bytes) -> None:
    """Any bytes are a Go string and come back from it."""
    assert encode(decode(data)) == data


@given(st.binary().map(decode))
def test_quoting_is_reversible(text: str) -> None:
    """What is quoted, in full or in ASCII, reads back as the same string."""
    assert unquote(quote(text)) == text
    assert unquote(quote(text, ascii_only=True)) == text
    assert quote(text, ascii_only=True).isascii()


@given(st.integers(-(2**63), 2**63 - 1))
def test_integers_read_back(number: int) -> None:
    """Every int64 reads back in every base Go writes literals in."""
    assert parse_int(str(number)) == number
    assert parse_int(str(number), 0) == number
    for prefix in ("x", "o", "b"):
        assert parse_int(format(number, f"#{prefix}"), 0) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_read_back(number: float) -> None:
    """Every float reads back from its shortest text and from its hexadecimal one."""
    assert parse_float(repr(number)) == number
    assert parse_float(number.hex()) == number


@pytest.mark.parametrize(
    "text", ["", "_1", "1_", "0x", "08", "1e", "9223372036854775808", "\u0661"]
)
def test_bad_integers_are_refused(text: str) -> None:
    """What strconv.ParseInt refuses with base 0 is refused."""
    with pytest.raises(ValueError):  # noqa: PT011 - the text is the literal itself
        parse_int(text, 0)


@pytest.mark.parametrize("text", ["", ".", "1e", "0x1", "1__0", "1e400", "+nan", "infinit", "1 "])
def test_bad_floats_are_refused(text: str) -> None:
    """What strconv.ParseFloat refuses is refused."""
    with pytest.raises(ValueError):  # noqa: PT011 - the text is the literal itself
        parse_float(text)


def test_infinities_are_floats() -> None:
    """ParseFloat reads the names of the special values in any case."""
    assert parse_float("-Inf") == -math.inf
    assert math.isnan(parse_float("nan"))


@pytest.mark.parametrize(
    ("text", "integer", "unsigned", "floating"),
    [
        ("1", 1, 1, 1.0),
        ("-1", -1, None, -1.0),
        ("3.0", 3, 3, 3.0),
        ("1.5", None, None, 1.5),
        ("'a'", 97, 97, 97.0),
        ("18446744073709551615", None, 2**64 - 1, 2.0**64),
        ("1e30", None, None, 1e30),
        ("0x1p4", 16, 16, 16.0),
    ],
)
def test_constants_know_the_types_they_can_take(
    text: str, integer: int | None, unsigned: int | None, floating: float
) -> None:
    """A constant fits every type that represents it exactly."""
    number = parse_number(text)
    assert (number.integer, number.unsigned, number.floating) == (integer, unsigned, floating)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("08", 'integer overflow: "08"'),
        ("0x", 'illegal number syntax: "0x"'),
        ("1__0", 'illegal number syntax: "1__0"'),
        ("'ab'", "malformed character constant: 'ab'"),
        ("''", "invalid syntax"),
    ],
)
def test_bad_constants_have_go_messages(text: str, message: str) -> None:
    """The words are those of text/template/parse."""
    with pytest.raises(LiteralError) as caught:
        parse_number(text)
    assert str(caught.value) == message
