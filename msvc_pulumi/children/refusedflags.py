"""Flags that the release in a container's image does not take, by the tables of `commandline`.

Without a release only what no known release takes is told; later releases are left alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from msvc_pulumi.children.containerwords import ContainerWords
from msvc_pulumi.commandline.options import Release
from msvc_pulumi.commandline.reader import POSITIONAL, REST, SGLANG, VLLM, Statement
from msvc_pulumi.commandline.replacements import DROPPED_KEYS, INSTEAD, PAIRS_UNTIL
from msvc_pulumi.errors import Diagnostic, Diagnostics, Severity
from msvc_pulumi.nearest import nearest
from msvc_pulumi.pattern import pattern

__all__ = ["refused_flags"]

_PAIR = pattern(r"(\w+)=(\d+)")
_PAIRS = pattern(r"\w+=\d+(,\w+=\d+)*")


def refused_flags(words: ContainerWords, known: Diagnostics) -> Iterator[Diagnostic]:
    """Flags that the release in the image does not take, or that no known release does.

    Those that ``known`` has no room for are counted there: what they could mean is dear to find.
    """
    dialect = words.program.dialect
    options = dialect.options
    for statement in words.statements():
        if statement.option in (POSITIONAL, REST):
            continue
        if options.refuses(statement.spelling, words.release):
            if known.has_room(Severity.WARNING):
                yield _refusal(words, statement)
            else:
                known.pass_over(Severity.WARNING)
        elif dialect is SGLANG and not statement.is_known:
            yield from _foreign(words, statement)
        elif dialect is VLLM and words.release and words.release <= options.releases[-1]:
            yield from _refused_value(words, statement, words.release)


def _foreign(words: ContainerWords, statement: Statement) -> Iterator[Diagnostic]:
    """A flag of vLLM, or one with underscores, that SGLang has never taken."""
    dashed = statement.spelling.replace("_", "-")
    known = SGLANG.options.by_spelling
    if dashed in known or statement.spelling in VLLM.options.newest:
        flag = words.word(statement).partition("=")[0]
        close = dashed if dashed in known else nearest(dashed, known)
        summary = f"{flag} is no flag of SGLang" + ("" if dashed in known else ", but of vLLM")
        advice = f"write {close}" if close else "remove it"
        yield words.warning("unknown-flag", summary, words.place(statement.start), advice)


def _refused_value(
    words: ContainerWords, statement: Statement, release: Release
) -> Iterator[Diagnostic]:
    """A key or a form of a value that the option has lost."""
    value = statement.value or ""
    place = words.place(statement.start)
    pairs = PAIRS_UNTIL.get(statement.option)
    if pairs is not None and release >= pairs and not statement.key and _PAIRS.fullmatch(value):
        stated = {name: int(number) for name, number in _PAIR.findall(value)}
        summary = f"--{statement.option} takes JSON since vLLM {_text(pairs)}"
        advice = f"write '{json.dumps(stated)}'"
        yield words.warning("renamed-flag", summary, place, advice)
    for (option, key), (since, advice) in DROPPED_KEYS.items():
        in_whole = not statement.key and f'"{key}"' in value
        if option == statement.option and release >= since and (statement.key == key or in_whole):
            summary = f"vLLM {_text(release)} does not take {key} in --{option}"
            yield words.warning("renamed-flag", summary, place, f"{advice} in its place")


def _refusal(words: ContainerWords, statement: Statement) -> Diagnostic:
    options = words.program.dialect.options
    name = words.program.dialect.name
    flag = words.word(statement).partition("=")[0]
    place = words.place(statement.start)
    taken = options.taken(statement.spelling)
    newest = _text(options.releases[-1])
    asked = f"{name} {_text(words.release)}" if words.release else name
    completions = [s for s in options.newest if s.startswith(statement.spelling)]
    if not taken and len(completions) > 1 and flag.startswith("-"):
        summary = f"{flag} is ambiguous to {asked}: it begins {', '.join(completions[:4])}"
        return words.warning("unknown-flag", summary, place, "write the whole name")
    if not taken:
        summary = f"{flag} is no flag of any known release of {name} (up to {newest})"
        close = nearest(statement.spelling, options.newest)
        advice = INSTEAD.get(statement.option) or (f"write {close}" if close else "remove it")
        return words.warning("unknown-flag", summary, place, advice)
    release = words.release or options.releases[-1]
    if taken[0][0] > release:
        since = _text(taken[0][0])
        summary = f"{flag} is not known before {name} {since}, and the image is older"
        return words.warning("unknown-flag", summary, place, "use a newer image")
    until = _text(max((last for _, last in taken if last < release), default=taken[-1][1]))
    advice = INSTEAD.get(statement.option, "") or _other_spelling(words, statement)
    code = "renamed-flag" if advice.startswith("write") else "removed-flag"
    summary = f"{asked} does not take {flag}; {until} did"
    return words.warning(code, summary, place, advice or "remove it")


def _other_spelling(words: ContainerWords, statement: Statement) -> str:
    options = words.program.dialect.options
    option = options.by_spelling[statement.spelling]
    group = option.inverses if statement.is_inverse else option.spellings
    other = next((s for s in group if not options.refuses(s, words.release)), "")
    return f"write {other}" if other else ""


def _text(release: Release | None) -> str:
    return ".".join(str(part) for part in release or ())
