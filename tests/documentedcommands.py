"""The commands and files that README and documentation show, and how they are run.

A fenced block of ``sh`` holds commands, one of ``console`` commands behind ``$`` and what they
print, where a line ``...`` stands for any lines and ``…`` for any characters. Any other block with
``title="NAME"`` is a file, written into the folder that the page's commands run in: a checkout. A
comment in front of a block says more:

``<!-- needs: cluster -->``    run where there is a control plane and an engine; also where a
                               command calls for one
``<!-- exits: 1 -->``          the exit code of its last command
``<!-- not run: REASON -->``   shown only
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from msvc_pulumi.cli import main

__all__ = ["ROOT", "Block", "Command", "blocks", "checkout", "output_differs", "pages", "run"]

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>[a-z]*) *(?P<more>.*)$")
_TITLE = re.compile(r'title="(?P<title>[^"]+)"')
_COMMENT = re.compile(r"^ *<!-- (?P<text>.*?) -->$")
# msvc with at most a file for what it prints, and something that reads it.
_OURS = re.compile(
    r"msvc (?P<words>[^|&;<>$*`(){}~\n]+?)(?: 2> (?P<errors>\S+))?(?: > (?P<file>\S+))?"
    r"(?: \| (?P<filter>.+))?$"
)
# What a bare machine has not, and how a command begins that asks for it.
_CLUSTER = re.compile(
    r"(?:^|[|&]\s*)(?:kubectl|pulumi|make"
    r"|msvc (?:adopt|up|preview|drift|destroy|pulumi|local|run|operator (?:run|uninstall)))\b"
)
_WORDS = re.compile(
    r"^(?:msvc|kubectl|pulumi|make|python|pip|pytest|export|kind|git|npm|helm)(?=\s|$)|^[A-Z_]+="
)
SHOWN = ("yaml", "mermaid", "python", "typescript", "json", "text", "jinja", "go", "")
COPIED = {"Pulumi.yaml", "Pulumi.dev.yaml", "__main__.py", "Makefile"}
# Of what `make setup` looks at only the time counts.
LINKED = {".venv", "components", "msvc_pulumi", "pyproject.toml", "requirements.lock", "samples"}
LINKED |= {"tools"}


@dataclass(frozen=True)
class Command:
    """One command and what it prints; None where that is not said."""

    text: str
    line: int
    output: str | None


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    page: Path
    line: int
    language: str
    title: str
    text: str
    needs: str = ""
    reason: str = ""
    exits: int = 0

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def commands(self) -> list[Command]:
        """The commands of a block of ``sh`` or ``console``."""
        if self.language == "sh":
            return list(_plain(self.text, self.line))
        return list(_session(self.text, self.line)) if self.language == "console" else []


def pages() -> list[Path]:
    """README and everything users read below docs and samples."""
    others = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")]
    docs = sorted((ROOT / "docs").rglob("*.md"))
    return [*others, *docs, *sorted((ROOT / "samples").rglob("README.md"))]


def blocks(page: Path) -> Iterator[Block]:
    """Every block of code of ``page``."""
    lines = page.read_text(encoding="utf-8").splitlines()
    comments: dict[str, str] = {}
    number = 0
    while number < len(lines):
        line = lines[number]
        start = number = number + 1
        if comment := _COMMENT.match(line):
            name, _, value = comment["text"].partition(": ")
            comments[name] = value
        elif fence := _FENCE.match(line):
            while lines[number].strip() != "```":
                number += 1
            text = "\n".join(lines[start:number])
            yield _block(page, start, (fence["language"], fence["more"]), text, comments)
            comments, number = {}, number + 1
        elif line.startswith("    ") and _WORDS.match(line.strip()) and _is_blank(lines[start - 2]):
            while number < len(lines) and (not lines[number] or lines[number].startswith("    ")):
                number += 1
            text = "\n".join(lines[start - 1 : number])
            yield _block(page, start - 1, ("sh", ""), text, comments)
            comments = {}
        elif line.strip():
            comments = {}


def _block(
    page: Path, line: int, opening: tuple[str, str], text: str, comments: Mapping[str, str]
) -> Block:
    title = _TITLE.search(opening[1])
    block = Block(
        page,
        line,
        opening[0],
        title["title"] if title else "",
        textwrap.dedent(text) + "\n",
        comments.get("needs", ""),
        comments.get("not run", ""),
        int(comments.get("exits", 0)),
    )
    if not block.needs and any(_CLUSTER.search(command.text) for command in block.commands):
        return replace(block, needs="cluster")
    return block


def _is_blank(line: str) -> bool:
    return not line.strip()


def _plain(text: str, line: int) -> Iterator[Command]:
    number = line + 1
    for part in re.sub(r"\\\n\s*", " ", text).splitlines():
        words = part.partition("  #")[0].strip()
        if words and not words.startswith("#"):
            yield Command(words, number, None)
        number += 1


def _session(text: str, line: int) -> Iterator[Command]:
    words, output, at = "", [], line + 1
    for number, part in enumerate([*text.splitlines(), "$ "], line + 1):
        if part.startswith("$ "):
            if words:
                shown = "\n".join(output)
                yield Command(words, at, shown if output else None)
            words, output, at = part[2:], [], number
        elif words.endswith("\\"):
            words = f"{words[:-1].rstrip()} {part.strip()}"
        else:
            output.append(part)


def checkout(folder: Path) -> Path:
    """``folder`` as a checkout in which commands may write."""
    for name in COPIED:
        shutil.copy(ROOT / name, folder / name)
    for name in LINKED:
        if (ROOT / name).exists():
            (folder / name).symlink_to(ROOT / name)
    return folder


def variables(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of commands: ``msvc`` and ``python`` are this environment's."""
    return {
        **os.environ,
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "NO_COLOR": "1",
        "COLUMNS": "80",
        **(more or {}),
    }


def run(command: Command, folder: Path) -> tuple[int, str]:
    """The exit code and all output of a command, in ``folder``; msvc itself in this process."""
    ours = _OURS.match(command.text)
    if ours is None:
        return _shell(command.text, folder)
    code, printed, errors = _within(shlex.split(ours["words"]), folder)
    if ours["errors"]:
        (folder / ours["errors"]).write_text(errors)
        errors = ""
    if ours["file"]:
        (folder / ours["file"]).write_text(printed)
        printed = ""
    if ours["filter"]:
        code, printed = _shell(ours["filter"], folder, printed)
    return code, errors + printed


def _shell(text: str, folder: Path, given: str = "") -> tuple[int, str]:
    done = subprocess.run(
        ["bash", "-c", text],
        cwd=folder,
        env=variables(),
        input=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout


def _within(words: Iterable[str], folder: Path) -> tuple[int, str, str]:
    printed, errors = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(folder),
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(errors),
    ):
        try:
            code = main(list(words))
        except SystemExit as stop:
            code = int(stop.code or 0)
    return code, printed.getvalue(), errors.getvalue()


def output_differs(wanted: str | None, found: str) -> str:
    """ "" if ``found`` is what a page shows, else both."""
    if wanted is None:
        return ""
    pattern = ""
    for line in wanted.rstrip("\n").splitlines():
        if line.strip() == "...":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += r".*?".join(re.escape(part.rstrip()) for part in line.split("…")) + r"[ ]*\n"
    if re.fullmatch(pattern, found.rstrip("\n") + "\n"):
        return ""
    return f"the page shows:\n{wanted}\nit printed:\n{found}"
