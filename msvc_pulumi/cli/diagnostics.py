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
    """Print ``diagnostics`` on standard error, in colour on a terminal."""
    items: Sequence[Diagnostic] = tuple(diagnostics)
    if not items:
        return
    from msvc_pulumi import report  # noqa: PLC0415  most runs have nothing to say

    if getattr(arguments, "format", "text") == "json":
        sys.stderr.write(json.dumps(report.to_json(items), indent=2) + "\n")
        return
    color = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    sys.stderr.write(report.render(items, color=color).rstrip("\n") + "\n")
