"""YAML output: whatever is emitted reads back as the same value, in every dialect."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from msvc_pulumi.document import emitter
from msvc_pulumi.document.emitter import leaf_lines, to_yaml
from msvc_pulumi.document.source import Source, parse
from msvc_pulumi.errors import Diagnostics

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


def read(text: str) -> Any:
    diagnostics = Diagnostics()
    documents = parse(Source("output", text), diagnostics=diagnostics)
    assert not diagnostics.errors
    return documents[0].value


@given(st.dictionaries(st.text("abcdefg", min_size=1, max_size=4), values, max_size=4))
def test_round_trip(value: dict[str, Any]) -> None:
    """What is emitted is read back unchanged by the original's dialect and by YAML 1.1 at large."""
    text = to_yaml(value)

    assert value == read(text)
    assert value == yaml.safe_load(text)


@given(st.dictionaries(texts, values, max_size=4))
def test_the_text_is_that_of_pyyaml(value: dict[str, Any]) -> None:
    """Collections are laid out as PyYAML's emitter does, byte for byte."""
    assert to_yaml(value) == emitter._dumped(value)


@pytest.mark.parametrize(
    "text",
    ["y", "No", "on", "null", "~", "1e3", "0o17", "1_000", "0x1F", ".5", "12:30:45", "=", ""],
)
def test_lookalikes_stay_strings(text: str) -> None:
    """Strings that some YAML reader would take for another type are quoted."""
    emitted = to_yaml({"k": text})

    assert {"k": text} == read(emitted)
    assert emitted.split(": ", 1)[1][0] in "\"'"


def test_control_characters_are_escaped() -> None:
    """DEL and C1 characters do not fail the output (Q30)."""
    assert "\\x7F" in to_yaml({"k": "a\x7fb"})
    assert {"k": "a\x7f\x9fb"} == read(to_yaml({"k": "a\x7f\x9fb"}))


@pytest.mark.parametrize("text", ["a\u2028b", "a\u2029\nb", "a\x85b", "a\rb\n"])
def test_line_ends_of_yaml_1_1_alone_are_escaped(text: str) -> None:
    """A reader that takes them for characters would take the next line's indentation for text."""
    emitted = to_yaml({"k": [text]})

    assert emitted.isascii()
    assert emitted.count("\n") == 2
    assert {"k": [text]} == read(emitted)


def test_long_lines_are_not_folded() -> None:
    """A value stays on its line however long, so that lines can be counted and commented."""
    assert to_yaml({"k": "word " * 100}).count("\n") == 1


def test_leaf_lines_name_every_value() -> None:
    """Each scalar and empty collection is found at the line it starts on."""
    text = to_yaml({"a": {"b": [1, {"c": "x\ny\n"}], "d": {}}, "e": []})

    assert {str(path): line for path, line in leaf_lines(text)} == {
        "a.b[0]": 2,
        "a.b[1].c": 3,
        "a.d": 6,
        "e": 7,
    }
