"""How commands print diagnostics: text or JSON on standard error."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Sequence

from msvc_pulumi.errors import Diagnostic

__all__ = ["add_arguments", "show"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ``--format`` and ``--strict`` to a command."""
    parser.add_argument(
        "--format",
        choices=("text", "json"),
        default="text",
        help="how to print diagnostics on standard error (default: text)",
    )
    parser.add_argument("--strict", action="store_true", help="treat warnings as errors")


def show(diagnostics: Iterable[Diagnostic], arguments: argparse.Namespace | None) -> None:
    """Print ``diagnostics`` on standard error, in colour on a terminal.

    There the first text of a run ends with how to read more; logs and programs get none of that.
    """
    items: Sequence[Diagnostic] = tuple(diagnostics)
    if not items:
        return
    from msvc_pulumi import report  # noqa: PLC0415  most runs have nothing to say

    if getattr(arguments, "format", "text") == "json":
        sys.stderr.write(json.dumps(report.to_json(items), indent=2) + "\n")
        return
    is_terminal = sys.stderr.isatty()
    color = is_terminal and not os.environ.get("NO_COLOR")
    sys.stderr.write(report.render(items, color=color).rstrip("\n") + "\n")
    if is_terminal and arguments is not None and not getattr(arguments, "is_hinted", False):
        arguments.is_hinted = True  # once in a run is enough
        worst = next((item for item in items if item.is_error), items[0])
        sys.stderr.write(f"more: msvc explain {worst.code}\n")
