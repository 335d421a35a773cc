"""Go's view of the Kubernetes types: their JSON fields and what encoding/json does with them.

The data (``types.json``) is printed by the Go programs in ``tools/types``, which reflect over the
real types. It unites the modules the original controller was built with, whose zero rules count,
and today's, so that newer fields are known too.
"""

from __future__ import annotations

import json
import pkgutil
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

__all__ = [
    "Field",
    "Kind",
    "Struct",
    "Type",
    "extend",
    "lookup",
    "parse_type",
    "type_at",
    "type_name",
]


class Kind(StrEnum):
    """What encoding/json does with a value; from QUANTITY on the Go type brings its own methods."""

    STRING = "string"
    BOOL = "bool"
    INT = "int"
    BYTES = "bytes"
    ANY = "any"
    LIST = "list"
    MAP = "map"
    STRUCT = "struct"
    QUANTITY = "quantity"
    INT_OR_STRING = "intOrString"
    TIME = "time"


class Type(NamedTuple):
    """One Go type. ``item`` is what a list or map holds, ``struct`` names a struct, ``minimum`` and
    ``maximum`` bound an integer, ``go`` is the type as Go's error messages print it."""

    kind: Kind
    go: str
    pointer: bool = False
    item: Type | None = None
    struct: str = ""
    minimum: int = 0
    maximum: int = 0


class Field(NamedTuple):
    """One JSON field; ``promoted_from`` are the embedded Go structs it is in, outermost first."""

    name: str
    type: Type
    omitempty: bool = False
    omitzero: bool = False
    promoted_from: tuple[str, ...] = ()


class Struct(NamedTuple):
    """One Go struct by its name in the table (``core/v1.Container``) with its JSON fields by name.

    ``folded`` finds a field's name by its case-folded spelling, as encoding/json does.
    """

    name: str
    fields: Mapping[str, Field]
    folded: Mapping[str, str]

    @property
    def go(self) -> str:
        return self.name.rpartition(".")[2]


_INTEGERS = {"uint16": (0, 2**16 - 1)} | {
    f"int{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (32, 64)
}
_SCALARS = {"string": Kind.STRING, "bool": Kind.BOOL, "any": Kind.ANY}
_SPECIAL = {
    "bytes": (Kind.BYTES, "[]uint8"),
    "quantity": (Kind.QUANTITY, "resource.Quantity"),
    "time": (Kind.TIME, "string"),  # what its own method reads
}


@cache
def _types() -> dict[str, dict[str, str]]:
    data = pkgutil.get_data(__package__, "types.json")
    assert data is not None  # noqa: S101 - only a loader without files says so
    types: dict[str, dict[str, str]] = json.loads(data)
    return types


def extend(types: Mapping[str, Mapping[str, str]]) -> None:
    """Add structs of our own, such as the ModelService, in the notation of ``types.json``.

    Raises:
        ValueError: if a name belongs to a struct with other fields.
    """
    known = _types()
    for name, fields in types.items():
        if known.setdefault(name, dict(fields)) != fields:
            raise ValueError(f"{name} is known with other fields")


@cache
def lookup(name: str) -> Struct:
    """The struct called ``name``, e.g. ``apps/v1.DeploymentSpec``.

    Raises:
        KeyError: if the table has no such struct.
    """
    fields = {field: _field(field, text) for field, text in _types()[name].items()}
    folded = {field.casefold(): field for field in fields}
    return Struct(name, MappingProxyType(fields), MappingProxyType(folded))


def _field(name: str, text: str) -> Field:
    expression, *options = text.split(",")
    type_ = parse_type(expression)
    promoted_from: tuple[str, ...] = ()
    for option in options:
        word, _, detail = option.partition("=")
        if word == "in":
            promoted_from = tuple(detail.split("."))
        elif word == "go":
            type_ = type_._replace(go=detail)
    return Field(name, type_, "omitempty" in options, "omitzero" in options, promoted_from)


@cache
def parse_type(expression: str, *, pointer: bool = False) -> Type:
    """The type an expression of the table means: a struct's or a scalar's name, []T, {}T, *T.

    Raises:
        KeyError: if it names nothing the table knows.
    """
    if expression.startswith("*"):
        return parse_type(expression[1:], pointer=True)
    if expression.startswith(("[]", "{}")):
        item = parse_type(expression[2:])
        go = ("*" if item.pointer else "") + item.go
        if expression.startswith("[]"):
            return Type(Kind.LIST, f"[]{go}", pointer, item)
        return Type(Kind.MAP, f"map[string]{go}", pointer, item)
    kind, _, named = expression.partition(":")
    if kind in _INTEGERS:
        minimum, maximum = _INTEGERS[kind]
        return Type(Kind.INT, named or kind, pointer, minimum=minimum, maximum=maximum)
    if kind in _SCALARS:
        return Type(_SCALARS[kind], named or kind, pointer)
    if kind == "intOrString":
        minimum, maximum = _INTEGERS["int32"]
        go = "int32"  # what its own method reads when it is no string
        return Type(Kind.INT_OR_STRING, go, pointer, minimum=minimum, maximum=maximum)
    if kind in _SPECIAL:
        return Type(*_SPECIAL[kind], pointer)
    if expression not in _types():
        raise KeyError(expression)
    return Type(Kind.STRUCT, expression.rpartition("/")[2], pointer, struct=expression)


def type_name(api_version: str, kind: str) -> str | None:
    """The table's name for a Kubernetes kind, or None if it has no such kind."""
    group = "core/v1" if api_version == "v1" else api_version
    name = f"{group}.{kind}"
    return name if "apiVersion" in _types().get(name, ()) else None


def type_at(expression: str, path: Iterable[str | int]) -> Type | None:
    """The type at ``path`` inside the type ``expression``; None where there is nothing."""
    here: Type | None = parse_type(expression)
    for step in path:
        if here is None:
            return None
        if here.kind is Kind.STRUCT:
            field = lookup(here.struct).fields.get(str(step))
            here = field.type if field else None
        else:
            here = here.item
    return here
