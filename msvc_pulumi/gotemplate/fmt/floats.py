"""Returns floats as strconv.FormatFloat formats them, for printf's float verbs."""

from __future__ import annotations

import math
import struct
from decimal import Decimal

from .printing import float_text

__all__ = ["format_float"]


def format_float(value: float, style: str, precision: int, *, sharp: bool = False) -> str:
    """``value`` with the verb ``style`` (one of e E f g G x X b); precision -1 is the shortest.

    ``sharp`` is printf's #: always a decimal point, and no trailing zeros removed for g.
    Infinities and NaN are ``+Inf``, ``-Inf``, ``NaN``.
    """
    if math.isinf(value) or math.isnan(value):
        return float_text(value)
    if style in "xX":
        text = _hexadecimal(value, precision)
        text = text.upper() if style == "X" else text
    elif style == "b":
        text = _binary(value)
    elif precision < 0:
        text = _shortest(value, style)
    elif style in "gG":
        text = format(value, f".{precision or 1}g")
    else:
        text = format(value, f".{precision}{style}")
    if style in "EG":
        text = text.upper()
    return _sharpened(text, style, precision) if sharp and style != "b" else text


def _shortest(value: float, style: str) -> str:
    if style in "gG":
        return float_text(value)
    if style == "f":
        return f"{Decimal(repr(value)):f}".removesuffix(".0")
    digits = Decimal(repr(value)).as_tuple().digits
    figures = len("".join(map(str, digits)).rstrip("0")) or 1
    return format(value, f".{figures - 1}e")


def _hexadecimal(value: float, precision: int) -> str:
    sign = "-" if math.copysign(1, value) < 0 else ""
    if not value:
        fraction = "." + "0" * precision if precision > 0 else ""
        return f"{sign}0x0{fraction}p+00"
    mantissa, exponent = math.frexp(abs(value))
    bits = int(mantissa * (1 << 53))
    exponent -= 1
    if 0 <= precision < 13:
        shift = 4 * (13 - precision)
        half, rest = 1 << shift - 1, bits & (1 << shift) - 1
        bits >>= shift
        if rest > half or (rest == half and bits & 1):
            bits += 1
        if bits >> 4 * precision + 1:
            bits >>= 1
            exponent += 1
        digits = f"{bits - (1 << 4 * precision):0{precision}x}" if precision else ""
    else:
        digits = f"{bits - (1 << 52):013x}"
        digits = digits.rstrip("0") if precision < 0 else digits.ljust(precision, "0")
    return f"{sign}0x1{'.' if digits else ''}{digits}p{exponent:+03d}"


def _binary(value: float) -> str:
    bits = int.from_bytes(struct.pack(">d", abs(value)), "big")
    exponent, mantissa = bits >> 52, bits & (1 << 52) - 1
    if exponent:
        mantissa |= 1 << 52
    sign = "-" if math.copysign(1, value) < 0 else ""
    return f"{sign}{mantissa}p{max(exponent, 1) - 1075:+d}"


def _sharpened(text: str, style: str, precision: int) -> str:
    """printf's # flag on a formatted float."""
    tail = ""
    for mark in "pP" if style in "xX" else "eE":
        if mark in text:
            text, _, exponent = text.partition(mark)
            tail = mark + exponent
    digits = 0
    if style in "gGx":
        digits = 6 if precision < 0 else precision
    body = text.lstrip("+-")
    significant = body.replace(".", "").lstrip("0")
    digits -= len(significant)
    if "." not in text:
        digits -= body == "0"
        text += "."
    return text + "0" * max(digits, 0) + tail
