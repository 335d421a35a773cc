"""The reference of the command line, made of its parsers."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Sequence

from msvc_pulumi.cli import parser

__all__ = ["command_line", "commands"]


def commands() -> Iterator[tuple[tuple[str, ...], argparse.ArgumentParser, str]]:
    """The words, parser and short help of every command that does something."""
    yield from _commands((), parser(()), "")


def _commands(
    words: tuple[str, ...], parser: argparse.ArgumentParser, short: str
) -> Iterator[tuple[tuple[str, ...], argparse.ArgumentParser, str]]:
    groups = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    if not groups:
        yield words, parser, short
    for group in groups:
        helps = {choice.dest: choice.help or "" for choice in group._choices_actions}
        for name, inner in group.choices.items():
            yield from _commands((*words, name), inner, helps.get(name, ""))


def command_line() -> str:
    """The page of all commands."""
    lines = [
        "# Command line",
        "",
        "`msvc`, or `python -m msvc_pulumi`. Results go to standard output, diagnostics to "
        "standard error. Exit codes: 0 fine, 1 errors in the input, 2 wrong usage, 3 the engine or "
        "the cluster failed.",
        "",
    ]
    shown: dict[str, str] = {}
    for words, command, short in commands():
        name = " ".join(words)
        lines += [f"## msvc {name}", ""]
        options = "\n".join(_options(command))
        told = command.description or short
        lines += [told[:1].upper() + told[1:].rstrip(".") + ".", ""] if told else []
        lines += ["```text", _usage(command), "```", ""]
        if options and options in shown:
            lines += [f"Options are those of `msvc {shown[options]}`.", ""]
        elif options:
            shown[options] = name
            lines += [options, ""]
    return "\n".join(lines)


def _usage(parser: argparse.ArgumentParser) -> str:
    """The usage, at a width of its own: not what the terminal of whoever builds happens to have."""
    formatter = argparse.HelpFormatter(parser.prog, width=90)
    formatter.add_usage(parser.usage, _required_first(parser._actions), (), prefix="")
    return re.sub(r"\x1b\[[0-9;]*m", "", formatter.format_help()).strip()


def _required_first(actions: Sequence[argparse.Action]) -> list[argparse.Action]:
    shown = [action for action in actions if action.required or not action.option_strings]
    return shown or list(actions[:1])


def _options(parser: argparse.ArgumentParser) -> Iterator[str]:
    for group in parser._action_groups:
        actions = [
            action
            for action in group._group_actions
            if action.help not in (None, argparse.SUPPRESS) and action.dest != "help"
        ]
        if not actions:
            continue
        if group.title not in ("options", "positional arguments"):
            yield f"\n*{(group.title or '').capitalize()}*\n"
        for action in actions:
            yield f"* {_names(action)}<br>{_help(parser, action)}"


def _names(action: argparse.Action) -> str:
    value = ""
    if action.nargs != 0:
        value = action.metavar if isinstance(action.metavar, str) else ""
        if not value and action.choices:
            value = "|".join(map(str, action.choices))
        value = value or action.dest.upper()
    if not action.option_strings:
        return f"`{value}`"
    return ", ".join(f"`{name}`" for name in action.option_strings) + (f" `{value}`" * bool(value))


def _help(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    values = {**vars(action), "prog": parser.prog}
    text = (action.help or "") % values
    return text.replace("<", "&lt;").replace("*", "\\*")
