"""The command line: ``msvc``, also ``python -m msvc_pulumi``.

Each command is a module with ``add_parser`` and a ``run`` that returns the exit code; what a
command needs beyond the pure pipeline is imported when it runs, and of the modules only the one
that a command line names, so that ``generate`` stays quick.
"""

from __future__ import annotations

import argparse
import errno
import gc
import os
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any, TextIO

import msvc_pulumi
from msvc_pulumi.cli import diagnostics
from msvc_pulumi.cli.usage import Parser
from msvc_pulumi.errors import Diagnostic, ModelServiceError

__all__ = ["command_names", "main", "parser"]

MODULES = (
    *(
        "generate",
        "validate",
        "diff",
        "adopt",
        "graph",
        "explain",
        "init",
        "convert",
        "crd",
        "schema",
    ),
    *("completion", "local", "stack", "operator"),
)
# Modules whose command has their name; the others are looked for in all of them.
NAMESAKES = frozenset(MODULES) - {"stack"}

# Why a stream that others opened takes no more.
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
PERSISTENT = ("--epp-cluster-role", "--epp-pull-secrets", "--pd-pull-secrets")


class _Version(argparse.Action):
    """Prints the version, which takes longer to find than some commands take to run."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        sys.stdout.write(f"msvc {msvc_pulumi.__version__}\n")
        parser.exit()


def parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """The parser of a command line: it knows all commands, or the one that comes first."""
    Parser.words = tuple(words)
    return _with_commands(words)[0]


def command_names() -> list[str]:
    """All commands."""
    return list(_with_commands(())[1])


def _with_commands(words: Sequence[str]) -> tuple[argparse.ArgumentParser, Iterable[str]]:
    """The parser, and the commands that it knows."""
    known = Parser(
        prog="msvc",
        description="Serve large language models on Kubernetes from llm-d ModelServices.",
    )
    known.add_argument(
        "--version", action=_Version, nargs=0, help="show program's version number and exit"
    )
    commands = known.add_subparsers(metavar="COMMAND", required=True)
    for name in words[:1] if words and words[0] in NAMESAKES else MODULES:
        import_module(f"msvc_pulumi.cli.{name}").add_parser(commands)
    return known, commands.choices


def _parsed(words: Sequence[str]) -> argparse.Namespace:
    """The arguments, without a look for garbage: what modules make on import is there to stay."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return parser(words).parse_args(words)
    finally:
        if was_enabled:
            gc.enable()


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
    _open_closed()
    arguments = argparse.Namespace()
    try:
        arguments = _parsed(_command_first(sys.argv[1:] if argv is None else argv))
        status = _run(arguments)
        sys.stdout.flush()  # here a full disk can still be told of
    except BrokenPipeError:  # the reader of a pipe went away: nothing left to say to it
        _abandon(sys.stdout)
        _abandon(sys.stderr)
        return int(getattr(arguments, "status", 0))
    except OSError as problem:
        if problem.filename is not None or problem.errno not in FULL:
            raise
        _abandon(sys.stdout)
        what = f"the output cannot be written: {problem.strerror}"
        diagnostics.show([Diagnostic("file-unwritable", what)], None)
        return 1
    return status


def _run(arguments: argparse.Namespace) -> int:
    try:
        return int(arguments.run(arguments))
    except ModelServiceError as error:
        return _failed(error, arguments)
    except ModuleNotFoundError as problem:
        from msvc_pulumi.cli import extras  # noqa: PLC0415  few installations lack one

        told = extras.missing(problem, extra=getattr(arguments, "extra", ""))
        if told is None:
            raise
        return _failed(told, arguments)
    except KeyboardInterrupt:
        return 130
    finally:
        diagnostics.finish(arguments)


def _failed(error: ModelServiceError, arguments: argparse.Namespace) -> int:
    """Say what is wrong; the exit code is ``error``'s even if nobody listens any more."""
    status = int(getattr(error, "exit_code", 1))
    arguments.status = status
    diagnostics.show(error.diagnostics, arguments)
    return status


def _open_closed() -> None:
    """Give this process the streams that its parent closed; what is written there is lost."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115  as long as the process


def _abandon(stream: TextIO) -> None:
    """Let what ``stream`` still holds go nowhere, so that the interpreter's end cannot fail."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    except (OSError, ValueError):  # no file at all: a test reads it
        return
