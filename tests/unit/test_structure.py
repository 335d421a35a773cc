"""No value of a ModelService changes the structure of a BaseConfig's section.

Every case prints a hostile value somewhere and a harmless one in the same place: the two sections
have one structure, or the hostile one is refused. That the cases can fail is a test of its own.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from msvc_pulumi.document.source import Document, Source, parse
from msvc_pulumi.errors import Diagnostics, FieldPath, ModelServiceError, Severity
from msvc_pulumi.gotemplate import Struct
from msvc_pulumi.interpolation.interpolate import Interpolation
from msvc_pulumi.interpolation.structure import SectionText
from msvc_pulumi.plan import plan_model_service

HARMLESS = "acme-harmless"
TABLES = Path(__file__).parent / "structure"
INJECTIONS = yaml.safe_load((TABLES / "injections.yaml").read_text(encoding="utf-8"))
HOSTILE, PLACES = INJECTIONS["values"], INJECTIONS["places"]
CARRIERS = yaml.safe_load((TABLES / "carriers.yaml").read_text(encoding="utf-8"))
FREE = yaml.safe_load((TABLES / "free.yaml").read_text(encoding="utf-8"))
DIALECTS = {"go": "{{ .ModelName }}", "jinja2": "{{ ModelName }}"}


def template(place: str, dialect: str) -> str:
    if dialect == "jinja2":
        place = place.replace("{{ toJson . }}", "{{ [ModelName, {'k': ModelName}] | tojson }}")
    return place.replace("X", DIALECTS[dialect])


def section(text: str, dialect: str, value: str) -> SectionText:
    document = Document.of({"data": {"key": text}}, "baseconfig")
    diagnostics = Diagnostics()
    fields = [("ModelName", "modelName", value), ("ModelServiceNamespace", "namespace", "team")]
    interpolation = Interpolation(Struct("controller.TemplateVars", fields), {}, diagnostics)
    rendered = interpolation.section(document, "key", text, dialect)
    assert rendered is not None, diagnostics.items
    field = FieldPath.of("data", "key")
    return SectionText(document, field, text, rendered, dialect, interpolation)


def structure(text: SectionText, *, guarded: bool) -> Any:
    """The shape of what the section is parsed to; None where it is refused."""
    if guarded and any(text.problems()):
        return None
    documents = parse(Source("", text.rendered.text), diagnostics=Diagnostics())
    if not documents:
        return None
    inner = documents[0]
    if guarded and (any(text.repeated(inner)) or any(text.retyped(inner, None))):
        return None
    return shape(inner.value)


def shape(value: Any) -> Any:
    if isinstance(value, dict):
        return ("map", *map(shape, value.values()))
    if isinstance(value, list):
        return ("list", *map(shape, value))
    return type(value).__name__


CASES = len(PLACES) * len(HOSTILE) * len(DIALECTS)


def changed(dialect: str, *, guarded: bool) -> Iterator[tuple[str, str]]:
    """The cases in which the hostile value makes another structure than the harmless one."""
    for place in PLACES:
        text = template(place, dialect)
        expected = structure(section(text, dialect, HARMLESS), guarded=guarded)
        for value in HOSTILE:
            found = structure(section(text, dialect, value), guarded=guarded)
            if found is not None and found != expected:
                yield place, value


@pytest.mark.parametrize("dialect", DIALECTS)
def test_no_value_changes_the_structure(dialect: str) -> None:
    """Of thousands of injections none adds, removes or retypes a node."""
    assert CASES > 10_000
    assert list(changed(dialect, guarded=True)) == []


def test_injections_change_the_structure_without_the_guard() -> None:
    """The cases are worth something: hundreds of them are attacks that work."""
    assert len(list(changed("go", guarded=False))) > 500


@pytest.mark.parametrize(
    ("dialect", "carrier"), [(name, text) for name, rows in CARRIERS.items() for text in rows]
)
def test_a_value_is_known_wherever_a_template_takes_it(dialect: str, carrier: str) -> None:
    """However it gets there, it is refused as structure, with its name and a remedy."""
    text = section(f"key: {carrier}\nother: 1\n", dialect, "x\nhostpid: true")
    problems = list(text.problems())

    assert "hostpid" in text.rendered.text or "%0A" in text.rendered.text
    assert problems or "%0A" in text.rendered.text
    for problem in problems:
        assert problem.code == "template-structure"
        assert problem.is_error
        assert "ModelName" in problem.summary


@pytest.mark.parametrize(
    ("dialect", "text", "value"),
    [
        ("go", 'key: {{ printf "%q" (index .ModelName 0) | replace "\'" "" }}', "{"),
        ("go", 'key: {{ printf "%#U" (index .ModelName 0) | trimPrefix "U+0023 " }}', "#"),
        ("go", "key: {{ .ModelName | fromJson | toJson }}", '{"hostPID": true}'),
        ("go", "key: {{ .ModelName | fromJson }}", "true"),
        ("go", "key: {{ range fromJson .ModelName }}[]{{ end }}", "[1]"),
        ("go", """key: {{ printf `{"a":"%s"}` .ModelName | fromJson | toJson }}""", '","b":"'),
        ("jinja2", "key: {% autoescape true %}{{ ModelName }}{% endautoescape %}", "a: b"),
    ],
)
def test_no_value_gets_past_its_mark(dialect: str, text: str, value: str) -> None:
    """What would forget where a value comes from is refused by the template engine."""
    document = Document.of({"data": {"key": text}}, "baseconfig")
    diagnostics = Diagnostics()
    fields = [("ModelName", "modelName", value), ("ModelServiceNamespace", "namespace", "team")]
    variables = Struct("controller.TemplateVars", fields)
    interpolation = Interpolation(variables, {}, diagnostics)
    rendered = interpolation.section(document, "key", text, dialect)
    if rendered is not None:
        field = FieldPath.of("data", "key")
        written = SectionText(document, field, text, rendered, dialect, interpolation)
        diagnostics.extend(written.problems())

    assert diagnostics.errors


@pytest.mark.parametrize("value", ["acme/tiny-7b", "a\"b'c: {d} [e] #f", "true", "-"])
@pytest.mark.parametrize(
    ("dialect", "text"), [(name, text) for name, rows in FREE.items() for text in rows]
)
def test_what_authors_write_stays_free(dialect: str, text: str, value: str) -> None:
    """Structure out of literals, and values that are quoted as the remedy says, are no problem."""
    written = section(text, dialect, value)
    found = Diagnostics()
    documents = parse(Source("", written.rendered.text), diagnostics=found)

    assert list(written.problems()) == []
    assert documents, found.items
    assert list(written.repeated(documents[0])) == []
    assert list(written.retyped(documents[0], None)) == []


@pytest.mark.parametrize("text", ["{{ quote .ModelName }}", "{{ .ModelName | toJson }}"])
def test_a_quoted_value_is_read_as_it_was_stated(text: str) -> None:
    """The remedy keeps every value whole."""
    for value in HOSTILE:
        if {"\x7f", "\x85"} & set(value):
            continue  # no ModelService can state them
        rendered = section(f"key: {text}\n", "go", value).rendered.text
        assert parse(Source("", rendered), diagnostics=Diagnostics())[0].value == {"key": value}


def model_service(**stated: str) -> dict[str, Any]:
    return {
        "apiVersion": "llm-d.ai/v1alpha1",
        "kind": "ModelService",
        "metadata": {"name": stated.get("name", "demo"), "namespace": stated.get("namespace", "a")},
        "spec": {
            "routing": {
                "modelName": stated.get("modelName", "acme/tiny"),
                "ports": [{"name": stated.get("port", "app"), "port": 8000}],
            },
            "modelArtifacts": {
                "uri": stated.get("uri", "hf://acme/tiny"),
                **({"authSecretName": s} if (s := stated.get("authSecretName")) else {}),
            },
            "decode": {"containers": [{"name": "vllm"}]},
        },
    }


FIELDS = {
    "name": "{}",
    "namespace": "{}",
    "modelName": "{}",
    "uri": "pvc://claim/{}",
    "authSecretName": "{}",
    "port": "{}",
}
VARIABLES = (
    *("ModelServiceName", "ModelServiceNamespace", "ModelName", "HFModelName", "AuthSecretName"),
    *("SanitizedModelName", "ModelPath", "MountedModelPath", "EPPServiceName", "InferencePoolName"),
    *("EPPDeploymentName", "PrefillDeploymentName", "DecodeDeploymentName", "PrefillServiceName"),
    *("DecodeServiceName", "InferenceModelName"),
)
SPEC = "spec: {template: {spec: {containers: [{name: vllm, args: [%s, '-v']}]}}}\n"
SPECS = (
    "spec:\n  template:\n    spec:\n      containers:\n      - args:\n        - X\n",
    "metadata:\n  labels:\n    X: 'y'\nspec:\n  template:\n    spec:\n      containers: []\n",
    SPEC % '"X"',
    SPEC % "'X'",
)


def planned_shape(service: dict[str, Any], base: dict[str, Any]) -> Any:
    try:
        plan = plan_model_service(service, base)
    except ModelServiceError as error:
        return {item.code for item in error.diagnostics if item.is_error}
    return {planned.key: shape(planned.manifest) for planned in plan}


def test_no_field_of_a_model_service_changes_its_objects() -> None:
    """The whole way: each field and variable, quoted or not, in both dialects, drawn by chance."""
    draw = random.Random(13)  # noqa: S311
    refused = {
        "template-structure",
        "invalid-value",
        "invalid-uri",
        "yaml-syntax",
        "unsupported-uri",
    }
    cases = list(product(FIELDS, VARIABLES, SPECS, DIALECTS))
    for field, variable, spec, dialect in draw.sample(cases, 400):
        name = f"{{{{ .{variable} }}}}" if dialect == "go" else f"{{{{ {variable} }}}}"
        base = {
            "metadata": {"annotations": {"llm-d.ai/template-dialect": dialect}},
            "data": {"decodeDeployment": spec.replace("X", name)},
        }
        hostile = model_service(**{field: FIELDS[field].format("a" + draw.choice(HOSTILE))})
        harmless = model_service(**{field: FIELDS[field].format("ab")})
        found = planned_shape(hostile, base)
        if isinstance(found, set):
            assert found <= refused, (field, variable, found)
        else:
            assert found == planned_shape(harmless, base), (field, variable, hostile)


def test_the_diagnostic_names_value_variable_and_remedy() -> None:
    """It points at the print in the BaseConfig, and at the value in the ModelService."""
    base = {"data": {"decodeDeployment": "metadata:\n  labels:\n    a: {{ .ModelName }}\n"}}
    with pytest.raises(ModelServiceError) as caught:
        plan_model_service(model_service(modelName="x, y: z # w"), base)
    problem = next(item for item in caught.value.diagnostics if item.is_error)

    assert problem.code == "template-structure"
    assert str(problem.field) == "data.decodeDeployment"
    assert problem.span is not None
    assert "{{ .ModelName }}" in problem.span.text
    assert "modelName" in problem.related[0].span.text
    assert "spec.routing.modelName" in problem.related[0].text
    assert "{{ .ModelName | toJson }}" in problem.help


@pytest.mark.parametrize(
    ("value", "text", "code", "severity"),
    [
        ("1.10", "metadata: {labels: {a: {{ .ModelName }}}}", "template-retyped", Severity.WARNING),
        ("null", "metadata: {labels: {a: {{ .ModelName }}}}", "template-structure", Severity.ERROR),
        ("3", "spec: {replicas: {{ .ModelName }}}", "template-structure", Severity.ERROR),
        ("true", "spec: {paused: {{ .ModelName }}}", "template-structure", Severity.ERROR),
        (
            "a",
            "metadata: {labels: {a: x, {{ .ModelName }}: y}}",
            "template-structure",
            Severity.ERROR,
        ),
    ],
)
def test_a_retyped_value_is_no_error_only_where_it_stays_text(
    value: str, text: str, code: str, severity: Severity
) -> None:
    """A label is text whatever YAML reads; a count and an absent label are not."""
    try:
        found = plan_model_service(
            model_service(modelName=value), {"data": {"decodeDeployment": text}}
        ).diagnostics
    except ModelServiceError as error:
        found = error.diagnostics
    assert (code, severity) in [(item.code, item.severity) for item in found]


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("mark", ["\n", "\r", "\x00", "\x7f", "\x85", "\u2028", "\u2029", "\ufeff"])
def test_control_characters_are_refused_where_they_are_stated(field: str, mark: str) -> None:
    """What YAML takes for a line end has no place in a name or a URI."""
    with pytest.raises(ModelServiceError) as caught:
        plan_model_service(model_service(**{field: FIELDS[field].format(f"a{mark}b")}))
    problems = [item for item in caught.value.diagnostics if item.is_error]

    assert {item.code for item in problems} <= {"invalid-value", "invalid-uri"}
    assert any("must be one line" in item.summary for item in problems)
    assert all(mark not in item.summary for item in problems if "one line" in item.summary)
