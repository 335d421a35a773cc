"""Returns values as Go prints them without a format: ``{{ action }}``, print, println, %v."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ..errors import UnprintableError
from ..limits.budget import Sink
from ..marked import Marked, joined
from ..reflect.values import MISSING, Opaque, Struct, Value

__all__ = ["complex_text", "display", "float_text", "printed", "sprint", "sprintln", "write"]

_FIRST_EXPONENT = 6


def display(value: Value) -> str:
    """fmt's %v of a value at the top: a nil is ``<nil>``, a struct pointer ``&{...}``."""
    kind = type(value)
    if kind is str or kind is Marked:
        return value  # type: ignore[no-any-return]
    if kind is bool:
        return "true" if value else "false"
    if isinstance(value, int):
        return int.__repr__(value)
    if kind is float:
        return float_text(value)
    sink = Sink()
    write(value, sink, top=True)
    return str(sink)


def printed(value: Value) -> str:
    """What an action writes: as %v, but pointers are followed and nothing is ``<no value>``."""
    if value is None or value is MISSING:
        return "<no value>"
    if isinstance(value, Struct):
        return display(value)[1:]
    return display(value)


def write(value: Value, sink: Sink, *, top: bool = False) -> None:
    """Write %v of a value.

    Raises: UnprintableError for a nested struct pointer, of which Go prints the address.
    """
    if isinstance(value, list):
        sink.add("[")
        for index, item in enumerate(value):
            if index:
                sink.add(" ")
            write(item, sink)
        sink.add("]")
    elif isinstance(value, dict):
        sink.add("map[")
        for index, key in enumerate(sorted(value)):
            lead = " " if index else ""
            sink.add(joined((lead, key, ":")) if type(key) is Marked else f"{lead}{key}:")
            write(value[key], sink)
        sink.add("]")
    elif isinstance(value, Struct) and top:
        sink.add("&{")
        for index, name in enumerate(value.fields):
            if index:
                sink.add(" ")
            write(value.values[name], sink)
        sink.add("}")
    else:
        sink.add(_scalar(value))


def _scalar(value: Value) -> str:
    if isinstance(value, str):
        return value
    if value is None or value is MISSING:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        return float_text(value)
    if isinstance(value, complex):
        return complex_text(value)
    if isinstance(value, Opaque):
        return value.text()
    raise UnprintableError("a pointer cannot be printed, only data can")


def sprint(values: Sequence[Value]) -> str:
    """fmt.Sprint: a blank between neighbours when neither is a string."""
    if len(values) == 1:
        return display(values[0])
    sink = Sink()
    was_string = True
    for value in values:
        is_string = isinstance(value, str)
        if not (is_string or was_string):
            sink.add(" ")
        sink.add(display(value))
        was_string = is_string
    return str(sink)


def sprintln(values: Sequence[Value]) -> str:
    """fmt.Sprintln: blanks between all, a line end."""
    sink = Sink()
    for index, value in enumerate(values):
        if index:
            sink.add(" ")
        sink.add(display(value))
    sink.add("\n")
    return str(sink)


def float_text(value: float) -> str:
    """The shortest decimal that reads back as ``value``, with an exponent part when the exponent
    is below -4 or above 5 (strconv.FormatFloat 'g', shortest)."""
    if value.is_integer() and -1e6 < value < 1e6:
        return "-0" if not value and str(value)[0] == "-" else str(int(value))
    text = repr(value)
    if text[-1] in "fn":
        return {"inf": "+Inf", "-inf": "-Inf"}.get(text, "NaN")
    sign, digits, exponent = Decimal(text).as_tuple()
    if not isinstance(exponent, int):
        return text
    figures = "".join(map(str, digits)).rstrip("0") or "0"
    exponent += len(digits) - 1
    minus = "-" if sign else ""
    if -4 <= exponent < _FIRST_EXPONENT:
        return f"{Decimal(text):f}".removesuffix(".0")
    fraction = f".{figures[1:]}" if len(figures) > 1 else ""
    return f"{minus}{figures[0]}{fraction}e{exponent:+03d}"


def complex_text(value: complex) -> str:
    """fmt's %v of a complex number."""
    imaginary = float_text(value.imag)
    plus = "" if imaginary[0] in "+-" else "+"
    return f"({float_text(value.real)}{plus}{imaginary}i)"
