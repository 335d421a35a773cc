"""How a field is written: `example` cuts it out of the documents in ``examples.yaml``."""

from __future__ import annotations

import pkgutil
from functools import cache
from typing import Any

from msvc_pulumi.document.emitter import to_yaml
from msvc_pulumi.fields.tree import ITEM, Node

__all__ = ["documents", "example"]


# Lookup step, None where nothing is to be looked up, and the name to show for it.
Way = tuple[tuple[str | None, str], ...]
LIKE = {"prefill": "decode", "endpointPicker": "decode", "initContainers": "containers"}


@cache
def documents() -> tuple[Any, ...]:
    """The documents: ModelServices and BaseConfigs that are right, with every field of ours."""
    import yaml  # noqa: PLC0415  slow to import

    data = pkgutil.get_data(__package__, "examples.yaml")
    assert data is not None  # noqa: S101  only a loader without files says so
    return tuple(yaml.safe_load_all(data))


def example(node: Node) -> str:
    """The field with what is around it, as YAML; "" if there is no example of it.

    What is said of one role or kind of container holds for the others.
    """
    for way in (tuple((step, step) for step in node.steps), _likened(node.steps)):
        for document in documents():
            cut = _cut(document, way)
            if cut is not None:
                return to_yaml(cut, sort_keys=False)
    return ""


def _likened(steps: tuple[str, ...]) -> Way:
    """The way to a field that is like the one at ``steps``, each step with the name to show."""
    of_leader = "leader" in steps and steps[-1] != "leader"
    way: list[tuple[str | None, str]] = []
    for step in steps:
        if of_leader and step in ("multiNode", "leader"):
            way.append((None, step))
            continue
        like = LIKE.get(step, step)
        if step.startswith("prefill"):
            like = step.replace("prefill", "decode")
        way.append((like, step))
    return tuple(way)


def _cut(value: Any, way: Way) -> Any:
    """``value`` without what is not on the way; None if that does not exist."""
    if not way:
        return value
    (step, shown), rest = way[0], way[1:]
    if step is None:
        inner = _cut(value, rest)
        return None if inner is None else {shown: inner}
    if step == ITEM:
        if not isinstance(value, list):
            return None
        for item in value:
            inner = _cut(item, rest)
            if inner is not None:
                return [{**_name(item), **inner} if isinstance(inner, dict) else inner]
        return None
    if not isinstance(value, dict) or step not in value:
        return None
    inner = _cut(value[step], rest)
    return None if inner is None else {shown: inner}


def _name(item: Any) -> dict[str, Any]:
    """What tells an item of a list apart."""
    return {"name": item["name"]} if isinstance(item, dict) and "name" in item else {}
