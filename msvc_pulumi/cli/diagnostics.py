"""How commands print diagnostics: text or JSON on standard error."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import TextIO

from msvc_pulumi.cli.results import add_format, is_json
from msvc_pulumi.errors import Diagnostic

__all__ = ["add_arguments", "finish", "is_coloured", "show"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ``--format`` and ``--strict`` to a command."""
    add_format(parser)
    parser.add_argument("--strict", action="store_true", help="treat warnings as errors")


def show(diagnostics: Iterable[Diagnostic], arguments: argparse.Namespace | None) -> None:
    """Print ``diagnostics`` on standard error, in colour on a terminal.

    There the first text of a run ends with how to read more; logs and programs get none of that.
    """
    items: Sequence[Diagnostic] = tuple(diagnostics)
    if not items:
        return
    if arguments is not None and is_json(arguments):
        arguments.shown = [*getattr(arguments, "shown", ()), *items]
        return
    from msvc_pulumi import report  # noqa: PLC0415  most runs have nothing to say

    sys.stderr.write(report.render(items, color=is_coloured(sys.stderr)).rstrip("\n") + "\n")
    if sys.stderr.isatty() and arguments is not None and not getattr(arguments, "is_hinted", False):
        arguments.is_hinted = True  # once in a run is enough
        worst = next((item for item in items if item.is_error), items[0])
        sys.stderr.write(f"more: msvc explain {worst.code}\n")


def finish(arguments: argparse.Namespace) -> None:
    """Print what was shown to a program, as one list."""
    if shown := getattr(arguments, "shown", None):
        from msvc_pulumi import report  # noqa: PLC0415

        sys.stderr.write(json.dumps(report.to_json(shown), indent=2) + "\n")


def is_coloured(stream: TextIO) -> bool:
    """Whether to print colours: NO_COLOR says no, FORCE_COLOR and CLICOLOR_FORCE say yes, else a
    terminal that has them (no-color.org, bixense.com/clicolors).
    """
    stated = os.environ.get
    if stated("NO_COLOR"):
        return False
    if any(stated(name, "0") not in ("", "0") for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    return stream.isatty() and stated("TERM") != "dumb" and stated("CLICOLOR") != "0"
