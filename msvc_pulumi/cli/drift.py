"""What ``msvc drift`` prints, and ``msvc up --refresh`` before it restores it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from msvc_pulumi.report import visible

if TYPE_CHECKING:
    from msvc_pulumi.cluster.drift import ObjectDrift

__all__ = ["details", "is_drift", "plain", "text"]


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
    count = sum(one.change != "none" for one in found)
    if count:
        end = f"{count} object{'s differ' if count > 1 else ' differs'} from what was applied"
        end = f"{end}: `msvc preview --refresh` shows what `msvc up --refresh` does about it"
    else:
        end = f"no drift: {stack} is what was applied"
    return f"{details(found)}{end}\n"


def details(found: Sequence[ObjectDrift]) -> str:
    """Each object on a line, and each of its fields."""
    return "".join(f"{line}\n" for one in found for line in _lines(one))


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
