"""Sets of fields as ``metadata.managedFields`` states them (fieldsV1), and objects without them.

A step is ``f:NAME`` of a mapping, ``k:{KEYS}`` or ``v:VALUE`` of a list's item, and ``.`` says that
the mapping or item itself is in the set. What has no steps below it is in the set as a whole
(structured-merge-diff, fieldpath/serialize.go).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from typing import Any

__all__ = ["Fields", "nested", "paths", "solely", "split", "united", "without"]

Fields = dict[str, Any]
ITSELF = "."


def united(sets: Iterable[Fields]) -> Fields:
    """What is in any of them."""
    return reduce(_both, sets, {})


def solely(fields: Fields, others: Fields) -> Fields:
    """What goes when ``fields`` go and ``others`` stay: the outermost of what only the first have.

    A mapping of which something else is known to stay does not go itself.
    """
    found: Fields = {}
    for step, inner in fields.items():
        if step == ITSELF:
            continue
        if step in others:
            left = solely(inner, others[step]) if inner and others[step] else {}
        elif not inner or ITSELF in inner:
            found[step] = {}
            continue
        else:
            left = solely(inner, {})
        if left:
            found[step] = left
    return found


def split(fields: Fields, kept: Iterable[str]) -> tuple[Fields, Fields]:
    """``fields`` without the paths ``kept``, such as ``spec.replicas``, and those of them that are
    in it.
    """
    rest: Fields = fields
    own: Fields = {}
    for path in kept:
        steps = _steps(path)
        taken = _at(rest, steps)
        if taken is not None:
            own = _both(own, _nested(steps, taken))
            rest = _dropped(rest, steps)
    return rest, own


def nested(path: str) -> Fields:
    """The set of one path of mappings, such as ``spec.replicas``."""
    return _nested(_steps(path), {})


def without(value: Any, fields: Fields) -> Any:
    """``value`` without what is in ``fields``."""
    if isinstance(value, Mapping):
        kept = {key: item for key, item in value.items() if fields.get(f"f:{key}", value) != {}}
        return {
            key: without(item, fields[f"f:{key}"]) if f"f:{key}" in fields else item
            for key, item in kept.items()
        }
    if isinstance(value, list):
        found = [(item, _of_item(item, fields)) for item in value]
        return [
            item if inner is None else without(item, inner) for item, inner in found if inner != {}
        ]
    return value


def paths(fields: Fields) -> Iterator[str]:
    """The fields of a set as people write them, ``spec.containers[name=main].env[name=A]``."""
    for step, inner in fields.items():
        if step == ITSELF:
            continue
        name = _told(step)
        if not inner:
            yield name
        for deeper in paths(inner):
            yield f"{name}{deeper}" if deeper.startswith("[") else f"{name}.{deeper}"


def _told(step: str) -> str:
    kind, _, text = step.partition(":")
    if kind == "k":
        return "[" + ",".join(f"{key}={item}" for key, item in json.loads(text).items()) + "]"
    return f"[{text}]" if kind in ("v", "i") else text


def _both(one: Fields, other: Fields) -> Fields:
    if not one or not other:  # as a whole in either
        return one if one else other
    return {step: _both(one.get(step, {}), other.get(step, {})) for step in {**one, **other}}


def _steps(path: str) -> list[str]:
    return [f"f:{step}" for step in path.split(".")]


def _at(fields: Fields, steps: list[str]) -> Fields | None:
    here: Any = fields
    for step in steps:
        here = here.get(step) if isinstance(here, Mapping) else None
    return None if here is None else dict(here)


def _nested(steps: list[str], inner: Fields) -> Fields:
    return reduce(lambda found, step: {step: found}, reversed(steps), inner)


def _dropped(fields: Fields, steps: list[str]) -> Fields:
    first, *rest = steps
    left = {step: inner for step, inner in fields.items() if step != first}
    if rest and (inner := _dropped(fields[first], rest)):
        left[first] = inner
    return left


def _of_item(item: Any, fields: Fields) -> Fields | None:
    """What of a list's item is in the set, {} for all of it; None if nothing is."""
    for step, inner in fields.items():
        kind, _, text = step.partition(":")
        if kind == "v" and json.loads(text) == item:
            return {}
        if kind == "k" and isinstance(item, Mapping):
            keys = json.loads(text)
            if all(item.get(key) == value for key, value in keys.items()):
                return dict(inner)
    return None
