"""The words of a command line as Go programs read them: by the package flag, or by pflag.

flag: one dash or two; what is no flag ends them, and nothing behind it is read. pflag: two dashes,
one before a letter; what is no flag is passed over. To both a switch has a value only behind ``=``,
and other flags take the next word whatever it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

__all__ = ["Parser", "Reading", "WordFlag", "read_flags"]

Parser = Literal["flag", "pflag", ""]
Kind = Callable[[str], str | None]


class WordFlag(NamedTuple):
    """A flag among words; ``at`` is its word, ``value_at`` that of its value.

    ``spelling`` is the flag as it is written, without a value. ``aside`` is the word behind a
    switch that was meant for its value, -1 where there is none.
    """

    name: str
    spelling: str
    at: int
    value: str = ""
    value_at: int = -1
    is_switch: bool = False
    aside: int = -1

    @property
    def is_joined(self) -> bool:
        """Whether the value is of the same word."""
        return self.value_at == self.at

    @property
    def is_on(self) -> bool:
        """Whether a switch is on."""
        return not self.is_joined or self.value.lower() in ("true", "t", "1")


class Reading(NamedTuple):
    """All flags in order; ``end`` is a word behind which flags are not read, -1 where all are."""

    flags: tuple[WordFlag, ...]
    end: int = -1


def read_flags(words: Sequence[str], parser: Parser, kind: Kind) -> Reading:
    """What ``words`` state to a program; ``kind`` says how it reads a flag, None if unknown.

    Without a ``parser`` both ways of writing are taken, and nothing ends the flags.
    """
    found: list[WordFlag] = []
    at = 0
    while at < len(words):
        word = words[at]
        if word == "--":
            break
        if len(word) < 2 or not word.startswith("-"):
            if parser == "flag" and not word.startswith("$"):
                unread = any(later.startswith("-") for later in words[at:])
                return Reading(tuple(found), at if unread else -1)
            at += 1
            continue
        flag = _flag(words, at, parser, kind)
        found.append(flag)
        at = max(at, flag.value_at) + 1
    return Reading(tuple(found))


def _flag(words: Sequence[str], at: int, parser: Parser, kind: Kind) -> WordFlag:
    word = words[at]
    spelling, joined, value = word.partition("=")
    name = spelling.removeprefix("-").removeprefix("-")
    if parser == "pflag" and not word.startswith("--") and kind(word[1]) == "value":
        name, spelling = word[1], word[:2]  # -v4, -v=4
        joined, value = word[2:3], word[2:].removeprefix("=")
    if joined:
        return WordFlag(name, spelling, at, value, at, is_switch=kind(name) == "switch")
    following = words[at + 1] if at + 1 < len(words) else None
    known = kind(name)
    if known == "switch":
        aside = following is not None and following.lower() in ("true", "false")
        return WordFlag(name, spelling, at, is_switch=True, aside=at + 1 if aside else -1)
    if following is None or (known is None and following.startswith("-")):
        return WordFlag(name, spelling, at)
    return WordFlag(name, spelling, at, following, at + 1)
