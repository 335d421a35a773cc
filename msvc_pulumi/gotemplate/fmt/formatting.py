"""Returns what fmt.Sprintf returns, for every verb and flag, mistakes included.

Mistakes in a format are no errors in Go but text: ``%!d(string=hi)``, ``%!s(MISSING)``. Widths and
precisions are bounded by the render's meter.
"""

from __future__ import annotations

from collections.abc import Sequence

from msvc_pulumi.pattern import pattern

from ..errors import UnprintableError
from ..limits.budget import Sink
from ..marked import Marked, joined
from ..reflect.values import MISSING, Struct, Value, is_nil, type_of
from .printing import display
from .verbs import Flags, scalar, traced

__all__ = ["sprintf"]

_LARGEST = 1_000_000  # what fmt itself takes as a width
_FLAGS = {"#": "sharp", "0": "zero", "+": "plus", "-": "minus", " ": "space"}
_DIGITS = pattern(r"[0-9]*")


def sprintf(template: str, values: Sequence[Value]) -> str:
    """fmt.Sprintf of the format ``template``."""
    if type(template) is Marked:
        text = _Printf(str.__str__(template), values).run()
        return Marked.whole(str.__str__(text), template.stretches[0].variable)
    return _Printf(template, values).run()


class _Printf:
    def __init__(self, template: str, values: Sequence[Value]) -> None:
        self.template = template
        self.values = values
        self.sink = Sink()
        self.argument = 0
        self.reordered = False
        self.has_brackets = True
        self.good = True
        self.flags = Flags()

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
            self.superfluous(self.values[self.argument :])
        return str(self.sink)

    def superfluous(self, values: Sequence[Value]) -> None:
        """Print the arguments that no directive took."""
        add = self.sink.add
        add("%!(EXTRA ")
        for index, value in enumerate(values):
            add(", " if index else "")
            add("<nil>" if _absent(value) else joined((f"{type_of(value)}=", display(value))))
        add(")")

    def directive(self, position: int) -> int:
        """Print the directive after a percent sign; the position behind it."""
        template = self.template
        flags = self.flags = Flags()
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
        end = template.find("]", position) if self.has_brackets else -1
        self.has_brackets = end >= 0
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
            add(scalar(type_of(value), "s", self.flags) or "")
        elif verb == "p" and not depth:
            if isinstance(value, list | dict | Struct):
                raise _address()
            add(self.bad(value, verb))
        elif verb == "w":
            add(self.bad(value, verb))
        elif isinstance(value, list | dict):
            self.collection(value, verb, depth)
        elif isinstance(value, Struct):
            self.struct(value, verb, depth)
        else:
            text = scalar(value, verb, self.flags)
            add(self.bad(value, verb) if text is None else traced(value, text, verb, self.flags))

    def bad(self, value: Value, verb: str) -> str:
        """What stands for a value that does not know ``verb``."""
        inner = _Printf("", ())
        inner.flags = self.flags
        inner.value(value, "v", 0)
        return joined((f"%!{verb}({type_of(value)}=", str(inner.sink), ")"))

    def collection(self, value: list[Value] | dict[str, Value], verb: str, depth: int) -> None:
        """Print a slice, or a map by its sorted keys."""
        mapping = value if isinstance(value, dict) else None
        opening, separator, closing = "[" if mapping is None else "map[", " ", "]"
        if self.flags.sharp_v:
            opening, separator, closing = f"{type_of(value)}{{", ", ", "}"
            if is_nil(value):
                self.sink.add(f"{type_of(value)}(nil)")
                return
        self.sink.add(opening)
        for index, item in enumerate(value if mapping is None else sorted(mapping)):
            if index:
                self.sink.add(separator)
            self.value(item, verb, depth + 1)
            if mapping is not None:
                self.sink.add(":")
                self.value(mapping[item], verb, depth + 1)
        self.sink.add(closing)

    def struct(self, value: Struct, verb: str, depth: int) -> None:
        flags = self.flags
        if depth:
            raise _address()
        self.sink.add(f"&{value.go_type}{{" if flags.sharp_v else "&{")
        for index, name in enumerate(value.fields):
            if index:
                self.sink.add(", " if flags.sharp_v else " ")
            if flags.plus_v or flags.sharp_v:
                self.sink.add(f"{name}:")
            self.value(value.values[name], verb, depth + 1)
        self.sink.add("}")


def _address() -> UnprintableError:
    return UnprintableError("a pointer cannot be printed, only data can")


def _absent(value: Value) -> bool:
    return value is None or value is MISSING
