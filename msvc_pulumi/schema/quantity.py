"""Kubernetes quantities: the spelling in which Go prints what it has read.

The rules are those of apimachinery's ``pkg/api/resource``: a spelling that already looks canonical
is kept, any other is rewritten.
"""

from __future__ import annotations

import re

__all__ = ["QuantityError", "canonical"]

_SHAPE = re.compile(
    r"(?P<sign>[+-]?)(?P<zeros>0*+)(?P<whole>[0-9]*+)(?:\.(?P<fraction>[0-9]*+))?+"
    r"(?P<suffix>[eEinumkKMGTP]*+[+-]?[0-9]*+)",
)
_WRONG_FORMAT = (
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
)
_WRONG_NUMBER = "unable to parse numeric part of quantity"
_WRONG_SUFFIX = "unable to parse quantity's suffix"

_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_DECIMAL_SUFFIX = {exponent: suffix for suffix, exponent in _DECIMAL.items()}
_BINARY_SUFFIX = {0: ""} | {exponent: suffix for suffix, exponent in _BINARY.items()}

_NANO = -9
_MAX_DIGITS = 18  # decimal digits that surely fit an int64
_MAX_BINARY = 2**63 - 1


class QuantityError(ValueError):
    """The text is no quantity; the message is Go's."""


def canonical(text: str) -> str:
    """The spelling Go prints for the quantity ``text``; equal to ``text`` where that is canonical.

    The value is the same, except that more than nano precision is rounded up (away from zero) and
    binary quantities end at 2^63-1.

    Raises:
        QuantityError: if ``text`` is not a quantity.
    """
    text = text.strip()
    shape = _SHAPE.fullmatch(text) if text else None
    if shape is None:
        raise QuantityError(_WRONG_FORMAT)
    minus = "-" if shape["sign"] == "-" else ""
    digits, fraction = shape["whole"] or "0", shape["fraction"] or ""
    suffix = shape["suffix"]
    if suffix in _BINARY:
        exponent = _BINARY[suffix]
        # Go's quick path takes whole numbers only and estimates the digits the power of two adds.
        is_quick = not fraction and len(digits) <= 14 - exponent * 3 // 10
        _require_digits(shape, is_quick=is_quick)
        if is_quick and _integer(digits) % 8 != 0:
            return text
        return _binary(minus, _integer(digits + fraction) << exponent, -len(fraction))
    exponent = _decimal_exponent(suffix)
    scale = exponent - len(fraction)
    digits += fraction
    is_quick = len(digits) <= _MAX_DIGITS and scale >= _NANO
    _require_digits(shape, is_quick=is_quick)
    if is_quick and scale % 3 == 0 and not digits.endswith("000") and digits[0] != "0":
        return text
    return _decimal(minus, _integer(digits), scale, scientific=suffix not in _DECIMAL)


def _decimal_exponent(suffix: str) -> int:
    exponent = _DECIMAL.get(suffix)
    if exponent is not None:
        return exponent
    try:
        exponent = int(suffix[1:]) if suffix[0] in "eE" else None
    except ValueError:
        exponent = None
    if exponent is None or not -(2**31) <= exponent < 2**31:
        raise QuantityError(_WRONG_SUFFIX)
    return exponent


def _require_digits(shape: re.Match[str], *, is_quick: bool) -> None:
    """Go's quick path takes "Gi" for 0Gi; its other path insists on a digit."""
    if not is_quick and not (shape["zeros"] or shape["whole"] or shape["fraction"]):
        raise QuantityError(_WRONG_NUMBER)


def _binary(minus: str, mantissa: int, scale: int) -> str:
    mantissa, scale = _rounded(mantissa, scale)
    if mantissa > _MAX_BINARY * 10**-scale:
        mantissa, scale = _MAX_BINARY, 0
    whole, rest = divmod(mantissa, 10**-scale)
    if rest or whole < 1024:
        return _decimal(minus, mantissa, scale, scientific=False)
    power = 0
    while whole % 1024 == 0:
        whole //= 1024
        power += 10
    return f"{minus}{whole}{_BINARY_SUFFIX[power]}"


def _decimal(minus: str, mantissa: int, scale: int, *, scientific: bool) -> str:
    mantissa, scale = _rounded(mantissa, scale)
    if mantissa == 0:
        return "0"
    digits = str(mantissa)
    bare = digits.rstrip("0")
    scale += len(digits) - len(bare)
    bare += "0" * (scale % 3)
    scale -= scale % 3
    if scientific or scale not in _DECIMAL_SUFFIX:
        suffix = f"e{scale}" if scale else ""
    else:
        suffix = _DECIMAL_SUFFIX[scale]
    return f"{minus}{bare}{suffix}"


def _rounded(mantissa: int, scale: int) -> tuple[int, int]:
    """The same number with nano precision at most; a remainder rounds up."""
    if scale >= _NANO:
        return mantissa, scale
    excess = _NANO - scale
    # A power of ten longer than the number itself leaves a remainder only.
    if excess > mantissa.bit_length():
        return min(mantissa, 1), _NANO
    return -(-mantissa // 10**excess), _NANO


def _integer(digits: str) -> int:
    try:
        return int(digits)
    except ValueError as error:  # Python refuses thousands of digits, and so does common sense
        raise QuantityError(_WRONG_NUMBER) from error
