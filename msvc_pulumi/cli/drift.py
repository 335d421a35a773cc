"""What ``msvc drift`` prints, ``up --refresh`` before it restores it, and ``up`` if it does not."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from msvc_pulumi.cli import diagnostics as printed
from msvc_pulumi.counted import counted
from msvc_pulumi.errors import Diagnostic, Severity
from msvc_pulumi.report import visible

if TYPE_CHECKING:
    from msvc_pulumi.cluster.drift import ObjectDrift
    from msvc_pulumi.engine.processes.process import Run
    from msvc_pulumi.engine.stack import Stack
    from msvc_pulumi.progress import Display

__all__ = ["is_drift", "look", "plain", "restoring", "text", "warn"]

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
        end = f"{_count(changed)} from what was applied"
        if any(one.change != "replaced" for one in changed):
            end = f"{end}; `msvc up --refresh` takes that back"
    else:
        end = f"no drift: {stack} is what was applied"
    return f"{_details(found)}{end}\n"


def _warning(found: Sequence[ObjectDrift]) -> Diagnostic:
    """What an update says that did not look for drift."""
    more = (f"and {len(found) - SHOWN} more",) if len(found) > SHOWN else ()
    return Diagnostic(
        "drifted",
        f"{_count(found)} from what was applied, and this is left so",
        Severity.WARNING,
        notes=(*(one.brief() for one in found[:SHOWN]), *more),
        help="see all of it with `msvc drift`; restore it with `msvc up --refresh`",
    )


def look(stack: Stack, display: Display) -> list[ObjectDrift]:
    """What is not as it was applied, or what others state beside it."""
    with display.task("looking at the cluster"):
        return stack.drift()


def restoring(
    stack: Stack, arguments: argparse.Namespace, display: Display
) -> tuple[Stack, list[ObjectDrift]]:
    """The stack, which with ``--refresh`` takes back what was changed; that is told before."""
    if not arguments.refresh or not stack.exists():
        return stack, []
    found = [one for one in look(stack, display) if one.change != "none"]
    if not found:
        return stack, []
    display(f"changed since the last update:\n{_details(found)}".rstrip("\n"))
    return stack.forced(), found


def warn(stack: Stack, done: Run, arguments: argparse.Namespace, display: Display) -> None:
    """Say what is not as it was applied, which an update does not look for by itself."""
    if arguments.refresh or not done.suspects:
        return
    from msvc_pulumi.cluster import ClusterError  # noqa: PLC0415  `generate` must not load it

    try:
        found = [one for one in look(stack, display) if one.change != "none"]
    except ClusterError:  # what was asked for is done
        return
    if found:
        printed.show([_warning(found)], arguments)


def _details(found: Sequence[ObjectDrift]) -> str:
    """Each object on a line, and each of its fields."""
    return "".join(f"{line}\n" for one in found for line in _lines(one))


def _count(found: Sequence[ObjectDrift]) -> str:
    return counted(len(found), "object differs", "objects differ")


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
