"""What Go's encoding/json prints for a typed object: zero values as the type wants them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from msvc_pulumi.schema.table import Field, Kind, Type, lookup, parse_type

__all__ = ["encode_zero"]

# Structs in Go, so `omitempty` never leaves them out.
_STRUCTS = frozenset({Kind.STRUCT, Kind.QUANTITY, Kind.INT_OR_STRING, Kind.TIME})
_ZERO: Mapping[Kind, object] = {
    Kind.STRING: "",
    Kind.BOOL: False,
    Kind.INT: 0,
    Kind.QUANTITY: "0",
    Kind.INT_OR_STRING: 0,
}  # everything else is null


def encode_zero(type_name: str, value: Any) -> Any:
    """``value``, which states only what somebody wrote, as Go prints an object of that type.

    Fields that Go always prints are there with their zero value, zero values that the type omits
    are not; pointers to zero values and present but empty structs stay. An absent list that Go
    prints is null, a stated empty one ``[]``. Keys the type does not know are kept. ``value`` stays
    as it is.

    Raises:
        KeyError: if ``type_name`` is no type expression of the table.
    """
    return _encode(parse_type(type_name), value)


@dataclass(frozen=True, slots=True)
class _Layout:
    """A struct's fields, and of them those that are printed though nobody states them."""

    fields: Mapping[str, Field]
    always: tuple[tuple[str, Type], ...]


@cache
def _layout(struct: str) -> _Layout:
    fields = lookup(struct).fields
    always = tuple((name, field.type) for name, field in fields.items() if _is_always(field))
    return _Layout(fields, always)


def _is_always(field: Field) -> bool:
    if field.omitzero:
        return False
    inline = field.type.kind in _STRUCTS and not field.type.pointer
    return inline or not field.omitempty


def _encode(type_: Type, value: Any) -> Any:
    if value is None:
        return _zero(type_)
    kind = type_.kind
    if kind is Kind.STRUCT:
        return _struct(type_.struct, value)
    if kind is Kind.LIST and type_.item:
        item = type_.item
        return [_encode(item, each) for each in value]
    if kind is Kind.MAP and type_.item:
        item = type_.item
        return {key: _encode(item, each) for key, each in value.items()}
    return value


def _struct(struct: str, value: Mapping[str, Any]) -> dict[str, Any]:
    layout = _layout(struct)
    printed: dict[str, Any] = {}
    for key, stated in value.items():
        field = layout.fields.get(key)
        if field is None:
            printed[key] = stated
        elif stated is not None and not _is_omitted(field, stated):
            printed[key] = _encode(field.type, stated)
    for name, type_ in layout.always:
        if name not in printed:
            printed[name] = _zero(type_)
    return printed


def _is_omitted(field: Field, stated: Any) -> bool:
    if field.type.pointer:
        return False
    if field.omitempty and not stated and field.type.kind not in _STRUCTS:
        return True
    return field.omitzero and _is_zero(field.type, stated)


def _zero(type_: Type) -> Any:
    if type_.pointer:
        return None
    if type_.kind is Kind.STRUCT:
        return _struct(type_.struct, {})
    return _ZERO.get(type_.kind)


def _is_zero(type_: Type, stated: Any) -> bool:
    """Whether Go's reflect.Value.IsZero holds: lists and maps that are stated are not nil."""
    if stated is None:
        return True
    if type_.pointer or type_.kind in (Kind.LIST, Kind.MAP, Kind.BYTES, Kind.ANY):
        return False
    if type_.kind is Kind.STRUCT:
        fields = lookup(type_.struct).fields
        return all(
            _is_zero(fields[key].type, each) for key, each in stated.items() if key in fields
        )
    return bool(stated == _ZERO.get(type_.kind))
