"""Quantities: Go's spelling, the same value, and a spelling that stays."""

from __future__ import annotations

import contextlib
import re
import time
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msvc_pulumi.schema import QuantityError, canonical

FACTORS = {
    **{suffix: Fraction(10) ** (3 * power - 9) for power, suffix in enumerate(("n", "u", "m", ""))},
    **{suffix: Fraction(10) ** (3 * power + 3) for power, suffix in enumerate("kMGTPE")},
    **{f"{letter}i": Fraction(1024) ** (power + 1) for power, letter in enumerate("KMGTPE")},
}
NANO = Fraction(1, 10**9)
GREATEST_BINARY = 2**63 - 1


def amount(text: str) -> Fraction:
    """The value of a quantity by the definition, without any of the rules for spelling it."""
    number, suffix = re.fullmatch(r"([-+]?[0-9.]+)(.*)", text).groups()  # type: ignore[union-attr]
    factor = FACTORS.get(suffix)
    if factor is None:
        factor = Fraction(10) ** int(suffix[1:])
    whole, _, fraction = number.lstrip("+-").partition(".")
    value = Fraction(int(whole + fraction or "0"), 10 ** len(fraction)) * factor
    return -value if number.startswith("-") else value


def storable(value: Fraction, *, is_binary: bool) -> Fraction:
    """The value that is kept: whole nanos away from zero, binary ones at most 2^63-1."""
    nanos = abs(value) / NANO
    kept = Fraction(-(-nanos.numerator // nanos.denominator)) * NANO
    if is_binary:
        kept = min(kept, Fraction(GREATEST_BINARY))
    return -kept if value < 0 else kept


@st.composite
def quantities(draw: st.DrawFn) -> str:
    whole = draw(st.from_regex(r"[0-9]{0,25}", fullmatch=True))
    fraction = draw(st.from_regex(r"(\.[0-9]{0,25})?", fullmatch=True))
    if not any(character.isdigit() for character in whole + fraction):
        whole = "0"
    suffix = draw(st.one_of(st.sampled_from(sorted(FACTORS)), st.integers(-30, 30).map(exponent)))
    return draw(st.sampled_from(("", "", "-", "+"))) + whole + fraction + suffix


def exponent(power: int) -> str:
    return f"e{power}"


@given(quantities())
def test_value_is_preserved(text: str) -> None:
    """Canonical spelling changes nothing but what cannot be stored."""
    is_binary = text.endswith("i")

    assert amount(canonical(text)) == storable(amount(text), is_binary=is_binary)


@given(quantities())
def test_canonical_is_a_fixed_point(text: str) -> None:
    """A canonical spelling is its own canonical spelling."""
    once = canonical(text)

    assert canonical(once) == once


@given(st.text(alphabet="0123456789.+-eEinumkKMGTP x", max_size=12))
def test_any_text_is_a_quantity_or_an_error(text: str) -> None:
    """Whatever is no quantity raises QuantityError, whatever is one has a canonical spelling."""
    with contextlib.suppress(QuantityError):
        assert canonical(text)


@pytest.mark.parametrize(
    ("text", "want"),
    [
        *(
            (kept, kept)
            for kept in ("1.500", "+5", "5.", "12E6", "1e-3", "1500", "1500Mi", "001Gi")
        ),
        *((zero, "0") for zero in ("0", "00", "0.0", "0Gi", "-0", "Gi")),
        ("1000", "1k"),
        ("1.5", "1500m"),
        ("0.100", "100m"),
        ("1024Mi", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("1.5Ki", "1536"),
        ("0.1Ki", "102400m"),
        ("16Ei", "9223372036854775807"),
        ("-16Ei", "-9223372036854775807"),
        ("0.0000000001", "1n"),
        ("-0.0000000001", "-1n"),
        ("100e1", "1e3"),
        (" 7 ", "7"),
        ("1000E", "1e21"),  # Go loses the suffix here and prints 1
    ],
)
def test_spelling(text: str, want: str) -> None:
    """The spellings of semantics.md section 10."""
    assert canonical(text) == want


@pytest.mark.parametrize(
    "text", ["", " ", "abc", "1.2.3", "1K", "1e", "1i", "1 Gi", "Pi", "1mm", "1e+"]
)
def test_no_quantity(text: str) -> None:
    """What Go refuses is refused."""
    with pytest.raises(QuantityError):
        canonical(text)


@pytest.mark.parametrize(
    "text",
    ["1" * 10**6 + "x", "0" * 10**6 + "x", "1." + "0" * 10**6, "1e" + "9" * 10**5, "1e2147483647"],
)
def test_hostile_text_is_cheap(text: str) -> None:
    """Length and exponent cost no more than reading the text."""
    start = time.perf_counter()
    with contextlib.suppress(QuantityError):
        canonical(text)
    assert time.perf_counter() - start < 0.5
