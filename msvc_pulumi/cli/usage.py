"""Wrong usage, told to people as argparse does and to programs as a diagnostic."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NoReturn

from msvc_pulumi.errors import Diagnostic

__all__ = ["Parser", "asks_for_json"]


NARROW = 80  # columns where nobody knows how many there are


class Formatter(argparse.HelpFormatter):
    """As wide as the terminal. argparse makes one for every option, and imports shutil for that."""

    def __init__(
        self,
        prog: str,
        indent_increment: int = 2,
        max_help_position: int = 24,
        width: int | None = None,
    ) -> None:
        width = _columns() - 2 if width is None else width
        super().__init__(prog, indent_increment, max_help_position, width)


def _columns() -> int:
    """What `shutil.get_terminal_size` says."""
    stated = os.environ.get("COLUMNS", "")
    if stated.isdecimal() and int(stated) > 0:
        return int(stated)
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or NARROW  # type: ignore[union-attr]
    except (AttributeError, ValueError, OSError):
        return NARROW


class Parser(argparse.ArgumentParser):
    """A parser, also of subcommands, whose errors a program can read if it asked for JSON."""

    words: Sequence[str] = ()  # of the command line that is parsed

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{"formatter_class": Formatter, **settings})

    def error(self, message: str) -> NoReturn:
        """Exits with 2."""
        if not asks_for_json(Parser.words):
            super().error(message)
        from msvc_pulumi import report  # noqa: PLC0415  most runs have nothing to say

        problem = Diagnostic("wrong-usage", f"{self.prog}: {message}", help=f"see {self.prog} -h")
        self.exit(2, json.dumps(report.to_json([problem]), indent=2) + "\n")


def asks_for_json(words: Sequence[str]) -> bool:
    """Whether ``words`` hold ``--format json``, read before they can be parsed."""
    return "--format=json" in words or ("--format", "json") in pairwise(words)
