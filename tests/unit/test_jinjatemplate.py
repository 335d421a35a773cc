"""Tests of the jinja2 dialect: variables, functions, errors and bounds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msvc_pulumi.gotemplate import NARROW, WIDE, Function, Profile, Struct, TemplateError
from msvc_pulumi.jinjatemplate import render

VARS = Struct(
    "controller.TemplateVars",
    [("ModelName", "modelName", "acme/tiny"), ("AuthSecretName", "authSecretName", "")],
    [("Replicas", "replicas", 2)],
)
PORTS = {"app": 8000}
GET_PORT = Function("getPort", lambda name: PORTS.get(name, -1), ("string",), result="int32")


def rendered(text: str, **options: Any) -> str:
    return render(text, VARS, functions={"getPort": GET_PORT}, **options).text


def failure(text: str, **options: Any) -> TemplateError:
    with pytest.raises(TemplateError) as caught:
        rendered(text, **options)
    return caught.value


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("{{ ModelName }}:{{ Replicas + 1 }}\n", "acme/tiny:3\n"),
        ("{{ getPort('app') }} {{ 'nope' | getPort }}", "8000 -1"),
        ("{% if AuthSecretName %}a{% else %}b{% endif %}", "b"),
        ("{% for x in range(3) if x %}{{ x }}{{ ',' if not loop.last }}{% endfor %}", "1,2"),
        ("{% macro m(a, b=2) %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}{{ m(3, b=4) }}", "1234"),
        (
            "{% set n = namespace(x=0) %}{% for i in [1, 2] %}{% set n.x = n.x + i %}{% endfor %}"
            "{{ n.x }}",
            "3",
        ),
        ("{{ ModelName.split('/')[1].upper() ~ 1 }}", "TINY1"),
        ("{{ [3, 1] | sort | join('-') }} {{ {'a': [1]} | tojson }}", '1-3 {"a": [1]}'),
        ("{{ '%05d' | format(42) }} {{ 'a-b' | replace('-', '_') }}", "00042 a_b"),
        ("{% set x %}a{{ ModelName }}{% endset %}{{ x | upper }}", "aACME/TINY".upper()),
        ("{{ x | default('d') }} {{ x is defined }}", "d False"),
        (
            "{% for x in [[1, [2]]] recursive %}{{ x if x is number else loop(x) }}{% endfor %}",
            "12",
        ),
        ("{{ 7 // 2 }} {{ 2 ** 10 }} {{ 'x' * 3 }} {{ [1] + [2] }}", "3 1024 xxx [1, 2]"),
    ],
)
def test_templates_render(text: str, result: str) -> None:
    """Jinja's language works with the variables of the Go dialect and the caller's functions."""
    assert rendered(text) == result


@pytest.mark.parametrize(
    ("text", "code", "message", "marked", "remedy"),
    [
        (
            "a\n  {{ ModelNam }}",
            "template-exec",
            "'ModelNam' is undefined",
            "ModelNam",
            "did you mean ModelName?",
        ),
        ("{% if %}", "template-syntax", "Expected an expression", "{% if %}", ""),
        ("\n{{ 'a' }", "template-syntax", "unexpected '}'", "}", ""),
        ("{{ 'x' | nope }}", "template-syntax", "No filter named 'nope'", "nope", ""),
        ("{{ getPort(1) }}", "template-exec", "expected string; got int", "{{ getPort(1) }}", ""),
        ("{{ getPort() }}", "template-exec", "want 1 got 0", "{{ getPort() }}", ""),
        ("x\n{{ 1 / 0 }}", "template-exec", "division by zero", "{{ 1 / 0 }}", ""),
        (
            "{{ ModelName.__class__ }}",
            "template-disabled",
            "access to attribute '__class__'",
            "__class__",
            "",
        ),
        (
            "{% include 'x' %}",
            "template-disabled",
            "cannot load another one",
            "{% include 'x' %}",
            "there are no other templates here; use a macro",
        ),
    ],
)
def test_errors_point_at_their_place(
    text: str, code: str, message: str, marked: str, remedy: str
) -> None:
    """Every error is a TemplateError with the word it speaks of, or its line, marked."""
    error = failure(text)
    assert error.code == code
    assert message in error.message
    assert text[error.offset : error.offset + error.length] == marked
    assert error.help == remedy


@pytest.mark.parametrize(
    "expression",
    [
        *("cycler", "range", "dict", "namespace(a=1)", "joiner()", "cycler(1)", "self", "range(3)"),
        *(
            "[1] | map('upper')",
            "[2, 1] | reverse",
            "{'a': 1}.items()",
            "{'a': 1}.keys()",
            "getPort",
        ),
        *(
            "[cycler]",
            "{'a': [range]}",
            "{cycler: 1}",
            "cycler ~ ''",
            "cycler | string",
            "cycler | e",
        ),
        *("'%s' | format(cycler)", "[cycler] | join", "cycler | upper", "[dict] | tojson"),
        *("cycler | safe", "{'a': cycler} | xmlattr", "'a' | replace('a', cycler)", "'a'.upper"),
        *("[1 if false]", "[1] | select", "[1, 2] | batch(1)", "[1, 2] | slice(1)"),
    ],
)
def test_only_data_can_be_printed(expression: str) -> None:
    """The text of all else is a place in memory, another one in every run: another plan hash."""
    error = failure(f"a\n{{{{ {expression} }}}}")
    assert error.code == "template-unprintable"
    assert "0x" not in error.message
    assert error.help


@pytest.mark.parametrize(
    "text",
    [
        "{% macro m() %}{% endmacro %}{{ m }}",
        "{% for x in [1] %}{{ loop }}{% endfor %}",
        "{% macro m() %}{{ caller }}{% endmacro %}{% call m() %}{% endcall %}",
        "{% set x = namespace() %}{% set x.y = x %}{{ [x.y] }}",
    ],
)
def test_what_the_language_makes_is_no_data(text: str) -> None:
    """A macro, a loop and a caller can be called and asked, not printed."""
    assert failure(text).code == "template-unprintable"


PIECES = [
    *("{{", "}}", "{%", "%}", "{#", "#}", " ", "\n", "|", "(", ")", "[", "]", "~", "*", "**", "+"),
    *("if", "else", "endif", "for", "in", "endfor", "set", "macro", "endmacro", "block", "filter"),
    *("x", "ModelName", "range", "1", "9", "'a'", "=", ".", "loop", "self", "caller", "namespace"),
    *("join", "upper", "é", "\\", "\x00", "raw", "include", "import", "extends"),
]


@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join), st.sampled_from([NARROW, WIDE]))
def test_only_template_error_escapes(text: str, profile: Profile) -> None:
    """Whatever the text is, it renders or raises a TemplateError that points into it."""
    outcome: str | TemplateError
    try:
        outcome = rendered(text, profile=profile)
    except TemplateError as error:
        outcome = error
    if isinstance(outcome, TemplateError):
        assert outcome.message
        assert 0 <= outcome.offset <= len(text)


@given(st.text(st.characters(codec="utf-8", exclude_characters="{\r")))
def test_text_without_tags_is_itself(text: str) -> None:
    """Text comes out as it is and maps to itself."""
    result = render(text, VARS)
    assert result.text == text
    assert all(result.source_offset(offset) == offset for offset in range(len(text)))


def test_output_maps_back_to_its_source() -> None:
    """Text maps to its own place, an expression's result to its tag."""
    source = "a: b\nc: {{ ModelName }}\nd: {{ Replicas }}!\n"
    result = render(source, VARS)
    for word in ("a: b", "c: ", "d: ", "!"):
        assert result.source_offset(result.text.index(word)) == source.index(word)
    assert result.source_offset(result.text.index("tiny")) == source.index("{{ ModelName")
    assert result.source_offset(result.text.index("2")) == source.index("{{ Replicas")


def test_functions_belong_to_their_render() -> None:
    """One compiled template uses the functions of the render it is in."""
    text = "{{ 'app' | getPort }}{{ getPort('app') }}"
    for port in (1, 2):
        function = Function("getPort", lambda name, port=port: port, ("string",))
        assert render(text, VARS, functions={"getPort": function}).text == f"{port}{port}"


def test_narrow_is_smaller_than_wide() -> None:
    """What exceeds the model owner's bounds fits into the platform owner's."""
    text = "{% for x in range(3000) %}x{% endfor %}"
    assert failure(text, profile=NARROW).code == "template-limit"
    assert rendered(text, profile=WIDE) == "x" * 3000
