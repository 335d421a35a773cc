"""A YAML value as Go's encoding/json would read it into a typed object, without the zero values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from msvc_pulumi.errors import Diagnostics, FieldPath, Severity
from msvc_pulumi.nearest import nearest
from msvc_pulumi.schema.leaf import UNMARSHALING, LeafError, clash, finite, number_text, read_leaf
from msvc_pulumi.schema.table import Kind, Struct, Type, lookup, parse_type

__all__ = ["decode"]


def decode(type_name: str, value: Any, *, at: FieldPath, diagnostics: Diagnostics) -> Any:
    """``value`` as encoding/json would read it into the Go type ``type_name``, without zero values.

    Only what was stated is there: explicit zero values stay, null is absent (None if ``value``
    itself is null), a null list item or map value is an empty one. Numbers and booleans become
    strings where the type wants strings, field names take the type's spelling, quantities and times
    their canonical one. Unknown fields are dropped with a warning, values of a wrong type with an
    error. Diagnostics carry field paths below ``at``, spelled as in ``value``.

    Raises:
        KeyError: if ``type_name`` is no type expression of the table.
    """
    read = _Reader(type_name, at, diagnostics).read(parse_type(type_name), value, None)
    return None if read is _ABSENT else read


# The way to a value: the way to its parent and the last step; None is the root.
_Way = tuple[Any, str | int] | None

_ABSENT: Final = object()  # nothing was stated, or nothing that could be read
_EMPTY: Mapping[Kind, Callable[[], Any]] = {
    Kind.STRING: str,
    Kind.BOOL: bool,
    Kind.INT: int,
    Kind.BYTES: str,
    Kind.LIST: list,
    Kind.MAP: dict,
    Kind.STRUCT: dict,
    Kind.QUANTITY: lambda: "0",
    Kind.INT_OR_STRING: int,
}  # everything else is null


class _Reader:
    """Walks one value along its type and collects what is wrong with it."""

    def __init__(self, type_name: str, at: FieldPath, diagnostics: Diagnostics) -> None:
        self._type_name = type_name
        self._at = at
        self._diagnostics = diagnostics

    def read(self, type_: Type, value: Any, way: _Way) -> Any:
        if value is None:
            return _ABSENT
        try:
            walk = _WALKS.get(type_.kind)
            return walk(self, type_, value, way) if walk else read_leaf(type_, value)
        except LeafError as error:
            if not self._diagnostics.has_room(Severity.ERROR):
                self._diagnostics.pass_over(Severity.ERROR)
                return _ABSENT
            go = self._go_message(error.found, type_, way) if error.found else error.go
            path = self._path(way)
            self._diagnostics.error(error.code, str(error), field=path, go=go, help=error.advice)
            return _ABSENT

    def _struct(self, type_: Type, value: Any, way: _Way) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise clash(value, "an object")
        struct = lookup(type_.struct)
        fields = struct.fields
        result: dict[str, Any] = {}
        strange = []
        for key, stated in value.items():
            field = fields.get(key)
            if field is None:
                if self._is_text(key, way):
                    strange.append(key)
                continue
            read = self.read(field.type, stated, (way, key))
            if read is not _ABSENT:
                result[key] = read
        for key in sorted(strange):  # of several spellings Go reads the greatest one last
            self._strange_field(struct, value, (way, key), result)
        return result

    def _strange_field(
        self, struct: Struct, value: dict[str, Any], way: tuple[Any, str], result: dict[str, Any]
    ) -> None:
        key = way[1]
        name = struct.folded.get(key.casefold())
        if name is None and not self._diagnostics.has_room(Severity.WARNING):
            self._diagnostics.pass_over(Severity.WARNING)
        elif name is None:
            self._diagnostics.warning(
                "unknown-field",
                "Unknown field",
                field=self._path(way),
                notes=(f"ignored: {struct.go} has no such field",),
                help=_suggestion(struct, key),
            )
        elif name < key or value.get(name) is None:
            read = self.read(struct.fields[name].type, value[key], way)
            if read is not _ABSENT:
                result[name] = read

    def _list(self, type_: Type, value: Any, way: _Way) -> list[Any]:
        if not isinstance(value, list):
            raise clash(value, "a list")
        item = _item_type(type_)
        return [self._item(item, each, (way, index)) for index, each in enumerate(value)]

    def _map(self, type_: Type, value: Any, way: _Way) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise clash(value, "an object")
        item = _item_type(type_)
        return {
            key: self._item(item, each, (way, key))
            for key, each in value.items()
            if type(key) is str or self._is_text(key, way)
        }

    def _item(self, type_: Type, value: Any, way: _Way) -> Any:
        read = self.read(type_, value, way)
        if read is not _ABSENT:
            return read
        empty = None if type_.pointer else _EMPTY.get(type_.kind)
        return empty() if empty else None

    def _any(self, type_: Type, value: Any, way: _Way) -> Any:
        if isinstance(value, dict):
            return {
                key: self._item(type_, each, (way, key))
                for key, each in value.items()
                if type(key) is str or self._is_text(key, way)
            }
        if isinstance(value, list):
            return [self._item(type_, each, (way, index)) for index, each in enumerate(value)]
        if isinstance(value, float):
            text = number_text(finite(value))
            return int(text) if text.removeprefix("-").isdigit() else value
        if not isinstance(value, str | int):
            raise clash(value, "text, a number, a boolean, a list or an object")
        return value

    def _is_text(self, key: Any, way: _Way) -> bool:
        """Whether ``key`` can be a mapping's; no text that is parsed has another one."""
        if isinstance(key, str):
            return True
        self._diagnostics.error(
            "invalid-key",
            f"Invalid key: {type(key).__name__}: the keys of an object must be text",
            field=self._path(way),
        )
        return False

    def _path(self, way: _Way) -> FieldPath:
        return self._at.child(*_steps(way))

    def _go_message(self, found: str, type_: Type, way: _Way) -> str:
        """Go's words: the path leaves out indexes and map keys and names embedded structs."""
        here = parse_type(self._type_name)
        owner = ""
        names: list[str] = []
        for step in _steps(way):
            if here.kind is Kind.STRUCT:
                struct = lookup(here.struct)
                field = struct.fields[struct.folded[str(step).casefold()]]
                owner = struct.go
                names += [*field.promoted_from, field.name]
                here = field.type
            else:
                here = _item_type(here)
        target = f"struct field {owner}.{'.'.join(names)}" if owner else "value"
        return f"{UNMARSHALING}json: cannot unmarshal {found} into Go {target} of type {type_.go}"


_WALKS: Mapping[Kind, Callable[[_Reader, Type, Any, _Way], Any]] = {
    Kind.STRUCT: _Reader._struct,
    Kind.LIST: _Reader._list,
    Kind.MAP: _Reader._map,
    Kind.ANY: _Reader._any,
}


def _item_type(type_: Type) -> Type:
    assert type_.item is not None  # noqa: S101 - parse_type gives lists and maps one
    return type_.item


def _steps(way: _Way) -> tuple[str | int, ...]:
    steps: list[str | int] = []
    while way is not None:
        way, step = way
        steps.append(step)
    return tuple(reversed(steps))


def _suggestion(struct: Struct, key: str) -> str:
    """A field of that name one level below (wrong indentation), else one spelled nearly so."""
    for name, field in struct.fields.items():
        if field.type.kind is Kind.STRUCT and key in lookup(field.type.struct).fields:
            return f"did you mean {name}.{key}? (check the indentation)"
    near = nearest(key, struct.fields)
    return f"did you mean {near}?" if near else ""
