"""What a YAML scalar means to the original's parser.

The rules are go-yaml v2's (``resolve.go``) and those of sigs.k8s.io/yaml for numbers and booleans
that stand where a string is wanted: YAML 1.1 booleans, C-style integers, no base-60 numbers, dates
as plain strings.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import struct
from functools import lru_cache
from typing import Any

from msvc_pulumi.pattern import pattern

__all__ = [
    "TAG_PREFIX",
    "float32_text",
    "resolve",
    "resolve_tagged",
    "scalar_text",
]

TAG_PREFIX = "tag:yaml.org,2002:"
_RESOLVED_TAGS = frozenset(
    TAG_PREFIX + name for name in ("str", "bool", "int", "float", "null", "timestamp")
)
_INTEGER = re.compile(
    r"0b(?P<signed>[-+][01]+)|[-+]?(?:0[xX](?P<hex>[0-9a-fA-F]+)|0[bB](?P<binary>[01]+)|0[oO]?(?P<octal>[0-7]+)"
    r"|(?P<decimal>0|[1-9][0-9]{0,19}))"
)
_BASES = (("decimal", 10), ("octal", 8), ("hex", 16), ("binary", 2), ("signed", 2))
_FLOAT = pattern(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_DOTTED = pattern(r"\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?")
_WORDS: dict[str, Any] = {
    **dict.fromkeys(
        ("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True
    ),
    **dict.fromkeys(
        ("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False
    ),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_WORD_STARTS = frozenset("yYnNtTfFoO~")
_NUMBER_STARTS = frozenset("+-0123456789")
LONGEST_CACHED = 64  # characters


def float32_text(number: float) -> str:
    """The text Go's ``strconv.FormatFloat(number, 'g', -1, 32)`` makes of a number."""
    if math.isnan(number):
        return "NaN"
    packed = _packed_single(number)
    (single,) = struct.unpack("<f", packed)
    if math.isinf(single):
        return "+Inf" if single > 0 else "-Inf"
    if single == 0:
        return "-0" if math.copysign(1, single) < 0 else "0"
    text = next(
        text
        for text in (f"{single:.{digits}e}" for digits in range(9))
        if _packed_single(float(text)) == packed
    )
    mantissa, exponent = text.split("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    power = int(exponent)
    digit_count = len(mantissa.lstrip("-").replace(".", ""))
    if power < -4 or power >= 6:
        return f"{mantissa}e{'-' if power < 0 else '+'}{abs(power):02d}"
    return f"{single:.{max(digit_count - 1 - power, 0)}f}"


def _packed_single(number: float) -> bytes:
    try:
        return struct.pack("<f", number)
    except OverflowError:
        return struct.pack("<f", math.copysign(math.inf, number))


def scalar_text(value: Any) -> str:
    """The string that a scalar becomes where a string is wanted (semantics.md section 2.1)."""
    if value is True:
        return "true"
    if value is False:
        return "false"
    if value is None:
        return ""
    if isinstance(value, float):
        return float32_text(value)
    return str(value)


def resolve(text: str) -> Any:
    """The value of an unquoted scalar without a tag."""
    return _resolved_once(text) if len(text) <= LONGEST_CACHED else _resolved(text)


def _resolved(text: str) -> Any:
    first = text[:1]
    if first in _NUMBER_STARTS:
        if text in _WORDS:
            return _WORDS[text]
        return _number(text.replace("_", ""), text)
    if first in _WORD_STARTS or not first:
        return _WORDS.get(text, text)
    if first == ".":
        if text in _WORDS:
            return _WORDS[text]
        if _DOTTED.fullmatch(text):
            return _finite(text.replace("_", ""), text)
    return text


_resolved_once = lru_cache(maxsize=4096)(_resolved)  # a fleet's fields and words are few


def _number(digits: str, text: str) -> Any:
    match = _INTEGER.fullmatch(digits)
    if match:
        number = _integer(match)
        sign = digits[0]
        # An explicit sign rules out the unsigned range: strconv.ParseUint accepts none.
        if -(1 << 63) <= number < (1 << 63) or (sign not in "+-" and 0 <= number < (1 << 64)):
            return number
    if _FLOAT.fullmatch(digits):
        return _finite(digits, text)
    return text


def _integer(match: re.Match[str]) -> int:
    for group, base in _BASES:
        digits = match[group]
        if digits:
            number = int(digits, base)
            return -number if match[0][0] == "-" else number
    raise AssertionError(match)


def _finite(digits: str, text: str) -> Any:
    number = float(digits)
    return text if math.isinf(number) else number


def resolve_tagged(tag: str, text: str) -> Any:
    """The value of a scalar with an explicit tag (go-yaml v2 ``resolve.go``).

    Raises: ValueError with go-yaml's wording when the text does not suit the tag.
    """
    if tag == TAG_PREFIX + "binary":
        try:
            return base64.b64decode("".join(text.split()), validate=True).decode("utf-8", "replace")
        except binascii.Error:
            raise ValueError("!!binary value contains invalid base64 data") from None
    name = tag.removeprefix(TAG_PREFIX)
    if tag not in _RESOLVED_TAGS or name == "str":
        return text
    value = resolve(text)
    found = _tag_name(value)
    if name == "float" and found == "int":
        return float(value)
    if found != name and not (name == "timestamp" and found == "str"):
        raise ValueError(f"cannot decode !!{found} `{text}` as a !!{name}")
    return value


def _tag_name(value: Any) -> str:
    names = {bool: "bool", int: "int", float: "float", type(None): "null"}
    return names.get(type(value), "str")
