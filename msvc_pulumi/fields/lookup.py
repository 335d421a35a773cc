"""Finds a field by the name that somebody types: `field_named`, `fields_called`, `similar`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msvc_pulumi.fields.tree import BASE_CONFIG, ITEM, MODEL_SERVICE, Node, below
from msvc_pulumi.nearest import nearest

__all__ = ["field_named", "fields_called", "similar"]

STEP = re.compile(r"\[([^\]]*)\]|([^.\[\]]+)")
# Words in front of a path that say whose it is.
ROOTS = {
    "modelservice": MODEL_SERVICE,
    "msvc": MODEL_SERVICE,
    "baseconfig": BASE_CONFIG,
    "configmap": BASE_CONFIG,
}
SHOWN = 12


def field_named(name: str) -> Node | None:
    """The field that ``name`` is the path of, or None.

    ``spec.`` and ``data.`` may be missing, items of a list may have their number or nothing, and
    case does not matter.
    """
    steps = _steps(name)
    if not steps:
        return None
    root = ROOTS.get(steps[0].casefold())
    if root is not None:
        return _walk(root, steps[1:])
    spec, data = MODEL_SERVICE.child("spec"), BASE_CONFIG.child("data")
    for start in (MODEL_SERVICE, BASE_CONFIG, spec, data):
        if start is not None and (found := _walk(start, steps)) is not None:
            return found
    return None


def fields_called(name: str) -> list[Node]:
    """Fields whose path ends with ``name``: ours, else Kubernetes' in the ModelService, else those
    in the BaseConfig; the shortest paths first."""
    wanted = [step.casefold() for step in _steps(name)]
    if not wanted:
        return []
    for root in (MODEL_SERVICE, BASE_CONFIG):
        found = [node for node in below(root) if _plain(node)[-len(wanted) :] == wanted]
        found = [node for node in found if node.description] or found
        if found:
            return sorted(found, key=lambda node: len(node.steps))[:SHOWN]
    return []


def similar(name: str) -> str | None:
    """The path that was most likely meant by ``name``, or None if nothing comes close."""
    steps = _steps(name)
    for count in range(len(steps) - 1, -1, -1):
        start = field_named(".".join(steps[:count])) if count else None
        places = [start] if start else list(_starts()) if not count else []
        for place in places:
            known = {child.name: child for child in place.children}
            close = nearest(steps[count], known)
            if close is None:
                continue
            found = _walk(known[close], steps[count + 1 :])
            return str(found or known[close])
        if start:
            break
    names = {node.name for node in below(MODEL_SERVICE)}
    close = nearest(steps[-1], names) if steps else None
    return str(fields_called(close)[0]) if close else None


def _starts() -> Iterator[Node]:
    for start in (
        MODEL_SERVICE.child("spec"),
        BASE_CONFIG.child("data"),
        MODEL_SERVICE,
        BASE_CONFIG,
    ):
        if start is not None:
            yield start


def _steps(name: str) -> list[str]:
    """The names in a path; numbers of items and ``[]`` are left out."""
    found = (inner if inner else word for inner, word in STEP.findall(name))
    return [step for step in found if step and not step.isdecimal() and step != "*"]


def _walk(node: Node, steps: list[str]) -> Node | None:
    for step in steps:
        inner = node.child(step)
        if inner is None:
            return None
        node = inner
    return node


def _plain(node: Node) -> list[str]:
    return [step.casefold() for step in node.steps if step != ITEM]
