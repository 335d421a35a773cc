"""Words as Go programs read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msvc_pulumi.commandline.gowords import Parser, read_flags

KINDS = {"on": "switch", "name": "value", "v": "value"}


@pytest.mark.parametrize(
    ("words", "parser", "found", "end"),
    [
        ("--on --name x", "flag", ["on", "name=x"], -1),
        ("-on -name x", "flag", ["on", "name=x"], -1),
        ("-name=x -name=", "flag", ["name=x", "name="], -1),
        ("--on false --name x", "flag", ["on"], 1),
        ("--on false", "flag", ["on"], -1),
        ("--on false --name x", "pflag", ["on", "name=x"], -1),
        ("--name --on", "pflag", ["name=--on"], -1),
        ("-v4 -v=5 -v 6 --v 7", "pflag", ["v=4", "v=5", "v=6", "v=7"], -1),
        ("-name x", "pflag", ["name=x"], -1),
        ("--odd x --even --name y", "pflag", ["odd=x", "even", "name=y"], -1),
        ("--name", "flag", ["name"], -1),
        ("--on -- --name x", "flag", ["on"], -1),
        ("- --on", "pflag", ["on"], -1),
        ("x --on", "", ["on"], -1),
    ],
)
def test_words(words: str, parser: Parser, found: list[str], end: int) -> None:
    reading = read_flags(words.split(), parser, KINDS.get)
    said = [f"{f.name}={f.value}" if f.value_at >= 0 else f.name for f in reading.flags]
    assert (said, reading.end) == (found, end)


WORD = st.one_of(
    st.sampled_from(["--", "-", "", "--on", "--name", "-v", "-v4", "false", "--on=x", "=", "--="]),
    st.text(max_size=6),
)


@given(st.lists(WORD, max_size=8), st.sampled_from(["flag", "pflag", ""]))
def test_every_word_is_of_one_flag_at_most(words: list[str], parser: Parser) -> None:
    """Whatever the words are, flags are in order and share none; values are words of the line."""
    reading = read_flags(words, parser, KINDS.get)
    used: list[int] = []
    for flag in reading.flags:
        used += [flag.at, flag.value_at] if flag.value_at > flag.at else [flag.at]
        assert words[flag.at].startswith(flag.spelling)
        assert flag.aside < len(words)
        if flag.value_at >= 0:
            assert words[flag.value_at].endswith(flag.value)
    assert used == sorted(set(used))
    assert all(number < len(words) for number in used)
    assert reading.end < len(words)
