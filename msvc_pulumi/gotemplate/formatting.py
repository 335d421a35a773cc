"""Returns what fmt.Sprintf returns, for every verb and flag, mistakes included.

Mistakes in a format are no errors in Go but text: ``%!d(string=hi)``, ``%!s(MISSING)``. Widths and
precisions are bounded by the render's meter.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .budget import Sink, meter
from .floats import format_float
from .literals import encode, quote, quote_character
from .printing import display
from .values import MISSING, Opaque, Struct, Value, is_nil, kind_of, type_of

__all__ = ["sprintf"]

_LARGEST = 1_000_000  # what fmt itself takes as a width
_FLAGS = {"#": "sharp", "0": "zero", "+": "plus", "-": "minus", " ": "space"}
_DIGITS = re.compile(r"[0-9]*")
_BASES = {"v": "d", "d": "d", "b": "b", "o": "o", "O": "o", "x": "x", "X": "X"}
_FLOAT_VERBS = {"v": ("g", -1), "F": ("f", 6), "f": ("f", 6), "e": ("e", 6), "E": ("E", 6)}
_STRINGER_VERBS = "vsxXq"


@dataclass(slots=True)
class _Flags:
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


def sprintf(template: str, values: Sequence[Value]) -> str:
    """fmt.Sprintf of the format ``template``."""
    return _Printf(template, values).run()


class _Printf:
    def __init__(self, template: str, values: Sequence[Value]) -> None:
        self.template = template
        self.values = values
        self.sink = Sink()
        self.argument = 0
        self.reordered = False
        self.good = True
        self.flags = _Flags()

    def run(self) -> str:
        template = self.template
        position = 0
        while position < len(template):
            percent = template.find("%", position)
            if percent < 0:
                self.sink.add(template[position:])
                break
            if percent > position:
                self.sink.add(template[position:percent])
            position = self.directive(percent + 1)
        if not self.reordered and self.argument < len(self.values):
            extra = ", ".join(
                "<nil>" if _absent(value) else f"{type_of(value)}={display(value)}"
                for value in self.values[self.argument :]
            )
            self.sink.add(f"%!(EXTRA {extra})")
        return str(self.sink)

    def directive(self, position: int) -> int:
        """Print the directive after a percent sign; the position behind it."""
        template = self.template
        flags = self.flags = _Flags()
        self.good = True
        while position < len(template) and template[position] in _FLAGS:
            setattr(flags, _FLAGS[template[position]], True)
            position += 1
        position, after_index = self.index(position)
        if template[position : position + 1] == "*":
            flags.width = self.star("%!(BADWIDTH)")
            if flags.width is not None and flags.width < 0:
                flags.width, flags.minus, flags.zero = -flags.width, True, False
            position, after_index = position + 1, False
        else:
            flags.width, position = self.digits(position)
            if after_index and flags.width is not None:
                self.good = False
        if template[position : position + 1] == "." and position + 1 < len(template):
            position += 1
            if after_index:
                self.good = False
            position, after_index = self.index(position)
            if template[position : position + 1] == "*":
                flags.precision = self.star("%!(BADPREC)", lowest=0)
                position, after_index = position + 1, False
            else:
                flags.precision, position = self.digits(position)
                flags.precision = flags.precision or 0
        if not after_index:
            position, after_index = self.index(position)
        if position >= len(template):
            self.sink.add("%!(NOVERB)")
            return position
        self.verb(template[position])
        return position + 1

    def verb(self, verb: str) -> None:
        flags = self.flags
        if verb == "%":
            self.sink.add("%")
        elif not self.good:
            self.sink.add(f"%!{verb}(BADINDEX)")
        elif self.argument >= len(self.values):
            self.sink.add(f"%!{verb}(MISSING)")
        else:
            if verb in "vw":
                flags.sharp_v, flags.sharp = flags.sharp, False
                flags.plus_v, flags.plus = flags.plus, False
            value = self.values[self.argument]
            self.argument += 1
            self.value(value, verb, 0)

    def digits(self, position: int) -> tuple[int | None, int]:
        found = _DIGITS.match(self.template, position)
        end = found.end() if found else position
        if end == position:
            return None, position
        if end - position > 7 or int(self.template[position:end]) > _LARGEST:
            return None, len(self.template)
        return int(self.template[position:end]), end

    def index(self, position: int) -> tuple[int, bool]:
        """An explicit argument index ``[n]`` at ``position``: the position behind, and if any."""
        template = self.template
        if template[position : position + 1] != "[":
            return position, False
        self.reordered = True
        end = template.find("]", position)
        if end < 0 or len(template) - position < 3:
            self.good = False
            return position + 1, False
        text = template[position + 1 : end]
        well_formed = text.isdigit() and text.isascii() and len(text) < 8
        if well_formed and 0 < int(text) <= len(self.values):
            self.argument = int(text) - 1
        else:
            self.good = False
        return end + 1, well_formed

    def star(self, problem: str, lowest: int = -_LARGEST) -> int | None:
        """The next argument as a width or precision."""
        number = None
        if self.argument < len(self.values):
            value = self.values[self.argument]
            if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LARGEST:
                number = int(value)
            self.argument += 1
        if number is None or number < lowest:
            self.sink.add(problem)
            return None
        return number

    # --- values ---

    def value(self, value: Value, verb: str, depth: int) -> None:
        add, flags = self.sink.add, self.flags
        if _absent(value):
            if depth:
                add("interface {}(nil)" if flags.sharp_v else "<nil>")
            else:
                add(flags.pad("<nil>") if verb in "vT" else f"%!{verb}(<nil>)")
        elif verb == "T" and not depth:
            add(self.string(type_of(value), "s") or "")
        elif verb == "p" and not depth:
            pointer = isinstance(value, list | dict | Struct)
            add("0xc000000000" if pointer else self.bad(value, verb))
        elif verb == "w":
            add(self.bad(value, verb))
        elif isinstance(value, list):
            self.sequence(value, verb, depth)
        elif isinstance(value, dict):
            self.mapping(value, verb, depth)
        elif isinstance(value, Struct):
            self.struct(value, verb, depth)
        else:
            text = self.scalar(value, verb)
            add(self.bad(value, verb) if text is None else text)

    def scalar(self, value: Value, verb: str) -> str | None:
        """The text of a value without elements; None when it does not know ``verb``."""
        if isinstance(value, str):
            return self.string(value, verb)
        if isinstance(value, bool):
            return self.flags.pad("true" if value else "false") if verb in "tv" else None
        if isinstance(value, int):
            return self.integer(value, verb)
        if isinstance(value, float):
            return self.floating(value, verb)
        if isinstance(value, complex):
            return self.complex(value, verb)
        if isinstance(value, Opaque) and verb in _STRINGER_VERBS:
            return self.string(value.text(), verb)
        return None

    def bad(self, value: Value, verb: str) -> str:
        """What stands for a value that does not know ``verb``."""
        inner = _Printf("", ())
        inner.flags = self.flags
        inner.value(value, "v", 0)
        return f"%!{verb}({type_of(value)}={inner.sink})"

    def sequence(self, value: list[Value], verb: str, depth: int) -> None:
        opening, separator, closing = "[", " ", "]"
        if self.flags.sharp_v:
            opening, separator, closing = f"{type_of(value)}{{", ", ", "}"
            if is_nil(value):
                self.sink.add(f"{type_of(value)}(nil)")
                return
        self.sink.add(opening)
        for index, item in enumerate(value):
            if index:
                self.sink.add(separator)
            self.value(item, verb, depth + 1)
        self.sink.add(closing)

    def mapping(self, value: dict[str, Value], verb: str, depth: int) -> None:
        opening, separator, closing = "map[", " ", "]"
        if self.flags.sharp_v:
            opening, separator, closing = f"{type_of(value)}{{", ", ", "}"
            if is_nil(value):
                self.sink.add(f"{type_of(value)}(nil)")
                return
        self.sink.add(opening)
        for index, key in enumerate(sorted(value)):
            if index:
                self.sink.add(separator)
            self.value(key, verb, depth + 1)
            self.sink.add(":")
            self.value(value[key], verb, depth + 1)
        self.sink.add(closing)

    def struct(self, value: Struct, verb: str, depth: int) -> None:
        flags = self.flags
        if depth:
            self.sink.add("0xc000000000")
            return
        self.sink.add(f"&{value.go_type}{{" if flags.sharp_v else "&{")
        for index, name in enumerate(value.fields):
            if index:
                self.sink.add(", " if flags.sharp_v else " ")
            if flags.plus_v or flags.sharp_v:
                self.sink.add(f"{name}:")
            self.value(value.values[name], verb, depth + 1)
        self.sink.add("}")

    # --- strings ---

    def string(self, text: str, verb: str) -> str | None:
        flags = self.flags
        if verb in "xX":
            return self.hexadecimal(text, verb)
        if verb not in "vsq":
            return None
        if flags.precision is not None:
            text = text[: flags.precision]
        if verb == "q" or (verb == "v" and flags.sharp_v):
            if flags.sharp and _can_backquote(text):
                return flags.pad(f"`{text}`")
            return flags.pad(quote(text, ascii_only=flags.plus))
        return flags.pad(text)

    def hexadecimal(self, text: str, verb: str) -> str:
        flags = self.flags
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

    # --- numbers ---

    def integer(self, number: int, verb: str) -> str | None:
        flags = self.flags
        if verb == "c":
            known = 0 <= number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF
            return flags.pad(chr(number) if known else "\ufffd")
        if verb == "q":
            return flags.pad(quote_character(number, ascii_only=flags.plus))
        if verb == "U":
            return self.unicode(number)
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

    def unicode(self, number: int) -> str:
        number &= (1 << 64) - 1
        precision = max(4, self.flags.precision or 0)
        meter().size(precision)
        text = f"U+{number:0{precision}X}"
        if self.flags.sharp and number <= 0x10FFFF and chr(number).isprintable():
            text += f" '{chr(number)}'"
        return self.flags.pad_blank(text)

    def floating(self, number: float, verb: str) -> str | None:
        flags = self.flags
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

    def complex(self, number: complex, verb: str) -> str | None:
        real = self.floating(number.real, verb)
        plus, self.flags.plus = self.flags.plus, True
        imaginary = self.floating(number.imag, verb)
        self.flags.plus = plus
        return None if real is None else f"({real}{imaginary}i)"


def _absent(value: Value) -> bool:
    return value is None or value is MISSING


def _can_backquote(text: str) -> bool:
    return not any(
        character in "`\x7f\ufeff"
        or (character < " " and character != "\t")
        or "\ud800" <= character <= "\udfff"
        for character in text
    )
