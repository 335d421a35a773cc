"""What ``msvc drift`` prints, and ``msvc up --refresh`` before it restores it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from msvc_pulumi.errors import Diagnostic, Severity
from msvc_pulumi.report import visible

if TYPE_CHECKING:
    from msvc_pulumi.cluster.drift import ObjectDrift

__all__ = ["details", "is_drift", "plain", "text", "warning"]

SHOWN = 5  # objects that a warning names


def is_drift(found: Sequence[ObjectDrift]) -> bool:
    """Whether anything is not what was applied; what others state beside it is no drift."""
    return any(one.change != "none" for one in found)


def plain(stack: str, found: Sequence[ObjectDrift]) -> dict[str, Any]:
    """The result for programs."""
    return {
        "operation": "drift",
        "stack": stack,
        "drifted": is_drift(found),
        "objects": [one.plain() for one in found],
    }


def text(stack: str, found: Sequence[ObjectDrift]) -> str:
    """The result for people."""
    if changed := [one for one in found if one.change != "none"]:
        end = f"{_count(changed)} from what was applied; `msvc up --refresh` takes that back"
    else:
        end = f"no drift: {stack} is what was applied"
    return f"{details(found)}{end}\n"


def warning(found: Sequence[ObjectDrift]) -> Diagnostic:
    """What an update says that did not look for drift."""
    more = (f"and {len(found) - SHOWN} more",) if len(found) > SHOWN else ()
    return Diagnostic(
        "drifted",
        f"{_count(found)} from what was applied, and stays so",
        Severity.WARNING,
        notes=(*(one.brief() for one in found[:SHOWN]), *more),
        help="see all of it with `msvc drift`; restore it with `msvc up --refresh`",
    )


def details(found: Sequence[ObjectDrift]) -> str:
    """Each object on a line, and each of its fields."""
    return "".join(f"{line}\n" for one in found for line in _lines(one))


def _count(found: Sequence[ObjectDrift]) -> str:
    return "1 object differs" if len(found) == 1 else f"{len(found)} objects differ"


def _lines(one: ObjectDrift) -> Iterator[str]:
    place = one.place
    name = f"{place.kind} {visible('/'.join(filter(None, (place.namespace, place.name))))}"
    if one.change == "deleted":
        yield f"{name} was deleted: to be made again"
    elif one.change == "replaced":
        yield f"{one.brief()}: not this stack's any more, see `msvc explain object-exists`"
    else:
        yield name
    for title, fields in (("restored", one.fields), ("removed", one.removed), ("left", one.left)):
        for item in fields:
            yield f"  {title + ':':9} {item}"
