"""Tests of rendering: what comes out, where it comes from, and that only TemplateError escapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from msvc_pulumi.gotemplate import (
    NARROW,
    WIDE,
    Function,
    Profile,
    Rendered,
    Struct,
    TemplateError,
    render,
)

VARS = Struct(
    "controller.TemplateVars",
    [
        ("ModelServiceName", "modelServiceName", "llama"),
        ("ModelName", "modelName", "acme/tiny"),
        ("AuthSecretName", "authSecretName", ""),
    ],
    [("Replicas", "replicas", 2)],
)
PORTS = {"app": 8000}
GET_PORT = Function("getPort", lambda name: PORTS.get(name, -1), ("string",), result="int32")


def rendered(text: str, data: Any = VARS, **options: Any) -> str:
    return render(text, data, functions={"getPort": GET_PORT}, **options).text


def failure(text: str, **options: Any) -> TemplateError:
    with pytest.raises(TemplateError) as caught:
        rendered(text, **options)
    return caught.value


@given(st.text().filter(lambda text: "{{" not in text and not _has_surrogates(text)))
def test_text_without_actions_is_itself(text: str) -> None:
    """Text comes out as it is, and every character of it maps to itself."""
    result = render(text, {})
    assert result.text == text
    assert all(result.source_offset(offset) == offset for offset in range(len(text)))


def _has_surrogates(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


CODES = {
    "template-syntax",
    "template-exec",
    "template-limit",
    "template-disabled",
    "template-unprintable",
}
PIECES = [
    *("{{", "}}", "{{-", "-}}", "{%", " ", "\n", ".", "$", "$x", ":=", "=", "|", "(", ")", ","),
    *("if", "else", "end", "range", "with", "define", "template", "block", "break", "continue"),
    *(".ModelName", ".x", "nil", "true", "1", "-1", "1.5", "0x", "'a'", '"a"', "`b`", '"', "`"),
    *("list", "dict", "print", "printf", "index", "len", "upper", "add", "regexMatch", "toJson"),
    *("é", "\\", "/*", "*/", "#", "until", "eq", "and", "{{ end }}", "\x00", "\U0001f600"),
]


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join), st.sampled_from([NARROW, WIDE]))
@example("{{", NARROW)
@example("{{/*", NARROW)
@example("{{ if }}", NARROW)
def test_only_template_error_escapes(text: str, profile: Profile) -> None:
    """Whatever the text is, it renders or raises a TemplateError that points into it."""
    outcome: Rendered | TemplateError
    try:
        outcome = render(text, VARS, functions={"getPort": GET_PORT}, profile=profile)
    except TemplateError as error:
        outcome = error
    if isinstance(outcome, TemplateError):
        assert outcome.code in CODES
        assert 0 <= outcome.offset <= len(text)
        assert outcome.message


def test_output_maps_back_to_its_source() -> None:
    """Text maps to its own place, an action's result to where the action begins."""
    source = "a: {{ .ModelName }}\nb: {{- upper `x` }} c"
    result = render(source, VARS)
    assert result.text == "a: acme/tiny\nb:X c"
    assert result.source_offset(0) == 0
    assert result.source_offset(result.text.index("acme")) == source.index("{{ .Model")
    assert result.source_offset(result.text.index("tiny")) == source.index("{{ .Model")
    assert result.source_offset(result.text.index("b:")) == source.index("b:")
    assert result.source_offset(result.text.index("X")) == source.index("{{- upper")
    assert result.source_offset(result.text.index(" c")) == source.index(" c")


def test_output_of_a_defined_template_maps_into_it() -> None:
    """What a template call writes comes from the called template's text."""
    source = '{{ define "t" }}inner{{ end }}outer {{ template "t" }}'
    result = render(source, VARS)
    assert result.source_offset(result.text.index("inner") + 2) == source.index("inner") + 2


@pytest.mark.parametrize(
    "text",
    [
        "{{ list . }}",
        '{{ print (dict "a" .) }}',
        '{{ printf "%v" (list .) }}',
        '{{ printf "%p" (list 1) }}',
        "{{ list . | quote }}",
        "{{ toString (list .) }}",
    ],
)
def test_a_pointer_cannot_be_printed(text: str) -> None:
    """Go prints where in memory it is, another place in every run."""
    with pytest.raises(TemplateError) as caught:
        render(text, Struct("T", [("Name", "name", "a")]))
    assert caught.value.code == "template-unprintable"
    assert caught.value.help


def test_struct_prints_its_fields_only() -> None:
    """``{{ . }}`` and toJson show the declared fields; additional ones can still be read."""
    assert rendered("{{ . }}") == "{llama acme/tiny }"
    assert rendered("{{ toJson . }}") == '{"modelServiceName":"llama","modelName":"acme/tiny"}'
    assert rendered("{{ add .Replicas 1 }}") == "3"


@pytest.mark.parametrize(
    ("text", "go", "marked", "remedy"),
    [
        (
            "x {{ .ModelNam }}",
            'template: template:1:5: executing "template" at <.ModelNam>: '
            "can't evaluate field ModelNam in type *controller.TemplateVars",
            ".ModelNam",
            "did you mean .ModelName?",
        ),
        (
            "é\n  {{ .ModelName.Foo }}",
            'template: template:2:15: executing "template" at <.ModelName.Foo>: '
            "can't evaluate field Foo in type string",
            ".Foo",
            "",
        ),
        (
            "{{ uper .ModelName }}",
            'template: template:1: function "uper" not defined',
            "uper",
            "did you mean upper?",
        ),
        (
            "\n{{ getport `app` }}",
            'template: template:2: function "getport" not defined',
            "getport",
            "did you mean getPort?",
        ),
        (
            "{{ upper (print 1) | trunc 2.5 }}",
            'template: template:1:27: executing "template" at <2.5>: expected integer; found 2.5',
            "2.5",
            "",
        ),
        ("a {{ if true }}b", "template: template:1: unexpected EOF", "", ""),
        (
            "{{ index (list 1) 5 }}",
            'template: template:1:3: executing "template" at <index (list 1) 5>: '
            "error calling index: index out of range: 5",
            "index (list 1) 5",
            "",
        ),
    ],
)
def test_errors_say_what_go_says_and_mark_the_term(
    text: str, go: str, marked: str, remedy: str
) -> None:
    """The Go message is exact, the offset marks the failing term, help names the near miss."""
    error = failure(text)
    assert error.go == go
    assert text[error.offset : error.offset + error.length] == marked
    assert error.help == remedy


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ('{{ getPort "app" }}', "8000"),
        ('{{ "nope" | getPort }}', "-1"),
        ('{{ typeOf (getPort "app") }}', "int32"),
        ('{{ eq (getPort "app") 8000 }}', "true"),
    ],
)
def test_caller_functions_behave_like_go_functions(text: str, result: str) -> None:
    """A caller's function takes piped arguments and returns its declared Go type."""
    assert rendered(text) == result


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{ getPort }}", "wrong number of args for getPort: want 1 got 0"),
        ('{{ "x" | getPort "app" }}', "wrong number of args for getPort: want 1 got 2"),
        ("{{ getPort 8000 }}", "expected string; found 8000"),
        ("{{ getPort .Replicas }}", "wrong type for value; expected string; got int"),
    ],
)
def test_caller_functions_check_their_arguments(text: str, message: str) -> None:
    """Count and types of arguments are checked before the function is called."""
    assert failure(text).message == message


def test_a_plain_callable_takes_anything() -> None:
    """Functions need no description; what one raises is the template's error."""

    def total(*numbers: int) -> int:
        return sum(numbers)

    functions: dict[str, Callable[..., Any]] = {"total": total}
    assert render("{{ total 1 2 3 }}", {}, functions=functions).text == "6"
    with pytest.raises(TemplateError, match="error calling total: TypeError"):
        render('{{ total 1 "a" }}', {}, functions=functions)


@pytest.mark.parametrize(
    ("option", "text", "result"),
    [
        ("default", "{{ .nope }}", "<no value>"),
        ("zero", "{{ .nope }}", "<no value>"),
        ("zero", '{{ (split "," "a").b }}|', "|"),
        ("default", '{{ (split "," "a").b }}|', "<no value>|"),
    ],
)
def test_missing_keys_follow_the_option(option: str, text: str, result: str) -> None:
    """missingkey=default and zero differ in maps whose values are not interfaces."""
    assert rendered(text, {}, missing_key=option) == result


def test_a_missing_key_can_be_an_error() -> None:
    """missingkey=error names the key."""
    error = failure("{{ .nope }}", data={}, missing_key="error")
    assert error.message == 'map has no entry for key "nope"'


def test_data_are_not_shared_between_renders_of_one_text() -> None:
    """Compiled templates are reused; variables and output are not."""
    text = '{{ $x := .n }}{{ $x = add $x 1 }}{{ $x }}{{ define "t" }}{{ . }}{{ end }}'
    assert [rendered(text, {"n": number}) for number in (1, 5, 1)] == ["2", "6", "2"]


def test_narrow_is_smaller_than_wide() -> None:
    """What exceeds the model owner's bounds fits into the platform owner's."""
    text = "{{ range 3000 }}x{{ end }}"
    assert failure(text, profile=NARROW).code == "template-limit"
    assert rendered(text, profile=WIDE) == "x" * 3000


def test_bytes_that_are_no_text_become_replacement_characters() -> None:
    """Go strings are bytes; what is cut inside a character is shown as U+FFFD, once a byte."""
    assert rendered('{{ trunc 1 "é" }}|{{ "\\xff\\xfe" }}') == "\ufffd|\ufffd\ufffd"
    assert rendered('{{ $a := trunc 1 "é" }}{{ $b := trunc -1 "é" }}{{ print $a $b }}') == "é"
