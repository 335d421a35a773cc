"""Returns values as JSON and JSON as values, as encoding/json does it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from decimal import Decimal

from ..errors import FunctionError
from ..limits.budget import Sink, meter
from ..marked import Marked, changed, joined
from ..reflect.calls import declare
from ..reflect.values import MISSING, Opaque, Struct, Value, is_nil, is_true, type_of
from ..strconv.literals import decode, encode, replaced

__all__ = ["FUNCTIONS"]

_DECODED = 32  # bytes that a character of JSON can become, two of which are a list
_SPECIAL = re.compile('[\x00-\x1f"\\\\<>&\u2028\u2029\x7f\ud800-\udfff]')
_ESCAPES = {
    '"': '\\"',
    "\\": "\\\\",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
}


def _escaped(found: re.Match[str]) -> str:
    character = found[0]
    if character == "\x7f":
        return character
    if "\ud800" <= character <= "\udfff":
        return "\\ufffd"
    return _ESCAPES.get(character) or f"\\u{ord(character):04x}"


def _escaped_but_html(found: re.Match[str]) -> str:
    return found[0] if found[0] in "<>&" else _escaped(found)


class _Encoder:
    """Writes one value; ``indent`` is the text of one level or "" for one line."""

    def __init__(self, *, html: bool = True, indent: str = "") -> None:
        self.sink = Sink()
        self.indent = indent
        self.escape = _escaped if html else _escaped_but_html

    def text(self, value: str) -> str:
        if type(value) is Marked:
            return joined(('"', changed(value, self.inner), '"'))
        return f'"{self.inner(value)}"'

    def inner(self, value: str) -> str:
        if not value.isascii():
            value = decode(encode(value))
        return _SPECIAL.sub(self.escape, value)

    def write(self, value: Value, level: int = 0) -> None:
        add = self.sink.add
        if value is None or value is MISSING or is_nil(value):
            add("null")
        elif isinstance(value, str):
            add(self.text(value))
        elif isinstance(value, bool):
            add("true" if value else "false")
        elif isinstance(value, int):
            add(int.__repr__(value))
        elif isinstance(value, float):
            add(_number(value))
        elif isinstance(value, list):
            self.write_items((("", item) for item in value), "[]", level)
        elif isinstance(value, dict):
            pairs = ((self.text(key), value[key]) for key in sorted(value))
            self.write_items(pairs, "{}", level)
        elif isinstance(value, Struct):
            pairs = (
                (self.text(json_name), value.values[name])
                for name, json_name in zip(value.fields, value.json_names, strict=True)
                if is_true(value.values[name])
            )
            self.write_items(pairs, "{}", level)
        elif isinstance(value, Opaque):
            add(self.text(_opaque(value)))
        else:
            raise FunctionError(f"json: unsupported type: {type_of(value)}")

    def write_items(self, items: Iterator[tuple[str, Value]], brackets: str, level: int) -> None:
        add = self.sink.add
        separator = f"\n{self.indent * (level + 1)}" if self.indent else ""
        start = brackets[0]
        for name, item in items:
            lead = f"{start}{separator}"
            colon = "" if not name else ": " if self.indent else ":"
            add(joined((lead, name, colon)) if type(name) is Marked else f"{lead}{name}{colon}")
            start = ","
            self.write(item, level + 1)
        if start != ",":
            add(brackets)
        else:
            add(f"\n{self.indent * level}{brackets[1]}" if self.indent else brackets[1])


def _opaque(value: Opaque) -> str:
    if value.go_type == "time.Time":
        formatted: str = value.methods["Format"][1]("2006-01-02T15:04:05.999999999Z07:00")
        return formatted
    return value.text()


def _number(value: float) -> str:
    if math.isnan(value) or math.isinf(value):
        shown = {"nan": "NaN", "inf": "+Inf"}.get(repr(value), "-Inf")
        raise FunctionError(f"json: unsupported value: {shown}")
    if value and not 1e-6 <= abs(value) < 1e21:
        mantissa, _, exponent = repr(value).partition("e")
        if not exponent:
            mantissa, _, exponent = f"{Decimal(repr(value)):e}".partition("e")
        return f"{mantissa.removesuffix('.0')}e{int(exponent):+d}".replace("e-0", "e-")
    return f"{Decimal(repr(value)):f}".removesuffix(".0")


def _encoder(
    *, html: bool = True, indent: str = "", swallow: bool = False
) -> Callable[[Value], str]:
    def encode_value(value: Value) -> str:
        encoder = _Encoder(html=html, indent=indent)
        try:
            encoder.write(value)
        except FunctionError:
            if swallow:
                return ""
            raise
        return str(encoder.sink)

    return encode_value


def _decoded(text: str) -> tuple[Value, str]:
    """json.Unmarshal into an interface {}: what it leaves there, and its error or "".

    The error's words are Go's for common mistakes; a number that is too large leaves a nil.
    """
    meter().size(len(text))
    meter().work(len(text) >> 4)
    meter().reserve(_DECODED * len(text))
    problems: list[str] = []

    def number(digits: str) -> float | None:
        value = float(digits)
        if math.isinf(value):
            problems.append(f"json: cannot unmarshal number {digits} into Go value of type float64")
            return None
        return value

    text = replaced(text)
    try:
        value = json.loads(text, parse_int=number, parse_float=number, parse_constant=_no_constant)
    except json.JSONDecodeError as problem:
        return None, _syntax_error(text, problem)
    except FunctionError as problem:
        return None, str(problem)
    except RecursionError:
        return None, "json: exceeded max depth"
    value = _without_surrogates(value) if "\\ud" in text.lower() else value
    return value, problems[0] if problems else ""


def _must_parse(text: str) -> Value:
    value, problem = _decoded(text)
    if problem:
        raise FunctionError(problem)
    return value


def _no_constant(name: str) -> Value:
    raise FunctionError(f"invalid character '{name[0]}' looking for beginning of value")


def _without_surrogates(value: Value) -> Value:
    if isinstance(value, str):
        return "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in value)
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(value[key]) for key in value}
    return value


_PROBLEMS = (
    ("Expecting value", "looking for beginning of value"),
    ("Expecting property name", "looking for beginning of object key string"),
    ("Illegal trailing comma before end of object", "looking for beginning of object key string"),
    ("Illegal trailing comma before end of array", "looking for beginning of value"),
    ("Expecting ':'", "after object key"),
    ("Extra data", "after top-level value"),
    ("Invalid control character", "in string literal"),
    ("Invalid \\", "in string escape code"),
)


def _syntax_error(text: str, problem: json.JSONDecodeError) -> str:
    at = problem.pos
    if problem.msg.startswith("Illegal trailing comma"):  # at the comma, not at what comes after it
        at = len(text) - len(text[at + 1 :].lstrip(" \t\r\n"))
    if problem.msg.startswith("Unterminated string") or at >= len(text.rstrip(" \t\r\n")):
        return "unexpected end of JSON input"
    character = text[at]
    where = next(
        (words for start, words in _PROBLEMS if problem.msg.startswith(start)),
        "after object key:value pair"
        if text.count("{", 0, at) > text.count("}", 0, at)
        else "after array element",
    )
    return f"invalid character '{character}' {where}"


FUNCTIONS = declare(
    {
        "fromJson": (lambda text: _decoded(text)[0], "string"),
        "mustFromJson": (_must_parse, "string"),
        "mustToJson": (_encoder(), "any"),
        "mustToPrettyJson": (_encoder(indent="  "), "any"),
        "mustToRawJson": (_encoder(html=False), "any"),
        "toJson": (_encoder(swallow=True), "any"),
        "toPrettyJson": (_encoder(indent="  ", swallow=True), "any"),
        "toRawJson": (_encoder(html=False), "any"),
    }
)
