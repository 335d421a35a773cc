"""Which option each word of a command line belongs to, as the program's own parser reads it.

vLLM: argparse behind a layer that equates underscores and dashes and gathers dotted keys
(``--compilation-config.level 3``). SGLang: argparse. Go programs: one dash or two, last one wins.
An option that no table has takes what follows up to the next word that begins with a dash: rather
keep a stranger's words together than tear a value off.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from msvc_pulumi.commandline.options import Option, Options

__all__ = ["GO", "PLAIN", "POSITIONAL", "REST", "SGLANG", "VLLM", "Dialect", "Statement", "read"]

POSITIONAL = ""  # the option of a word that belongs to none
REST = "--"  # the option of everything behind the word that ends the options
OPTIMIZATION = "--optimization-level"
_NUMBER = r"-\d+$|-\d*\.\d+$"


class Dialect(NamedTuple):
    """How a program reads its words; without a ``table`` its options are not known."""

    name: str
    table: Literal["", "vllm", "sglang"] = ""
    is_vllm: bool = False
    is_go: bool = False

    @property
    def options(self) -> Options:
        return Options.of(self.table) if self.table else _NONE


_NONE = Options((), {})
VLLM = Dialect("vLLM", "vllm", is_vllm=True)
SGLANG = Dialect("SGLang", "sglang")
GO = Dialect("a Go program", is_go=True)
PLAIN = Dialect("a program")


class Statement(NamedTuple):
    """Words that state one option: those from ``start`` up to ``stop``.

    ``option`` is its name in the table, else the flag as it is written. ``spelling`` is the full
    spelling that the program takes it for. ``key`` is the dotted key of an entry in a JSON option.
    ``is_known`` is unset for what no known release of the program takes, or takes for several.
    """

    option: str
    start: int
    stop: int
    values: tuple[str, ...] = ()
    spelling: str = ""
    key: str = ""
    is_inverse: bool = False
    is_known: bool = False
    kind: str = ""

    @property
    def value(self) -> str | None:
        return self.values[-1] if self.values else None


def read(words: Sequence[str], dialect: Dialect) -> list[Statement]:
    """What ``words`` state, in order; every word belongs to exactly one statement."""
    result: list[Statement] = []
    number = 0
    before: Statement | None = None  # the last one that is no dotted entry
    while number < len(words):
        statement = _statement(words, number, dialect)
        if statement.option == POSITIONAL and before is not None and result[-1].key:
            statement = _continued(words, statement, before, dialect)
        result.append(statement)
        number = statement.stop
        if not statement.key:
            before = statement
    return result


def _continued(
    words: Sequence[str], positional: Statement, before: Statement, dialect: Dialect
) -> Statement:
    """The word behind a dotted entry, which vLLM takes out: the option before may still want it."""
    start = positional.start
    joined = before.stop == before.start + 1 and bool(before.values)
    many = before.kind == "many" and not joined
    if not many and (before.values or before.kind not in ("one", "append", "optional")):
        return positional
    stop = _end_of_values(words, start, dialect) if many else start + 1
    return before._replace(start=start, stop=stop, values=tuple(words[start:stop]))


def _statement(words: Sequence[str], start: int, dialect: Dialect) -> Statement:
    word = words[start]
    if word == "--":
        return Statement(REST, start, len(words), tuple(words[start + 1 :]), REST)
    if not dialect.table:
        return _untabled(words, start, dialect)
    if not _is_option(word, dialect):
        return Statement(POSITIONAL, start, start + 1, (word,))
    name, equals, value = word.partition("=")
    if dialect.is_vllm:
        if word.startswith("-O"):
            return _optimization(words, start)
        key = ""
        if name.startswith("--"):
            head, dot, key = name.partition(".")
            name = head.replace("_", "-")
        else:
            name, dot, key = name.partition(".")
        if dot:
            return _dotted(words, start, _resolved(name, dialect), key)
    spelling, option, joined = _lookup(name, word, dialect)
    if option is None:
        stop = start + 1 if equals else _end_of_values(words, start + 1, dialect)
        values = (value,) if equals else tuple(words[start + 1 : stop])
        return Statement(name, start, stop, values, spelling)
    if joined is not None:
        equals, value = "=", joined
    given = value if equals else None
    return _known(words, start, option, spelling=spelling, value=given, dialect=dialect)


def _known(
    words: Sequence[str],
    start: int,
    option: Option,
    *,
    spelling: str,
    value: str | None,
    dialect: Dialect,
) -> Statement:
    stop = start + 1
    if value is None and option.kind != "switch":
        end = _end_of_values(words, stop, dialect)
        stop = end if option.kind == "many" else min(end, stop + 1)
    values = (value,) if value is not None else tuple(words[start + 1 : stop])
    return Statement(
        option.name,
        start,
        stop,
        values,
        spelling,
        is_inverse=spelling in option.inverses,
        is_known=True,
        kind=option.kind,
    )


def _optimization(words: Sequence[str], start: int) -> Statement:
    """``-O3``, ``-O=3`` and ``-O 3``, which vLLM takes for the optimization level."""
    word = words[start]
    stop = start + 1
    values = (word[2:].removeprefix("="),)
    if word == "-O":
        stop = min(start + 2, len(words))
        values = tuple(words[start + 1 : stop])  # type: ignore[assignment]
    name = OPTIMIZATION.lstrip("-")
    return Statement(name, start, stop, values, OPTIMIZATION, is_known=True, kind="one")


def _dotted(
    words: Sequence[str], start: int, found: tuple[str, Option | None], key: str
) -> Statement:
    """An entry of a JSON option; it takes the next word whatever that is."""
    spelling, option = found
    _, equals, value = words[start].partition("=")
    key = key.partition("=")[0]
    stop = start + 1 if equals else min(start + 2, len(words))
    values = (value,) if equals else tuple(words[start + 1 : stop])
    name = option.name if option else spelling
    return Statement(
        name, start, stop, values, spelling, key, is_known=option is not None, kind="one"
    )


def _untabled(words: Sequence[str], start: int, dialect: Dialect) -> Statement:
    word = words[start]
    if not _looks_like_a_flag(word):
        return Statement(POSITIONAL, start, start + 1, (word,))
    flag, equals, value = word.partition("=")
    stop = start + 1
    if not equals:
        while stop < len(words) and words[stop] != "--" and not _looks_like_a_flag(words[stop]):
            stop += 1
    values = (value,) if equals else tuple(words[start + 1 : stop])
    return Statement(flag.lstrip("-") if dialect.is_go else flag, start, stop, values, flag)


def _looks_like_a_flag(word: str) -> bool:
    """Whether a letter stands behind one dash or two."""
    return word.startswith("-") and word.removeprefix("-").removeprefix("-")[:1].isalpha()


def _lookup(name: str, word: str, dialect: Dialect) -> tuple[str, Option | None, str | None]:
    """Spelling and option of a flag, and the value that a one-letter flag has behind it."""
    spelling, option = _resolved(name, dialect)
    if option is None and len(word) > 2 and not word.startswith("--"):
        short = dialect.options.by_spelling.get(word[:2])
        if short is not None and not dialect.options.beginning(name, newest=True):
            return word[:2], short, word[2:]
    return spelling, option, None


def _resolved(name: str, dialect: Dialect) -> tuple[str, Option | None]:
    """The spelling that ``name`` is or begins, by the newest release, else by older ones."""
    options = dialect.options
    exact = options.by_spelling.get(name)
    if exact is not None:
        return name, exact
    found = options.beginning(name, newest=True) or options.beginning(name, newest=False)
    if len(found) == 1:
        return found[0], options.by_spelling[found[0]]
    return name, None


def _is_option(word: str, dialect: Dialect) -> bool:
    """Whether argparse takes ``word`` for an option: a number or words with spaces are values."""
    if not word.startswith("-") or word == "-":
        return False
    if word.partition("=")[0] in dialect.options.by_spelling:
        return True
    if word == "--":
        return True
    return not re.match(_NUMBER, word) and " " not in word.partition("=")[0]


def _end_of_values(words: Sequence[str], start: int, dialect: Dialect) -> int:
    stop = start
    while stop < len(words) and not _is_option(words[stop], dialect):
        stop += 1
    return stop
