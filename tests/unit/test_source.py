"""Documents: every value, key and inner character knows where it was written."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msvc_pulumi.document.source import Document, Source, parse, read_source
from msvc_pulumi.document.sourcefile import MAX_SIZE
from msvc_pulumi.errors import Diagnostics, FieldPath, LoadError, Severity, Span

SHARED = Path(__file__).parents[3] / "shared" / "conformance" / "cases"

TEXT = """\
apiVersion: v1
data:
  decodeDeployment: |
    spec:

      replicas: {{ .X }}
  # a comment
  folded: >-
    a {{ .Y }}
    c
  quoted: &a "x \\"y\\" {{ .Z }}"
  single: 'it''s {{ .Z }}'
  alias: *a
  empty:
  indented: !!str |2 # two
      two more
list:
- name: x
  flow: {a: 1, b: [1, twenty]}
- - 1
"""


def path(text: str) -> FieldPath:
    """A field path from its steps, separated by blanks; digits are list indexes."""
    return FieldPath(int(step) if step.isdigit() else step for step in text.split())


def one(text: str, name: str = "file.yaml") -> Document:
    diagnostics = Diagnostics()
    documents = parse(Source(name, text), diagnostics=diagnostics)
    assert list(diagnostics) == []
    assert len(documents) == 1
    return documents[0]


def marked(span: Span) -> str:
    return span.text[span.column - 1 : span.column - 1 + span.length]


DOCUMENT = one(TEXT)


@pytest.mark.parametrize(
    ("where", "line", "shown"),
    [
        ("apiVersion", 1, "v1"),
        ("data", 2, "data"),
        ("data empty", 14, "empty:"),
        ("data alias", 13, "*a"),
        ("list", 17, "list"),
        ("list 0", 18, "name: x"),
        ("list 0 flow", 19, "flow: {a: 1, b: [1, twenty]}"),
        ("list 0 flow b 1", 19, "twenty"),
        ("list 1 0", 20, "1"),
        ("data missing deeper", 2, "data"),
        ("list 7", 17, "list"),
        ("missing", 1, "apiVersion: v1"),
        ("", 1, "apiVersion: v1"),
    ],
)
def test_a_path_points_at_its_value(where: str, line: int, shown: str) -> None:
    """A scalar is pointed at itself, all else at its key, the unknown at its nearest ancestor."""
    span = DOCUMENT.span(path(where))
    assert (span.file, span.line, marked(span)) == ("file.yaml", line, shown)


@pytest.mark.parametrize(
    ("where", "inner", "line", "shown"),
    [
        ("data decodeDeployment", (0, 0, 4), 4, "spec"),
        ("data decodeDeployment", (2, 15, 2), 6, ".X"),
        ("data decodeDeployment", (2, 2, 99), 6, "replicas: {{ .X }}"),
        ("data quoted", (0, 9, 2), 11, ".Z"),
        ("data alias", (0, 9, 2), 11, ".Z"),
        ("data single", (0, 8, 2), 12, ".Z"),
        ("data folded", (0, 5, 2), 8, ">-"),
        ("data indented", (0, 2, 3), 16, "two"),
        ("apiVersion", (0, 1, 1), 1, "1"),
        ("list", (0, 1, 1), 17, "list"),
    ],
)
def test_inner_places(where: str, inner: tuple[int, int, int], line: int, shown: str) -> None:
    """A character of a string is found in the file: in literal blocks and one-line scalars exactly,
    in folded ones at the first character."""
    span = DOCUMENT.inner_span(path(where), *inner)
    assert (span.line, marked(span)) == (line, shown)


def test_every_value_and_key_has_a_place() -> None:
    """``spans`` knows all values, ``keys`` all mapping entries, and each key reads as itself."""

    def walk(value: Any, at: FieldPath) -> list[FieldPath]:
        if not isinstance(value, dict | list):
            return [at]
        items = value.items() if isinstance(value, dict) else enumerate(value)
        return [at, *(p for step, member in items for p in walk(member, at.child(step)))]

    assert set(DOCUMENT.spans) == set(walk(DOCUMENT.value, FieldPath()))
    assert set(DOCUMENT.keys) == {p for p in DOCUMENT.spans if p and isinstance(p[-1], str)}
    for at, span in DOCUMENT.keys.items():
        assert marked(span) == at[-1]
    with pytest.raises(KeyError):
        DOCUMENT.spans[path("nowhere")]


names = st.text("abcdefgh", min_size=1, max_size=4).filter(lambda name: name not in {"f"})


@given(
    st.recursive(
        st.integers(0, 99),
        lambda inner: (
            st.lists(inner, min_size=1, max_size=3)
            | st.dictionaries(names, inner, min_size=1, max_size=3)
        ),
        max_leaves=15,
    )
)
def test_spans_of_scalars_read_as_the_scalars(value: Any) -> None:
    """The text under a scalar's span is the scalar, in any nesting of block style."""
    import yaml

    document = one(yaml.safe_dump(value, default_flow_style=False))
    assert document.value == value
    for at in document.spans:
        found = document.get(at)
        if isinstance(found, int):
            assert marked(document.span(at)) == str(found)


def test_line_ends_and_byte_order_marks_do_not_move_places() -> None:
    """CRLF and a leading byte order mark leave lines, columns and shown text as they are."""
    document = one("\ufeff" + TEXT.replace("\n", "\r\n"))
    for at, span in DOCUMENT.spans.items():
        assert document.spans[at] == span
    assert document.inner_span(path("data decodeDeployment"), 2, 15, 2) == DOCUMENT.inner_span(
        path("data decodeDeployment"), 2, 15, 2
    )


def test_derived_sources_point_into_the_outer_file() -> None:
    """Places in a rendered section are those of the block scalar it was rendered from."""
    at = path("data decodeDeployment")

    def locate(line0: int, column0: int, length: int) -> Span:
        return DOCUMENT.inner_span(at, line0, column0, length)

    text = DOCUMENT.get(at).replace("{{ .X }}", "3")
    inner = parse(Source.derived("section", text, locate), diagnostics=Diagnostics())[0]
    span = inner.span(path("spec replicas"))
    assert (span.file, span.line, span.column, span.text) == (
        "file.yaml",
        6,
        17,
        "      replicas: {{ .X }}",
    )


def test_objects_without_a_file_show_their_json() -> None:
    """A plain value, as from a stack's configuration, has places in its JSON text."""
    value = {"a": {"b": [1, {"c": "x\x7fé"}]}}
    document = Document.of(value, "config:modelServices")
    span = document.span(path("a b 1 c"))
    assert document.value is value
    assert (span.file, span.line) == ("config:modelServices", 6)
    assert "\\u007fé" in marked(span)


def test_secrets_are_never_shown() -> None:
    """No span of a Secret carries its line, nor does a syntax error in a text that has one."""
    document = one("kind: Secret\nstringData: {token: hunter2}\n")
    assert {span.text for span in document.spans.values()} == {""}
    diagnostics = Diagnostics()
    parse(Source("x", "kind: Secret\nstringData: {token: hunter2, [\n"), diagnostics=diagnostics)
    assert [item.span.text for item in diagnostics if item.span] == [""]


def test_duplicate_keys_are_told_with_both_places() -> None:
    """The last of two keys counts, and the warning shows both."""
    diagnostics = Diagnostics()
    (document,) = parse(
        Source("x", "a:\n  k: 1\n  k: 2\nb: {<<: {k: 3}, k: 4}\n"), diagnostics=diagnostics
    )
    assert document.value == {"a": {"k": 2}, "b": {"k": 4}}
    (item,) = diagnostics
    assert (item.code, item.severity) == ("duplicate-key", Severity.WARNING)
    assert item.span
    assert (item.span.line, item.related[0].span.line) == (3, 2)


@pytest.mark.parametrize(
    ("text", "count", "severity"),
    [
        ("", 0, None),
        ("# only a comment\n", 0, None),
        ("---\na: 1\n", 1, None),
        ("a: 1\n---\nb: 2\n", 2, None),
        ("a: 1\n---\n{broken: [\n", 1, Severity.WARNING),
        ("{broken: [\n", 0, Severity.ERROR),
        ("a: 1\n---\nb: " + "[" * 101 + "]" * 101, 1, Severity.WARNING),
        ("a:\n\tb: 1\n", 0, Severity.ERROR),
        ("a: {{ .X }}\n", 0, Severity.ERROR),
        ("a: \x07\n", 0, Severity.ERROR),
    ],
)
def test_mistakes_behind_the_first_document(
    text: str, count: int, severity: Severity | None
) -> None:
    """A mistake behind the first document is a warning, the documents in front of it are kept."""
    diagnostics = Diagnostics()
    documents = parse(Source("x", text), diagnostics=diagnostics)
    assert len(documents) == count
    assert [item.severity for item in diagnostics] == ([severity] if severity else [])
    assert all(item.span and item.code.startswith("yaml-") for item in diagnostics)


def test_remedies_for_frequent_syntax_errors() -> None:
    """Tabs and unquoted templates come with advice."""
    diagnostics = Diagnostics()
    for text in ("a:\n\tb: 1\n", "a: {{ .X }}\n"):
        parse(Source("x", text), diagnostics=diagnostics)
    assert ["tabs" in item.help or "{{" in item.help for item in diagnostics] == [True, True]


@given(st.text("ab\n\r:é"), st.integers(-3, 30))
def test_positions_and_offsets_agree(text: str, offset: int) -> None:
    """``offset`` undoes ``position`` for every character."""
    source = Source("x", text)
    line, column = source.position(offset)
    assert source.offset(line, column) == max(0, min(offset, len(text)))
    assert 0 <= column <= len(source.line(line)) + 2


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, "file-not-found"),
        ("directory", "file-unreadable"),
        (b"a: \xff\n", "not-utf8"),
        (b"x" * (MAX_SIZE + 1), "too-large"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, content: Any, code: str) -> None:
    """Each way of not being readable is one diagnostic with a remedy."""
    file = tmp_path / "input.yaml"
    if content == "directory":
        file.mkdir()
    elif content is not None:
        file.write_bytes(content)
    with pytest.raises(LoadError) as caught:
        read_source(file)
    (item,) = caught.value.diagnostics
    assert item.code == code
    assert item.help


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_files_without_permission(tmp_path: Path) -> None:
    """A file that may not be read says so."""
    file = tmp_path / "input.yaml"
    file.write_text("a: 1")
    file.chmod(0)
    with pytest.raises(LoadError) as caught:
        read_source(file)
    assert "permission denied" in caught.value.diagnostics[0].summary


def test_not_utf8_points_at_the_byte(tmp_path: Path) -> None:
    """The place of a byte that is no UTF-8 is its line and column."""
    file = tmp_path / "input.yaml"
    file.write_bytes(b"a: 1\nb: \xff\n")
    with pytest.raises(LoadError) as caught:
        read_source(file)
    span = caught.value.diagnostics[0].span
    assert span
    assert (span.line, span.column) == (2, 4)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    """UTF-8, with or without a byte order mark, and marked UTF-16 are read alike."""
    file = tmp_path / "input.yaml"
    file.write_text("a: é", encoding=encoding)
    assert one(read_source(file).text).value == {"a": "é"}


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dash reads standard input."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a: 1\n")))
    source = read_source("-")
    assert (source.name, source.text) == ("<stdin>", "a: 1\n")


@pytest.mark.skipif(not SHARED.is_dir(), reason="the conformance corpus is not here")
def test_conformance_inputs_load() -> None:
    """Every input of the corpus loads, but for those that pin a syntax error."""
    broken = {
        str(file.relative_to(SHARED))
        for file in SHARED.glob("*/*.yaml")
        if file.name != "expected.yaml"
        for diagnostics in [Diagnostics()]
        if parse(read_source(file), diagnostics=diagnostics) is not None and diagnostics.errors
    }
    assert broken == {
        "120-err-yaml-msvc/msvc.yaml",
        "121-err-yaml-tab/msvc.yaml",
        "142-err-base-yaml-file/baseconfig.yaml",
        "154-err-map-key-null/msvc.yaml",
        "155-err-unknown-anchor/msvc.yaml",
    }
