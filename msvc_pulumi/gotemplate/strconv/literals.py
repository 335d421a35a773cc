"""Returns the values of Go literals and the reverse, quoting (strconv.Quote and friends).

Go strings are bytes. Here they are `str`, with bytes that are no UTF-8 as the lone surrogates of
Python's surrogateescape; `encode` and `decode` go between the two.
"""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass

from msvc_pulumi.pattern import pattern

__all__ = [
    "LiteralError",
    "Number",
    "decode",
    "encode",
    "parse_float",
    "parse_int",
    "parse_number",
    "quote",
    "quote_character",
    "replaced",
    "unquote",
]

_INT64 = 1 << 63
_LONGEST = 1_500  # characters of a numeric literal; Go's floats need at most 1075 digits
_SIMPLE = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92}
_SHORT = {7: "\\a", 8: "\\b", 12: "\\f", 10: "\\n", 13: "\\r", 9: "\\t", 11: "\\v", 92: "\\\\"}
_WIDTHS = {"x": 2, "u": 4, "U": 8}
_LONGEST_ESCAPE = 10
_UNDERSCORES = pattern(r"(?:0[xXoObB]_?)?[0-9a-fA-F]+(?:_[0-9a-fA-F]+)*")
_DECIMAL = pattern(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_MISPLACED_UNDERSCORE = pattern(r"__|^[+-]?_|_$|_[.pP+-]|[.pP+-]_|^[^xX]*(?:_[eE]|[eE]_)")
_HEXADECIMAL = pattern(r"[+-]?0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)[pP][+-]?[0-9]+")
_BASES = {"x": 16, "o": 8, "b": 2}
_PARTS = pattern(r"(.*[0-9a-fA-F_.])([+-].+)i")


class LiteralError(ValueError):
    """A literal Go's parser rejects; the text is Go's."""


def encode(text: str) -> bytes:
    """The bytes of a Go string; surrogates that stand for no byte become U+FFFD."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        cleaned = "".join(
            "\ufffd"
            if "\ud800" <= character < "\udc80" or "\udcff" < character <= "\udfff"
            else character
            for character in text
        )
        return cleaned.encode("utf-8", "surrogateescape")


def decode(data: bytes) -> str:
    """The Go string of ``data``."""
    return data.decode("utf-8", "surrogateescape")


def replaced(text: str) -> str:
    """The text with U+FFFD for every byte that is no UTF-8."""
    if text.isascii():
        return text
    whole = decode(encode(text))
    return "".join("\ufffd" if "\udc80" <= c <= "\udcff" else c for c in whole)


def parse_int(text: str, base: int = 10, bits: int = 64, *, signed: bool = True) -> int:
    """strconv.ParseInt and ParseUint; base 0 reads prefixes and underscores. ValueError if bad."""
    if len(text) > _LONGEST:
        raise ValueError(text)
    digits = text
    negative = False
    if signed and digits[:1] in ("+", "-"):
        negative = digits[0] == "-"
        digits = digits[1:]
    if base == 0:
        if "_" in digits and not _UNDERSCORES.fullmatch(digits):
            raise ValueError(text)
        plain = digits.replace("_", "")
        base = 10
        if plain[:1] == "0" and len(plain) > 1:
            base = _BASES.get(plain[1].lower(), 8)
            plain = plain[1:] if base == 8 and plain[1] not in "oO" else plain[2:]
        digits = plain
    if not digits.isascii() or not digits.isalnum():
        raise ValueError(text)
    value = int(digits, base)
    most = 1 << (bits - 1 if signed else bits)
    if value > (most if negative else most - 1):
        raise ValueError(text)
    return -value if negative else value


def parse_float(text: str) -> float:
    """strconv.ParseFloat with 64 bits; ValueError if bad or out of range."""
    if len(text) > _LONGEST:
        raise ValueError(text)
    plain = text
    if "_" in text:
        # strconv.underscoreOK: between digits, or between a base prefix and a digit
        if _MISPLACED_UNDERSCORE.search(text):
            raise ValueError(text)
        plain = text.replace("_", "")
    if _DECIMAL.fullmatch(plain):
        value = float(plain)
    elif _HEXADECIMAL.fullmatch(plain):
        try:
            value = float.fromhex(plain)
        except OverflowError:
            raise ValueError(text) from None
    elif plain.lower().lstrip("+-") in ("inf", "infinity", "nan") and plain.isascii():
        if plain.lower().endswith("nan") and plain[0] in "+-":
            raise ValueError(text)
        return float(plain)
    else:
        raise ValueError(text)
    if math.isinf(value):
        raise ValueError(text)
    return value


@dataclass(frozen=True, slots=True)
class Number:
    """A numeric constant with every type it can take, None where it cannot (parse.NumberNode)."""

    text: str
    integer: int | None = None
    unsigned: int | None = None
    floating: float | None = None
    imaginary: complex | None = None

    @property
    def is_float_literal(self) -> bool:
        """Whether an untyped use of it is a float64: it is written with a point or exponent."""
        text = self.text
        hexadecimal = text[:2] in ("0x", "0X") and not set(text) & set("pP")
        return (
            self.floating is not None
            and not hexadecimal
            and text[0] != "'"
            and bool(set(text) & set(".eEpP"))
        )


def parse_number(text: str) -> Number:
    """The number that ``text`` is; LiteralError with Go's words if it is none."""
    if text[0] == "'":
        character, rest = _unquote_one(text[1:], "'")
        if rest != "'":
            raise LiteralError(f"malformed character constant: {text}")
        return Number(text, character, character, float(character))
    if text[-1] == "i":
        return _complex(text)
    integer = unsigned = None
    with suppress(ValueError):
        unsigned = parse_int(text, 0, signed=False)
    with suppress(ValueError):
        integer = parse_int(text, 0)
    if integer == 0:
        unsigned = 0
    if integer is not None:
        return Number(text, integer, unsigned, float(integer))
    if unsigned is not None:
        return Number(text, None, unsigned, float(unsigned))
    try:
        floating = parse_float(text)
    except ValueError:
        raise LiteralError(f"illegal number syntax: {quote(text)}") from None
    if not set(text) & set(".eEpP"):
        raise LiteralError(f"integer overflow: {quote(text)}")
    whole = int(floating) if floating.is_integer() else None
    return Number(
        text,
        whole if whole is not None and -_INT64 <= whole < _INT64 else None,
        whole if whole is not None and 0 <= whole < 2 * _INT64 else None,
        floating,
    )


def _complex(text: str) -> Number:
    parts = _PARTS.fullmatch(text)
    try:
        if parts and parts[1][-1:] not in "eEpP":
            value = complex(parse_float(parts[1]), parse_float(parts[2]))
        else:
            value = complex(0.0, parse_float(text[:-1]))
    except ValueError:
        raise LiteralError(f"illegal number syntax: {quote(text)}") from None
    return Number(text, imaginary=value)


def unquote(text: str) -> str:
    """strconv.Unquote of a string literal; LiteralError "invalid syntax" if it is none."""
    inner = text[1:-1]
    if text[0] == "`":
        return inner.replace("\r", "")
    if "\\" not in inner:
        return inner
    data = bytearray()
    position = 0
    while (start := inner.find("\\", position)) >= 0:
        data += encode(inner[position:start])
        escape = inner[start : start + _LONGEST_ESCAPE]
        is_byte = escape[1:2] == "x" or escape[1:2].isdigit()
        value, rest = _unquote_one(escape, '"')
        data += bytes((value,)) if is_byte else encode(chr(value))
        position = start + len(escape) - len(rest)
    data += encode(inner[position:])
    return decode(bytes(data))


def _unquote_one(text: str, mark: str) -> tuple[int, str]:
    """The first character's value and the rest (strconv.UnquoteChar)."""
    if text[:1] == mark or not text:
        raise LiteralError("invalid syntax")
    if text[0] != "\\":
        return ord(text[0]), text[1:]
    escape = text[1:2]
    if escape in _SIMPLE:
        return _SIMPLE[escape], text[2:]
    if escape == mark:
        return ord(mark), text[2:]
    if escape in _WIDTHS:
        width = _WIDTHS[escape]
        digits, rest, base = text[2 : 2 + width], text[2 + width :], 16
    elif escape and escape in "01234567":
        width = 3
        digits, rest, base = text[1:4], text[4:], 8
    else:
        raise LiteralError("invalid syntax")
    allowed = "01234567" if base == 8 else "0123456789abcdefABCDEF"
    if len(digits) != width or not set(digits) <= set(allowed):
        raise LiteralError("invalid syntax")
    value = int(digits, base)
    if (base == 8 and value > 255) or value > 0x10FFFF or 0xD800 <= value <= 0xDFFF:
        raise LiteralError("invalid syntax")
    return value, rest


def quote(text: str, mark: str = '"', *, ascii_only: bool = False) -> str:
    """strconv.Quote (or QuoteToASCII) of a Go string."""
    if text.isascii() and text.isprintable() and "\\" not in text and mark not in text:
        return f"{mark}{text}{mark}"
    if not text.isascii():
        text = decode(encode(text))
    return mark + "".join([_escape(character, mark, ascii_only) for character in text]) + mark


def quote_character(code: int, *, ascii_only: bool = False) -> str:
    """strconv.QuoteRune (or QuoteRuneToASCII) of a code point; U+FFFD for what is none."""
    if not 0 <= code <= 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        code = 0xFFFD
    return f"'{_escape(chr(code), chr(39), ascii_only)}'"


def _escape(character: str, mark: str, ascii_only: bool) -> str:
    code = ord(character)
    if character == mark:
        return "\\" + mark
    if code in _SHORT:
        return _SHORT[code]
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if character.isprintable() and (code < 128 or not ascii_only):
        return character
    if code < 32 or code == 127:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
