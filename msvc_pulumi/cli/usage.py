"""Wrong usage, told to people as argparse does and to programs as a diagnostic."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from itertools import pairwise
from typing import NoReturn

from msvc_pulumi.errors import Diagnostic

__all__ = ["Parser", "asks_for_json"]


class Parser(argparse.ArgumentParser):
    """A parser, also of subcommands, whose errors a program can read if it asked for JSON."""

    words: Sequence[str] = ()  # of the command line that is parsed

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
