"""What the ModelService API says about a field beside its Python type.

One source for three readers: the decoder takes the Go type from it, the validator the limits, and
the CRD all of it. Limits that only the API server enforced in the original are advisory: outside a
cluster breaking one is a warning, so that what the original's ``generate`` accepted still works.
"""

from __future__ import annotations

import json
import re
import types
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo

from msvc_pulumi.errors import Diagnostic, FieldPath, Severity
from msvc_pulumi.schema import table

__all__ = [
    "GROUP",
    "ONE_LINE",
    "ApiField",
    "api_field",
    "api_fields",
    "check",
    "nested_model",
    "one_line",
    "register",
]

GROUP = "llm-d.ai/v1alpha1"
MAX_SHOWN = 80  # characters of a value that a message repeats
# What YAML takes for a line end, and what nobody sees. The characters without an escape that both
# Go and Python know stand for themselves.
ONE_LINE = "^[^\\x00-\\x1f\\x7f-\\x9f\u2028\u2029\ufeff]*$"


_ONE_LINE = re.compile(ONE_LINE.strip("^$"))


@dataclass(frozen=True, slots=True)
class ApiField:
    """The API's word on one field.

    ``type`` is an expression of the schema table, empty for nested models. ``promoted`` is the
    embedded Go struct the original has the field in. ``default`` is what the API server fills in,
    never this program. ``advisory`` limits are enforced by the API server alone, and so is the
    presence of a ``tolerated`` required field. ``blank`` is what an empty text is
    worth. ``omit`` names fields of the type that are not part of the API,
    ``optional`` required ones that the BaseConfig may state. The pattern `ONE_LINE` is never
    advisory: no value may bring lines into what is made of it.
    """

    type: str = ""
    required: bool = False
    nullable: bool = False
    default: Any = None
    minimum: int | None = None
    maximum: int | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str = ""
    values: tuple[str, ...] = ()
    min_items: int | None = None
    max_items: int | None = None
    map_keys: tuple[str, ...] = ()
    atomic: bool = False
    immutable: str = ""
    advisory: bool = False
    tolerated: bool = False
    blank: Severity | None = None
    omit: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    promoted: str = ""
    go: str = ""


@cache
def api_fields(model: type[BaseModel]) -> tuple[tuple[str, ApiField, FieldInfo], ...]:
    """The model's API fields with their JSON names.

    A model that is not built yet knows only the names that were stated: pydantic 2.11 asks for the
    others when it builds it.
    """
    return tuple(
        (info.alias or to_camel(name), entry, info)
        for name, info in model.model_fields.items()
        for entry in info.metadata
        if isinstance(entry, ApiField)
    )


def api_field(model: type[BaseModel], name: str) -> ApiField:
    """The API's word on the field with the JSON name ``name``."""
    return next(field for known, field, _ in api_fields(model) if known == name)


def nested_model(field: ApiField, info: FieldInfo) -> tuple[type[BaseModel] | None, bool]:
    """The model that a field holds, if its type is one, and whether it holds a list of them."""
    if field.type:
        return None, False
    annotation: Any = info.annotation
    if get_origin(annotation) in (Union, types.UnionType):
        annotation = next(a for a in get_args(annotation) if a is not type(None))
    is_list = get_origin(annotation) in (list, tuple)
    if is_list:
        annotation = get_args(annotation)[0]
    is_model = isinstance(annotation, type) and issubclass(annotation, BaseModel)
    return (annotation if is_model else None), is_list


@cache
def _checks(
    model: type[BaseModel],
) -> tuple[tuple[str, ApiField, type[BaseModel] | None, bool], ...]:
    """What is looked at in an object of ``model``: a field's name, its limits and its model."""
    return tuple(
        (name, field, *nested_model(field, info)) for name, field, info in api_fields(model)
    )


def type_table(root: type[BaseModel]) -> dict[str, dict[str, str]]:
    """The entries of the schema table for ``root`` and the models in it."""
    entries: dict[str, dict[str, str]] = {}
    pending = [root]
    while pending:
        model = pending.pop()
        if (name := _type_name(model)) in entries:
            continue
        entries[name] = fields = {}
        for key, field, info in api_fields(model):
            nested, is_list = nested_model(field, info)
            expression = field.type
            if nested is not None:
                pending.append(nested)
                expression = ("[]" if is_list else "*") + _type_name(nested)
            fields[key] = f"{expression},in={field.promoted}" if field.promoted else expression
    return entries


def _type_name(model: type[BaseModel]) -> str:
    return f"{GROUP}.{model.__name__}"


def register(root: type[BaseModel]) -> str:
    """Make ``root`` known to the schema's decoder; returns the name it is known by."""
    table.extend(type_table(root))
    return _type_name(root)


def check(
    model: type[BaseModel],
    value: dict[str, Any],
    at: FieldPath = FieldPath(),  # noqa: B008
) -> Iterator[Diagnostic]:
    """Every limit that ``value``, a decoded object of ``model``, breaks."""
    for name, field, nested, is_list in _checks(model):
        path = at.child(name)
        if name not in value:
            if field.required:
                yield _missing(field, path)
            continue
        stated = value[name]
        yield from _limits(field, stated, path)
        yield from _duplicates(field, stated, path)
        if nested is None or stated is None:
            continue
        if not is_list:
            yield from check(nested, stated, path)
            continue
        for number, item in enumerate(stated):
            yield from check(nested, item, path.child(number))


def _limits(field: ApiField, value: Any, path: FieldPath) -> Iterator[Diagnostic]:
    if isinstance(value, str):
        yield from _text_limits(field, value, path)
    elif isinstance(value, int):
        if field.minimum is not None and value < field.minimum:
            limit = f"must be greater than or equal to {field.minimum}"
            yield _problem(field, "out-of-range", f"Invalid value: {value}: {limit}", path)
        if field.maximum is not None and value > field.maximum:
            limit = f"must be less than or equal to {field.maximum}"
            yield _problem(field, "out-of-range", f"Invalid value: {value}: {limit}", path)
    elif isinstance(value, list):
        if field.min_items is not None and len(value) < field.min_items:
            limit = f"must have at least {field.min_items} items"
            yield _problem(field, "too-few", f"Invalid value: {len(value)}: {limit}", path)
        if field.max_items is not None and len(value) > field.max_items:
            limit = f"must have at most {field.max_items} items"
            yield _problem(field, "too-many", f"Too many: {len(value)}: {limit}", path)


def _text_limits(field: ApiField, value: str, path: FieldPath) -> Iterator[Diagnostic]:
    shown = f'"{value}"' if len(value) <= MAX_SHOWN else f'"{value[:MAX_SHOWN]}…"'
    if field.pattern == ONE_LINE and (problem := one_line(value, path)):
        yield problem
    elif not value and field.blank:
        yield replace(_missing(field, path), severity=field.blank)
    elif field.values and value not in field.values:
        known = ", ".join(f'"{item}"' for item in field.values)
        summary = f"Unsupported value: {shown}: supported values: {known}"
        yield _problem(field, "unsupported-value", summary, path)
    elif field.max_length is not None and len(value) > field.max_length:
        summary = f"Too long: may not be more than {field.max_length} characters"
        yield _problem(field, "too-long", summary, path)
    elif field.min_length is not None and len(value) < field.min_length:
        summary = f"Invalid value: {shown}: must be at least {field.min_length} characters long"
        yield _problem(field, "invalid-value", summary, path)
    elif field.pattern not in ("", ONE_LINE) and not re.fullmatch(field.pattern.strip("^$"), value):
        summary = f"Invalid value: {shown}: must match the regular expression {field.pattern}"
        yield _problem(field, "invalid-value", summary, path)


def one_line(value: str, path: FieldPath) -> Diagnostic | None:
    """The error for a text with line ends or control characters."""
    if _ONE_LINE.fullmatch(value):
        return None
    cut = json.dumps(value[:MAX_SHOWN])
    return Diagnostic(
        "invalid-value",
        f"Invalid value: {cut}: must be one line without control characters",
        field=path,
        help="write the value without a line end: a quoted or plain scalar, not a block",
    )


def _duplicates(field: ApiField, items: list[Any], path: FieldPath) -> Iterator[Diagnostic]:
    if not field.map_keys:
        return
    seen: set[tuple[Any, ...]] = set()
    for number, item in enumerate(items):
        key = tuple(item.get(name) for name in field.map_keys)
        if key in seen and any(key):
            place = path.child(number, field.map_keys[0])
            summary = f'Duplicate value: "{key[0]}"'
            yield _problem(field, "duplicate-value", summary, place, is_advisory=True)
        seen.add(key)


def _missing(field: ApiField, path: FieldPath) -> Diagnostic:
    return _problem(field, "required", "Required value", path, is_advisory=field.tolerated)


def _problem(
    field: ApiField, code: str, summary: str, path: FieldPath, *, is_advisory: bool | None = None
) -> Diagnostic:
    warns = field.advisory if is_advisory is None else is_advisory
    return Diagnostic(
        code,
        summary,
        Severity.WARNING if warns else Severity.ERROR,
        path,
        notes=("the API server rejects this",) if warns else (),
        go=field.go,
    )
