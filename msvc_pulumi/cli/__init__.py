"""The command line: ``msvc``, also ``python -m msvc_pulumi``.

Each command is a module with ``add_parser`` and a ``run`` that returns the exit code; what a
command needs beyond the pure pipeline is imported when it runs, and of the modules only the one
that a command line names, so that ``generate`` stays quick.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from msvc_pulumi.cli import diagnostics
from msvc_pulumi.errors import ModelServiceError

__all__ = ["main", "parser"]

MODULES = ("generate", "validate", "diff", "graph", "crd", "convert", "local", "stack", "operator")
# Modules whose command has their name; the others are looked for in all of them.
NAMESAKES = frozenset(MODULES) - {"stack"}

PERSISTENT = ("--epp-cluster-role", "--epp-pull-secrets", "--pd-pull-secrets")


class _Version(argparse.Action):
    """Prints the version, which takes longer to find than some commands take to run."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        parser.exit(message=f"{_version()}\n")


def parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """The parser of a command line: it knows all commands, or the one that comes first."""
    known = argparse.ArgumentParser(
        prog="msvc",
        description="Serve large language models on Kubernetes from llm-d ModelServices.",
    )
    known.add_argument(
        "--version", action=_Version, nargs=0, help="show program's version number and exit"
    )
    commands = known.add_subparsers(metavar="COMMAND", required=True)
    for name in words[:1] if words and words[0] in NAMESAKES else MODULES:
        import_module(f"msvc_pulumi.cli.{name}").add_parser(commands)
    return known


def _parsed(words: Sequence[str]) -> argparse.Namespace:
    """The arguments, without a look for garbage: what modules make on import is there to stay."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return parser(words).parse_args(words)
    finally:
        if was_enabled:
            gc.enable()


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415  slow to import

    try:
        return f"msvc {version('msvc-pulumi')}"
    except PackageNotFoundError:  # a checkout on sys.path that was never installed
        return "msvc (not installed)"


def _command_first(words: Sequence[str]) -> list[str]:
    """``words`` with the command in front of those options that the original takes before it too.

    They are the persistent flags of its root command.
    """
    ahead: list[str] = []
    rest = list(words)
    while rest and rest[0].partition("=")[0] in PERSISTENT:
        count = 1 if "=" in rest[0] else 2
        ahead, rest = [*ahead, *rest[:count]], rest[count:]
    return [*rest[:1], *ahead, *rest[1:]]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    0 ok, 1 errors in the input, 2 wrong usage, 3 engine or cluster failure.
    """
    # No plugin of pydantic may change what is read; to look for some takes a look at every package.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    arguments = _parsed(_command_first(sys.argv[1:] if argv is None else argv))
    try:
        return int(arguments.run(arguments))
    except ModelServiceError as error:
        diagnostics.show(error.diagnostics, arguments)
        return getattr(error, "exit_code", 1)
    except BrokenPipeError:  # the reader of a pipe went away: nothing left to say to it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
