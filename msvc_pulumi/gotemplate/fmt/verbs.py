"""Returns single values under one verb of printf, with its flags, width and precision.

The rules are those of fmt (format.go); widths and precisions are bounded by the render's meter.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..limits.budget import meter
from ..marked import Marked, changed, joined
from ..reflect.values import Opaque, Value, kind_of
from ..strconv.literals import encode, quote, quote_character
from .floats import format_float

__all__ = ["Flags", "scalar", "traced"]

_BASES = {"v": "d", "d": "d", "b": "b", "o": "o", "O": "o", "x": "x", "X": "X"}
_FLOAT_VERBS = {"v": ("g", -1), "F": ("f", 6), "f": ("f", 6), "e": ("e", 6), "E": ("E", 6)}
_STRINGER_VERBS = "vsxXq"


@dataclass(slots=True)
class Flags:
    sharp: bool = False
    zero: bool = False
    plus: bool = False
    minus: bool = False
    space: bool = False
    sharp_v: bool = False
    plus_v: bool = False
    width: int | None = None
    precision: int | None = None

    def pad(self, text: str) -> str:
        """``text`` in a field of ``width``; zeros only on the left."""
        if not self.width:
            return text
        meter().size(self.width)
        if self.minus:
            return text.ljust(self.width)
        return text.rjust(self.width, "0" if self.zero else " ")

    def pad_blank(self, text: str) -> str:
        zero, self.zero = self.zero, False
        padded = self.pad(text)
        self.zero = zero
        return padded


def scalar(value: Value, verb: str, flags: Flags) -> str | None:
    """The text of a value without elements; None when it does not know ``verb``."""
    if isinstance(value, str):
        return _string(value, verb, flags)
    if isinstance(value, bool):
        return flags.pad("true" if value else "false") if verb in "tv" else None
    if isinstance(value, int):
        return _integer(value, verb, flags)
    if isinstance(value, float):
        return _floating(value, verb, flags)
    if isinstance(value, complex):
        return _complex(value, verb, flags)
    if isinstance(value, Opaque) and verb in _STRINGER_VERBS:
        return _string(value.text(), verb, flags)
    return None


def traced(value: Value, text: str, verb: str, flags: Flags) -> str:
    """``text``, what `scalar` made of ``value``, with the stretches that ``value`` has.

    A character made of a number counts as one: the number may be a text's.
    """
    if type(value) is not Marked:
        shows_character = verb in "cq" or (verb == "U" and flags.sharp)
        return Marked.whole(text, "") if shows_character and isinstance(value, int) else text
    shown = value if flags.precision is None else value[: flags.precision]
    if verb == "q" or (verb == "v" and flags.sharp_v):
        is_ascii = flags.plus
        inner = changed(shown, lambda piece: quote(piece, ascii_only=is_ascii)[1:-1])
        shown = joined(('"', inner, '"'))
    before = 0 if flags.minus else max(len(text) - len(shown), 0)
    better = joined((text[:before], shown, text[before + len(shown) :]))
    return better if better == text else Marked.whole(text, value.stretches[0].variable)


def _string(text: str, verb: str, flags: Flags) -> str | None:
    if verb in "xX":
        return _hexadecimal(text, verb, flags)
    if verb not in "vsq":
        return None
    if flags.precision is not None:
        text = text[: flags.precision]
    if verb == "q" or (verb == "v" and flags.sharp_v):
        if flags.sharp and _can_backquote(text):
            return flags.pad(f"`{text}`")
        return flags.pad(quote(text, ascii_only=flags.plus))
    return flags.pad(text)


def _hexadecimal(text: str, verb: str, flags: Flags) -> str:
    data = encode(text)
    if flags.precision is not None:
        data = data[: flags.precision]
    if not data:
        return flags.pad("")
    prefix = f"0{verb}" if flags.sharp else ""
    meter().size(len(data) * 5)
    if flags.space:
        digits = " ".join(f"{prefix}{byte:02{verb}}" for byte in data)
    else:
        digits = prefix + "".join(f"{byte:02{verb}}" for byte in data)
    return flags.pad(digits)


def _integer(number: int, verb: str, flags: Flags) -> str | None:
    if verb == "c":
        known = 0 <= number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF
        return flags.pad(chr(number) if known else "\ufffd")
    if verb == "q":
        return flags.pad(quote_character(number, ascii_only=flags.plus))
    if verb == "U":
        return _unicode(number, flags)
    if verb not in _BASES:
        return None
    negative = number < 0
    precision = 0
    if flags.precision is not None:
        precision = flags.precision
        if precision == 0 and number == 0:
            return flags.pad_blank("")
    elif flags.zero and not flags.minus and flags.width is not None:
        precision = flags.width - (negative or flags.plus or flags.space)
    meter().size(precision)
    base = _BASES[verb]
    digits = format(abs(int(number)), base).rjust(precision, "0")
    if flags.sharp and base != "d":
        digits = f"0{base}{digits}" if base != "o" else f"0{digits.removeprefix('0')}"
    if flags.sharp_v and kind_of(number) == "uint8":
        digits = f"0x{number:x}"
    if verb == "O":
        digits = f"0o{digits}"
    sign = "-" if negative else "+" if flags.plus else " " if flags.space else ""
    return flags.pad_blank(sign + digits)


def _unicode(number: int, flags: Flags) -> str:
    number &= (1 << 64) - 1
    precision = max(4, flags.precision or 0)
    meter().size(precision)
    text = f"U+{number:0{precision}X}"
    if flags.sharp and number <= 0x10FFFF and chr(number).isprintable():
        text += f" '{chr(number)}'"
    return flags.pad_blank(text)


def _floating(number: float, verb: str, flags: Flags) -> str | None:
    style, precision = _FLOAT_VERBS.get(verb, (verb, -1))
    if style not in "gGeEfxXb":
        return None
    if flags.precision is not None:
        precision = flags.precision
    meter().size(precision)
    text = format_float(number, style, precision, sharp=flags.sharp)
    sign = text[0] if text[0] in "+-" else ""
    body = text[len(sign) :]
    if not sign or sign == "+":
        sign = "+" if flags.plus else " " if flags.space else ""
        if body == "Inf" and not sign:
            sign = "+"
    if body in ("Inf", "NaN"):
        return flags.pad_blank(sign + body)
    if flags.zero and not flags.minus and flags.width and sign:
        meter().size(flags.width)
        return sign + body.rjust(flags.width - 1, "0")
    return flags.pad(sign + body)


def _complex(number: complex, verb: str, flags: Flags) -> str | None:
    real = _floating(number.real, verb, flags)
    plus, flags.plus = flags.plus, True
    imaginary = _floating(number.imag, verb, flags)
    flags.plus = plus
    return None if real is None else f"({real}{imaginary}i)"


def _can_backquote(text: str) -> bool:
    return not any(
        character in "`\x7f\ufeff"
        or (character < " " and character != "\t")
        or "\ud800" <= character <= "\udfff"
        for character in text
    )
