"""Custom resources against their definitions: OpenAPI schemas and CEL rules, as an API server does.

The definitions are those of the pinned modules (``tools/crds``). Needs jsonschema and the CEL of
common-expression-language (extra ``validate``). Rules about an update (``oldSelf``) are left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import cache
from importlib import resources
from typing import Any

from msvc_pulumi.errors import FieldPath
from msvc_pulumi.rules.finding import Finding

__all__ = ["has_definition", "problems"]

_WORDS = """as break const continue else false for function if import in let loop namespace null
package return true var void while"""
RESERVED = frozenset(_WORDS.split())
"""CEL's words; a field so named is read as ``__namespace__``."""
# Filters of routes that the standard channel of Gateway API 1.4 has not: its experimental channel
# takes them, and later releases do.
OF_OTHER_CHANNELS = frozenset({"CORS", "ExternalAuth"})
Schema = dict[str, Any]


@cache
def _definitions() -> dict[str, Schema]:
    file = resources.files("msvc_pulumi.schema") / "customresources.json"
    table: dict[str, Schema] = json.loads(file.read_text(encoding="utf-8"))
    return table


def _type_name(manifest: Mapping[str, Any]) -> str:
    return f"{manifest['apiVersion']}.{manifest['kind']}"


def has_definition(manifest: Mapping[str, Any]) -> bool:
    """Whether the kind is one whose definition is known here."""
    return _type_name(manifest) in _definitions()


def problems(manifest: dict[str, Any]) -> Iterator[Finding]:
    """What its definition refuses in the object; nothing for kinds without one.

    As in an API server, CEL rules are asked only of what has the right shape.

    Raises:
        ImportError: the libraries are not installed.
    """
    schema = _definitions().get(_type_name(manifest))
    if schema is None:
        return
    found = [*_shape(manifest, schema), *_lists(manifest, schema, FieldPath())]
    yield from found
    if not any(finding.refused for finding in found):
        yield from _rules(_defaulted(manifest, schema), schema, FieldPath())


def _shape(manifest: dict[str, Any], schema: Schema) -> Iterator[Finding]:
    import jsonschema  # noqa: PLC0415  only validate needs it

    validator = jsonschema.Draft4Validator(schema)
    for error in validator.iter_errors(manifest):
        path = FieldPath(error.absolute_path)
        if error.validator == "required":
            missing = next(name for name in error.validator_value if name not in error.instance)
            yield Finding(path.child(missing), "required", "Required value", "state it")
        elif error.validator == "enum":
            known = ", ".join(f'"{value}"' for value in error.validator_value)
            summary = f'Unsupported value: "{error.instance}": supported values: {known}'
            if "filters" in path and error.instance in OF_OTHER_CHANNELS:
                remedy = "install the experimental channel of the Gateway API, or a later release"
                yield Finding(path, "unsupported-value", summary, remedy, refused=False)
            else:
                yield Finding(path, "unsupported-value", summary, "write one of these")
        else:
            yield Finding(path, "invalid-object", f"Invalid value: {error.message}")


def _lists(value: Any, schema: Schema, at: FieldPath) -> Iterator[Finding]:
    """Items of a set or map that are there twice."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _lists(inner, _of_property(schema, key), at.child(key))
    elif isinstance(value, list):
        items = schema.get("items") or {}
        kind, keys = schema.get("x-kubernetes-list-type"), schema.get("x-kubernetes-list-map-keys")
        seen: dict[str, int] = {}
        for number, item in enumerate(value):
            yield from _lists(item, items, at.child(number))
            if kind not in ("map", "set"):
                continue
            identity = json.dumps(_identity(item, keys, items), sort_keys=True)
            first = seen.setdefault(identity, number)
            if first != number:
                summary = f"Duplicate value: {identity}"
                others = ((at.child(first), "stated first here"),)
                yield Finding(at.child(number), "duplicate-value", summary, others=others)


def _identity(item: Any, keys: list[str] | None, schema: Schema) -> Any:
    if not keys or not isinstance(item, dict):
        return item
    return [item.get(key, _of_property(schema, key).get("default")) for key in keys]


def _of_property(schema: Schema, key: str) -> Schema:
    inner: Any = (schema.get("properties") or {}).get(key, schema.get("additionalProperties"))
    return inner if isinstance(inner, dict) else {}


def _defaulted(value: Any, schema: Schema) -> Any:
    """The value with the defaults that the API server fills in."""
    if isinstance(value, list):
        return [_defaulted(item, schema.get("items") or {}) for item in value]
    if not isinstance(value, dict):
        return value
    result = dict(value)
    for key, inner in (schema.get("properties") or {}).items():
        if key not in result and "default" in inner:
            result[key] = deepcopy(inner["default"])
    return {key: _defaulted(inner, _of_property(schema, key)) for key, inner in result.items()}


def _rules(value: Any, schema: Schema, at: FieldPath) -> Iterator[Finding]:
    for rule in schema.get("x-kubernetes-validations") or ():
        if "oldSelf" in rule["rule"]:
            continue
        try:
            holds = _program(rule["rule"]).execute({"self": _readable(value)})
        except (ValueError, TypeError, RuntimeError, KeyError) as error:
            yield Finding(at, "invalid-object", f"Invalid value: {error}")
            continue
        if holds is not True:
            detail = rule.get("message") or f"failed rule: {rule['rule']}"
            yield Finding(at, "invalid-object", f"Invalid value: {detail}")
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _rules(inner, _of_property(schema, key), at.child(key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _rules(item, schema.get("items") or {}, at.child(number))


@cache
def _program(rule: str) -> Any:
    import cel  # noqa: PLC0415  only validate needs it

    return cel.compile(rule)


def _readable(value: Any) -> Any:
    """The value with fields renamed that CEL could not name."""
    if isinstance(value, list):
        return [_readable(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        f"__{key}__" if key in RESERVED else key: _readable(inner) for key, inner in value.items()
    }
