"""Reports: the look of diagnostics, their order, and what may never reach a terminal."""

from __future__ import annotations

import json
import pickle
import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msvc_pulumi.counted import counted
from msvc_pulumi.errors import (
    MAX_PROBLEMS,
    Diagnostic,
    Diagnostics,
    FieldPath,
    Label,
    Severity,
    Span,
    SpecError,
)
from msvc_pulumi.report import (
    MAX_LINE_WIDTH,
    counts,
    headline,
    render,
    to_json,
)

ARGUMENT = Span("granite.yaml", 27, 15, 11, '        - "{{ .HFModelNme }}"')
FIELD = FieldPath.of("spec", "decode", "containers", 0, "args", 0)

TEMPLATE = Diagnostic(
    "template-exec",
    "can't evaluate field HFModelNme in type TemplateVars",
    field=FIELD,
    span=ARGUMENT,
    go="template: template:1:3: …",
    help="did you mean .HFModelName?",
)
REQUIRED = Diagnostic(
    "required",
    "Required value",
    field=FieldPath.of("spec", "modelArtifacts", "uri"),
    span=Span("granite.yaml", 9, 3, 18, "  modelArtifacts: {}"),
)
MERGE = Diagnostic(
    "merge-type",
    "cannot merge a string into a mapping",
    field=FieldPath.of("decodeDeployment"),
    span=Span("granite.yaml", 131, 18, 4, "      resources: none"),
    label="overlay",
    related=(Label(Span("base.yaml", 7, 15, 9, "              resources:"), "base"),),
    notes=('container "vllm"',),
)


def test_a_template_error_looks_as_agreed() -> None:
    """Sentence, place, source line with carets, field, Go's words, remedy, count."""
    assert render([TEMPLATE]) == (
        "error[template-exec]: can't evaluate field HFModelNme in type TemplateVars\n"
        "  --> granite.yaml:27:15\n"
        "   |\n"
        '27 |         - "{{ .HFModelNme }}"\n'
        "   |               ^^^^^^^^^^^\n"
        "   = field: spec.decode.containers[0].args[0]\n"
        "   = go:    template: template:1:3: …\n"
        "   = help:  did you mean .HFModelName?\n"
        "\n"
        "1 error\n"
    )


def test_a_validation_error_is_one_greppable_line() -> None:
    """Validation puts the field path in front of the phrase and does not repeat it below."""
    text = render([REQUIRED])
    assert text.startswith("error[required]: spec.modelArtifacts.uri: Required value\n")
    assert "= field" not in text
    assert "  |   ^^^^^^^^^^^^^^^^^^\n" in text


def test_all_contributing_places_are_shown() -> None:
    """A merge error shows both sides, aligned in one margin, each with its word."""
    assert render([MERGE]).split("\n") == [
        "error[merge-type]: cannot merge a string into a mapping",
        "   --> granite.yaml:131:18",
        "    |",
        "131 |       resources: none",
        "    |                  ^^^^ overlay",
        "   --> base.yaml:7:15",
        "    |",
        "  7 |               resources:",
        "    |               ^^^^^^^^^ base",
        "    = field: decodeDeployment",
        '    = note:  container "vllm"',
        "",
        "1 error",
        "",
    ]


def test_the_order_is_that_of_the_places() -> None:
    """By file, line and column, whatever the order of discovery; those without a place last."""
    nowhere = Diagnostic("file-not-found", "no such file")
    items = [MERGE, nowhere, TEMPLATE, REQUIRED]
    expected = render([REQUIRED, TEMPLATE, MERGE, nowhere])
    for seed in range(5):
        random.Random(seed).shuffle(items)  # noqa: S311 - no secret
        assert render(items) == expected
        assert [item["code"] for item in to_json(items)] == [
            "required",
            "template-exec",
            "merge-type",
            "file-not-found",
        ]


@pytest.mark.parametrize(
    ("errors", "warnings", "text"),
    [(0, 0, ""), (1, 0, "1 error"), (2, 1, "2 errors, 1 warning"), (0, 3, "3 warnings")],
)
def test_the_count(errors: int, warnings: int, text: str) -> None:
    """Errors and warnings are counted, in the right number."""
    items = [Diagnostic("a", str(number)) for number in range(errors)]
    items += [Diagnostic("a", str(number), Severity.WARNING) for number in range(warnings)]
    assert render(items).rstrip("\n").rpartition("\n")[2] == text


@pytest.mark.parametrize(
    ("number", "nouns", "text"),
    [
        (0, ["object"], "0 objects"),
        (1, ["object"], "1 object"),
        (2, ["object"], "2 objects"),
        (1, ["policy", "policies"], "1 policy"),
        (2, ["policy", "policies"], "2 policies"),
        (1, ["object differs", "objects differ"], "1 object differs"),
        (0, ["object differs", "objects differ"], "0 objects differ"),
    ],
)
def test_a_number_has_its_noun(number: int, nouns: list[str], text: str) -> None:
    """Singular for one alone."""
    assert counted(number, *nouns) == text


def test_floods_are_cut_but_never_lose_an_error() -> None:
    """A flood of warnings ends at the limit, says so, and still lets the one error through."""
    collected = Diagnostics()
    for number in range(3 * MAX_PROBLEMS):
        collected.warning("unknown-field", "Unknown field", field=FieldPath.of(str(number)))
    collected.error("required", "Required value")
    collected.warning("unknown-field", "Unknown field", field=FieldPath.of("last"))
    for _ in range(2):  # what is known is not counted twice
        collected.extend(list(collected.items))
    assert len(collected.items) == MAX_PROBLEMS
    assert len(collected.errors) == 1
    assert render(collected).endswith("\n\n1 error, 301 warnings; 202 of them are not shown\n")
    *shown, rest = to_json(collected)
    assert len(shown) == MAX_PROBLEMS
    assert rest == {
        "severity": "warning",
        "code": "not-shown",
        "summary": "202 more warnings are not shown",
        "notShown": {"errors": 0, "warnings": 202},
    }


def test_the_rest_is_counted_through_all_stages() -> None:
    """What one collector does not keep, the next one counts; renderers cut what was not cut."""
    first, second = Diagnostics(), Diagnostics()
    for number in range(MAX_PROBLEMS + 5):
        first.error("required", "Required value", field=FieldPath.of(str(number)))
        second.warning("unknown-field", "Unknown field", field=FieldPath.of(str(number)))
    second.extend(first)
    error = SpecError(second)
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    assert counts(again.diagnostics) == (MAX_PROBLEMS + 5, MAX_PROBLEMS + 5)
    assert str(again).endswith(f"(and {MAX_PROBLEMS + 4} more)")
    assert all(item.is_error for item in again.diagnostics)
    assert counts(second.with_warnings_as_errors()) == (2 * MAX_PROBLEMS + 10, 0)
    many = [Diagnostic("x", str(number)) for number in range(3 * MAX_PROBLEMS)]
    assert len(to_json(many)) == MAX_PROBLEMS + 1
    assert render(many).endswith("300 errors; 200 of them are not shown\n")
    short = render(many, longest=400)
    assert len(short) <= 400
    assert short.startswith("error[x]: 0\n") and short.endswith(" of them are not shown\n")


def test_nothing_renders_as_nothing() -> None:
    """No diagnostics, no text."""
    assert render([]) == ""
    assert to_json([]) == []


def test_hidden_lines_stay_hidden() -> None:
    """A span without text shows its place only."""
    item = Diagnostic("required", "Required value", span=Span("secret.yaml", 3, 5))
    assert render([item]) == ("error[required]: Required value\n --> secret.yaml:3:5\n\n1 error\n")


def test_colour_is_only_decoration() -> None:
    """Without its escape codes the coloured text is the plain one."""
    items = [TEMPLATE, REQUIRED, MERGE]
    coloured = render(items, color=True)
    assert coloured != render(items)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == render(items)


def columns_of_caret(text: str) -> tuple[str, str]:
    """The source line and the caret line of a report with one place, without the margin."""
    lines = text.split("\n")
    return lines[3].partition("| ")[2], lines[4].partition("| ")[2]


def test_carets_stand_under_wide_and_tabbed_text() -> None:
    """A wide character takes two columns, a tab four, a combining mark none."""
    for before, width in (("你好", 4), ("\t", 4), ("e\u0301", 1), ("\x1b", 4), ("\u202e", 6)):
        item = Diagnostic("x", "y", span=Span("f", 1, len(before) + 1, 2, before + "{{"))
        _, carets = columns_of_caret(render([item]))
        assert carets == " " * width + "^^"


def test_long_lines_show_the_caret() -> None:
    """A long line is cut around the place, marked by an ellipsis on each cut end."""
    text = "x" * 300 + "HERE" + "y" * 300
    line, carets = columns_of_caret(render([Diagnostic("x", "y", span=Span("f", 1, 301, 4, text))]))
    assert line.startswith("…")
    assert line.endswith("…")
    assert len(line) <= MAX_LINE_WIDTH + 2
    assert line[carets.index("^") : carets.index("^") + 4] == "HERE"


@given(st.text(max_size=300), st.integers(1, 320), st.integers(1, 400), st.text(max_size=60))
def test_terminals_obey_nothing(text: str, column: int, length: int, words: str) -> None:
    """Whatever is in the input: no control character is printed, no line runs away, no crash."""
    line = re.sub(r"[\r\n]", "", text)
    item = Diagnostic(
        "x",
        words,
        field=FieldPath.of(words),
        span=Span(words, 1, column, length, line),
        notes=(words,),
        go=words,
        help=words,
    )
    shown = render([item])
    assert all(
        character.isprintable() or character in "\n "
        for character in shown
        if not character.isspace()
    )
    assert "\x1b" not in shown
    assert "\r" not in shown
    assert shown.count("\n") <= 12


def test_json_is_data() -> None:
    """The JSON form has every member that is set, survives a round trip, and counts from 1."""
    (plain,) = json.loads(json.dumps(to_json([MERGE])))
    assert plain == {
        "severity": "error",
        "code": "merge-type",
        "summary": "cannot merge a string into a mapping",
        "field": "decodeDeployment",
        "file": "granite.yaml",
        "line": 131,
        "column": 18,
        "length": 4,
        "label": "overlay",
        "related": [{"file": "base.yaml", "line": 7, "column": 15, "length": 9, "text": "base"}],
        "notes": ['container "vllm"'],
    }


def test_the_headline_is_the_first_line() -> None:
    """``headline`` is what an Event or a condition has room for."""
    for item in (TEMPLATE, REQUIRED, MERGE):
        assert render([item]).split("\n")[0] == headline(item)
