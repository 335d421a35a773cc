"""Single values as encoding/json reads them: strings, numbers, quantities, times, bytes."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from msvc_pulumi.document.scalars import scalar_text
from msvc_pulumi.pattern import pattern
from msvc_pulumi.schema.quantity import QuantityError, canonical
from msvc_pulumi.schema.table import Kind, Type

__all__ = ["UNMARSHALING", "LeafError", "clash", "finite", "number_text", "read_leaf"]

UNMARSHALING = "error unmarshaling JSON: while decoding JSON: "  # sigs.k8s.io/yaml's beginning

_RFC3339 = pattern(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]+)?"
    r"(?:Z|[+-][0-9]{2}:[0-9]{2})"
)


class LeafError(Exception):
    """A value that the type does not take.

    ``shown`` is the value in Kubernetes' words, ``found`` is it in Go's ("number 2.5"), where Go's
    message names the field; otherwise ``go`` is Go's whole message, empty if it is not known.
    """

    def __init__(
        self, code: str, shown: str, wanted: str, *, found: str = "", go: str = "", advice: str = ""
    ) -> None:
        super().__init__(f"Invalid value: {shown}: {wanted}")
        self.code = code
        self.found = found
        self.go = go
        self.advice = advice


def read_leaf(type_: Type, value: Any) -> Any:
    """What encoding/json makes of ``value`` (not null) for a type that is no struct, list or map.

    Raises:
        LeafError: if the type does not take the value.
    """
    return _READERS[type_.kind](type_, value)


def clash(value: Any, wanted: str, *, advice: str = "") -> LeafError:
    """The error for a value of the wrong JSON type; values are not shown, they may be secret."""
    json_type = _json_type(value)
    found = {"boolean": "bool", "integer": "number"}.get(json_type, json_type)
    return LeafError(
        "invalid-type", f'"{json_type}"', f"must be {wanted}", found=found, advice=advice
    )


def finite(value: float) -> float:
    """``value`` itself; JSON knows neither infinity nor NaN.

    Raises:
        LeafError: if ``value`` is one of them.
    """
    if isinstance(value, float) and not math.isfinite(value):
        shown = scalar_text(value)
        go = f"error converting YAML to JSON: json: unsupported value: {shown}"
        raise LeafError("not-finite", shown, "must be a finite number", go=go)
    return value


def _string(_type: Type, value: Any) -> str:
    if isinstance(value, str):
        return value
    if not isinstance(value, bool | int | float):
        raise clash(value, "a string")
    return scalar_text(value)


def _boolean(_type: Type, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise clash(value, "a boolean", advice="remove the quotes" if value in _BOOLEANS else "")


_BOOLEANS = ("true", "false")


def _integer(type_: Type, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        is_quoted = isinstance(value, str) and re.fullmatch("-?[0-9]+", value)
        raise clash(value, "an integer", advice="remove the quotes" if is_quoted else "")
    return _bounded(type_, value)


def _bounded(type_: Type, value: float) -> int:
    text = number_text(finite(value))
    if not text.removeprefix("-").isdigit() and value != int(value):
        raise LeafError("invalid-type", text, "must be an integer", found=f"number {text}")
    number = int(value) if "e" in text else int(text)
    if "e" in text or not type_.minimum <= number <= type_.maximum:
        limits = f"must be between {type_.minimum} and {type_.maximum}, inclusive"
        raise LeafError("out-of-range", text, limits, found=f"number {text}")
    return number


def _int_or_string(type_: Type, value: Any) -> int | str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | dict | list):
        raise clash(value, "an integer or a string")
    return _bounded(type_, value)


def _quantity(_type: Type, value: Any) -> str:
    text = value if isinstance(value, str) else "not a quantity"
    if isinstance(value, int | float) and not isinstance(value, bool):
        text = number_text(finite(value))
    try:
        return canonical(text)
    except QuantityError as error:
        shown = text if isinstance(value, str | int | float) else _json_type(value)
        go = f"{UNMARSHALING}{error}"
        raise LeafError("invalid-quantity", f'"{shown}"', str(error), go=go) from error


def _time(_type: Type, value: Any) -> str:
    if not isinstance(value, str):
        raise clash(value, "a time")
    from datetime import UTC, datetime  # noqa: PLC0415  slow to import

    try:
        if not _RFC3339.fullmatch(value):
            raise ValueError(value)
        parsed = datetime.fromisoformat(value.replace(",", ".")).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        wanted = "must be a time like 2006-01-02T15:04:05Z"
        raise LeafError("invalid-time", f'"{value}"', wanted) from error
    return parsed.replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def _bytes(_type: Type, value: Any) -> str:
    if not isinstance(value, str):
        raise clash(value, "base64 text")
    try:
        data = base64.b64decode(value.replace("\n", "").replace("\r", ""), validate=True)
    except (binascii.Error, ValueError) as error:
        raise LeafError("invalid-base64", '"string"', "must be base64 text") from error
    return base64.b64encode(data).decode("ascii")


_READERS: Mapping[Kind, Callable[[Type, Any], Any]] = {
    Kind.STRING: _string,
    Kind.BOOL: _boolean,
    Kind.INT: _integer,
    Kind.BYTES: _bytes,
    Kind.QUANTITY: _quantity,
    Kind.INT_OR_STRING: _int_or_string,
    Kind.TIME: _time,
}


def _json_type(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    names = {int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return names.get(type(value), type(value).__name__)


def number_text(value: float) -> str:
    """A number as encoding/json prints it: an exponent only below 1e-6 and from 1e21 on."""
    if isinstance(value, int):
        return str(value)
    if value == 0 or 1e-6 <= abs(value) < 1e21:
        return format(Decimal(repr(value)), "f").removesuffix(".0")
    return repr(value).replace("e-0", "e-")
