"""A base's containers without what the ModelService takes away: explicit nulls and empty values.

Only a ModelService that states ``spec.mergePolicy`` can take anything away; elsewhere null and
empty keep the base's value, as the original always did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["FIELDS", "without_deleted", "without_empty"]

# What a ModelService can say of a container, by its name in any spelling, as Go reads it.
FIELDS = {
    name.lower(): name for name in ("image", "command", "args", "env", "envFrom", "resources")
}
EMPTY: tuple[Any, ...] = (None, "", [], {})


def without_deleted(pod: Mapping[str, Any], stated: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """The base's ``pod`` spec without what ``stated`` deletes; the argument stays as it is.

    ``stated`` holds the container lists of the ModelService as they are written, nulls included. A
    field of a container goes where it is null or empty, a member of ``resources`` likewise; an
    environment variable of null value goes whole.
    """
    result = dict(pod)
    for name, containers in stated.items():
        by_name = {c.get("name", ""): c for c in containers if isinstance(c, dict)}
        if name in result:
            result[name] = [
                _container(container, by_name.get(container.get("name", ""), {}))
                for container in result[name]
            ]
    return result


def _container(base: Mapping[str, Any], stated: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for key, value in stated.items():
        name = FIELDS.get(key.lower())
        if name is None or name not in result:
            continue
        if value in EMPTY:
            del result[name]
        elif name == "resources" and isinstance(value, dict):
            result[name] = _members(result[name], value)
        elif name == "env" and isinstance(value, list):
            result[name] = [item for item in result[name] if item.get("name") not in _nulls(value)]
    return result


def _members(base: Mapping[str, Any], stated: Mapping[str, Any]) -> dict[str, Any]:
    """``resources`` without the members, and their quantities, that are null or empty."""
    result = dict(base)
    for key, value in stated.items():
        if key not in result:
            continue
        if value in EMPTY:
            del result[key]
        elif isinstance(value, dict) and isinstance(result[key], dict):
            result[key] = {
                name: quantity
                for name, quantity in result[key].items()
                if name not in value or value[name] is not None
            }
    return result


def _nulls(variables: Sequence[Any]) -> set[Any]:
    """Names of the variables that are stated with a null value and nothing else."""
    return {
        item.get("name")
        for item in variables
        if isinstance(item, dict) and item.get("value", "") is None and not item.get("valueFrom")
    }


def without_empty(container: Mapping[str, Any], stated: Any) -> dict[str, Any]:
    """The overlay's ``container`` without what only takes away, as ``stated`` in the document."""
    result = {
        name: value
        for name, value in container.items()
        if name not in FIELDS.values() or value not in EMPTY
    }
    written = {
        FIELDS[key.lower()]: value
        for key, value in (stated.items() if isinstance(stated, dict) else ())
        if key.lower() in FIELDS
    }
    if isinstance(written.get("resources"), dict) and "resources" in result:
        members = {k: v for k, v in result["resources"].items() if v not in EMPTY}
        result["resources"] = _members(members, written["resources"])
    if isinstance(written.get("env"), list) and "env" in result:
        nulls = _nulls(written["env"])
        result["env"] = [item for item in result["env"] if item.get("name") not in nulls]
    return result
