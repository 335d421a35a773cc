"""How commands say what came of them, as text or JSON, and on standard error how far they are."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from msvc_pulumi.progress import Display

__all__ = ["add_format", "counted", "is_json", "progress", "write"]

QUICK = 20  # ModelServices that are planned before anybody could wonder


def add_format(parser: argparse.ArgumentParser) -> None:
    """Add ``--format`` to a command."""
    parser.add_argument(
        "--format",
        choices=("text", "json"),
        default="text",
        help="text for people (default), or JSON for programs: the result on standard output, "
        "diagnostics as one list on standard error and nothing else there",
    )


def is_json(arguments: argparse.Namespace | None) -> bool:
    """Whether a program reads what is printed."""
    return getattr(arguments, "format", "text") == "json"


def progress(arguments: argparse.Namespace) -> Display:
    """Where the command says how far it is; nowhere if a program reads standard error."""
    from msvc_pulumi.progress import Display  # noqa: PLC0415  short runs have nothing to say

    return Display.standard(is_silent=is_json(arguments))


@contextmanager
def counted(arguments: argparse.Namespace, total: int) -> Iterator[Callable[[int], None]]:
    """Called with how many of ``total`` ModelServices are planned, it says so."""
    if total <= QUICK:
        yield lambda _: None
        return
    with progress(arguments).task("planning") as task:
        yield lambda done: task.count(done, total, "ModelServices")


def write(
    arguments: argparse.Namespace, data: Mapping[str, Any] | Sequence[Any], text: str = ""
) -> None:
    """Print the result: ``data`` as JSON if that was asked for, else ``text``."""
    sys.stdout.write(json.dumps(data, indent=2) + "\n" if is_json(arguments) else text)
