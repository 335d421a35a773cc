"""One broken rule, in the words of Kubernetes' field errors, before it has a place in a file.

Words: apimachinery ``pkg/util/validation/field/errors.go``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from msvc_pulumi.errors import FieldPath

__all__ = [
    "Finding",
    "Place",
    "advice",
    "duplicate",
    "forbidden",
    "invalid",
    "items",
    "not_found",
    "repeated",
    "required",
    "unsupported",
]

Place = tuple[FieldPath, str]
"""One more field that contributes, and its part in it."""


class Finding(NamedTuple):
    """A rule that the manifest breaks at ``path``.

    ``refused`` says that an API server takes no such object, whatever its settings by default.
    ``others`` are the fields that the one at ``path`` contradicts.
    """

    path: FieldPath
    code: str
    summary: str
    help: str = ""
    others: tuple[Place, ...] = ()
    refused: bool = True


def invalid(
    path: FieldPath, value: Any, detail: str, remedy: str = "", *others: Place, refused: bool = True
) -> Finding:
    summary = f"Invalid value: {_quoted(value)}: {detail}"
    return Finding(path, "invalid-value", summary, remedy, others, refused)


def required(path: FieldPath, detail: str = "", remedy: str = "", *others: Place) -> Finding:
    summary = _detailed("Required value", detail)
    return Finding(path, "required", summary, remedy or "state it", others)


def forbidden(path: FieldPath, detail: str, remedy: str = "", *others: Place) -> Finding:
    return Finding(path, "forbidden", f"Forbidden: {detail}", remedy, others)


def not_found(path: FieldPath, value: Any, detail: str = "", remedy: str = "") -> Finding:
    return Finding(path, "not-found", _detailed(f"Not found: {_quoted(value)}", detail), remedy)


def duplicate(path: FieldPath, value: Any, first: FieldPath, remedy: str = "") -> Finding:
    others = ((first, "stated first here"),)
    return Finding(path, "duplicate-value", f"Duplicate value: {_quoted(value)}", remedy, others)


def unsupported(path: FieldPath, value: Any, known: Sequence[str], remedy: str = "") -> Finding:
    names = ", ".join(f'"{name}"' for name in known)
    summary = f"Unsupported value: {_quoted(value)}: supported values: {names}"
    return Finding(path, "unsupported-value", summary, remedy)


def advice(path: FieldPath, code: str, summary: str, remedy: str, *others: Place) -> Finding:
    """What an API server takes, though nobody could mean it."""
    return Finding(path, code, summary, remedy, others, refused=False)


def items(value: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    """The mappings of a list with their numbers; nothing where there is no list."""
    if value:
        for number, item in enumerate(value):
            if isinstance(item, dict):
                yield number, item


def repeated(
    entries: Any, at: FieldPath, keys: Sequence[str], defaults: Sequence[Any] = ()
) -> Iterator[Finding]:
    """Items of a list that share the fields ``keys``, by which server-side apply tells them apart.

    A client-side create takes some of these lists; server-side apply, which Pulumi uses, does not.
    """
    if not entries or len(entries) < 2:
        return
    blank = defaults or ("",) * len(keys)
    seen: dict[tuple[Any, ...], int] = {}
    for number, item in items(entries):
        identity = tuple(item.get(key, blank[i]) for i, key in enumerate(keys))
        first = seen.setdefault(identity, number)
        if first != number:
            named = ", ".join(f"{key}={value}" for key, value in zip(keys, identity, strict=True))
            yield Finding(
                at.child(number, keys[0]) if keys[0] in item else at.child(number),
                "duplicate-value",
                f'Duplicate value: "{named if len(keys) > 1 else identity[0]}"',
                "server-side apply refuses a list that has an item twice: remove one of them",
                ((at.child(first, keys[0]), "stated first here"),),
            )


def _detailed(text: str, detail: str) -> str:
    return f"{text}: {detail}" if detail else text


def _quoted(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)
