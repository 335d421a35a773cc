"""``msvc completion``: what a shell needs to complete the command line."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from msvc_pulumi.completions import SHELLS, script

__all__ = ["add_parser"]

DESCRIPTION = """\
Print a script that completes commands, options and their values. To load it in every session:

  bash  msvc completion bash > ~/.local/share/bash-completion/completions/msvc
  fish  msvc completion fish > ~/.config/fish/completions/msvc.fish
  zsh   msvc completion zsh > _msvc, in a folder that $fpath names before compinit runs
"""


def add_parser(commands: Any) -> None:
    parser: argparse.ArgumentParser = commands.add_parser(
        "completion",
        help="print a shell's completion of this command",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("shell", choices=SHELLS)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    sys.stdout.write(script(arguments.shell))
    return 0
