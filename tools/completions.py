"""``make completions``: what shells complete of ``msvc``, in msvc_pulumi/completions.

The scripts are made from the parser by shtab, which nobody needs to run them.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import shtab

from msvc_pulumi.cli import parser
from msvc_pulumi.completions import SHELLS
from msvc_pulumi.explanations.catalogue import codes
from msvc_pulumi.fields.tree import BASE_CONFIG, MODEL_SERVICE, below

FOLDER = Path(__file__).resolve().parents[1] / "msvc_pulumi" / "completions"
# What is completed for arguments that name something in the file system, by their metavar.
PLACES = {
    "A": shtab.FILE,
    "B": shtab.FILE,
    "CHART": shtab.FILE,
    "DIR": shtab.DIRECTORY,
    "DIRECTORY": shtab.DIRECTORY,
    "FILE": shtab.FILE,
    "FOLDER": shtab.DIRECTORY,
}
DEEPEST = 4  # steps of a field that is completed


def scripts() -> dict[str, str]:
    """The script of each shell, by the name of its file."""
    known = parser([])
    for command, action in _actions(known):
        if command == "explain" and action.dest == "name":
            action.choices, action.help = [*codes(), *_fields()], "a field or a code"
        elif isinstance(action.metavar, str) and action.metavar in PLACES:
            action.complete = PLACES[action.metavar]  # type: ignore[attr-defined]
    return {f"msvc.{shell}": shtab.complete(known, shell=shell) for shell in SHELLS}


def _fields() -> Iterator[str]:
    """The fields that are ours, and sections."""
    for root in (MODEL_SERVICE, BASE_CONFIG):
        for node in below(root):
            path = re.sub(r"\[\]", "", str(node))
            if (
                node.description
                and node.steps[0] in ("spec", "data")
                and len(node.steps) <= DEEPEST
            ):
                yield path


def _actions(
    known: argparse.ArgumentParser, name: str = ""
) -> Iterator[tuple[str, argparse.Action]]:
    """Every option and argument with the command it is of."""
    for action in known._actions:
        if isinstance(action, argparse._SubParsersAction):
            words = {one.dest: one.help for one in action._choices_actions}
            for inner, sub in action.choices.items():
                sub.description = words[inner]  # the short one, in lists of commands
                yield from _actions(sub, f"{name} {inner}".strip())
        else:
            yield name, action


if __name__ == "__main__":
    for file, text in scripts().items():
        (FOLDER / file).write_text(text, encoding="utf-8")
