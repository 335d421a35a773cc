"""Values as encoding/json reads them, presence-aware, with every problem reported at its place."""

from __future__ import annotations

import copy
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msvc_pulumi.errors import Diagnostic, Diagnostics, FieldPath
from msvc_pulumi.schema import decode
from msvc_pulumi.schema.encode import encode_zero

DEPLOYMENT = "apps/v1.Deployment"


@pytest.mark.parametrize("key", [1, None, True, 1.5, b"x", (1,)])
@pytest.mark.parametrize("at", ["metadata", "metadata.labels", "data", ""])
def test_keys_that_are_no_text_are_errors(key: Any, at: str) -> None:
    """Only a program can state them; no text that is parsed does."""
    value: dict[Any, Any] = {"metadata": {"labels": {}}, "data": {}}
    place = value
    for step in filter(None, at.split(".")):
        place = place[step]
    place[key] = "a"
    _, found = read("core/v1.ConfigMap", value)

    assert [(item.code, str(item.field)) for item in found] == [("invalid-key", at)]


@pytest.mark.parametrize("value", [b"x", (1,), {1}, object()])
def test_values_that_are_no_data_are_errors(value: Any) -> None:
    """Whatever the type wants."""
    for type_name in ("string", "int32", "bool", "quantity", "any", "[]string", DEPLOYMENT):
        diagnostics = Diagnostics()
        decode(type_name, value, at=FieldPath(), diagnostics=diagnostics)
        assert [item.code for item in diagnostics] in (["invalid-type"], ["invalid-quantity"])


def read(type_name: str, value: Any, *at: str | int) -> tuple[Any, list[Diagnostic]]:
    diagnostics = Diagnostics()
    before = copy.deepcopy(value)
    result = decode(type_name, value, at=FieldPath.of(*at), diagnostics=diagnostics)
    assert repr(value) == repr(before), "the argument was changed"
    return result, diagnostics.items


@pytest.mark.parametrize(
    ("type_name", "value", "want"),
    [
        ("string", 8000, "8000"),
        ("string", True, "true"),
        ("string", 4.50, "4.5"),
        ("string", 3.14159265358979, "3.1415927"),
        ("string", 123456789.5, "1.2345679e+08"),
        ("string", math.inf, "+Inf"),
        ("string", 18446744073709551615, "18446744073709551615"),
        ("int32", 2.0, 2),
        ("int32", 1e1, 10),
        ("int32", -2147483648, -2147483648),
        ("int64", 9223372036854775807, 9223372036854775807),
        ("int64", 1234567890123456789.0, 1234567890123456800),  # JSON's shortest digits
        ("bool", False, False),
        ("quantity", 0.5, "500m"),
        ("quantity", 1000, "1k"),
        ("quantity", " 7 ", "7"),
        ("intOrString", 80.0, 80),
        ("intOrString", "80", "80"),
        ("time", "2024-01-02T03:04:05.9+02:00", "2024-01-02T01:04:05Z"),
        ("bytes", "aGVs\nbG8=", "aGVsbG8="),
        ("any", {"a": [1.0, None, 2.5]}, {"a": [1, None, 2.5]}),
        ("any", 1234567890123456789.0, 1234567890123456800),
        ("[]string", [None, 1, "x"], ["", "1", "x"]),
        ("{}quantity", {"cpu": None, "memory": "1024Mi"}, {"cpu": "0", "memory": "1Gi"}),
        ("core/v1.EnvVar", {"name": 5, "value": ""}, {"name": "5", "value": ""}),
        ("core/v1.PodSpec", {"containers": [None], "volumes": None}, {"containers": [{}]}),
        (
            "core/v1.PodSpec",
            {"tolerations": [], "affinity": {}},
            {"tolerations": [], "affinity": {}},
        ),
        ("apps/v1.DeploymentSpec", {"replicas": 0}, {"replicas": 0}),
        ("core/v1.Container", {"Image": "b"}, {"image": "b"}),
        ("core/v1.Container", {"IMAGE": "b", "image": "a"}, {"image": "a"}),
        ("core/v1.HostAlias", {"IP": 1, "iP": 2}, {"ip": "2"}),
        ("core/v1.PodSpec", {"hostpid": True, "hostPID": False}, {"hostPID": True}),
        ("core/v1.Container", None, None),
    ],
)
def test_accepted(type_name: str, value: Any, want: Any) -> None:
    """Only what was stated is there, in Go's spelling (semantics.md section 2.1)."""
    result, problems = read(type_name, value)
    assert result == want
    assert type(result) is type(want)
    assert problems == []


CLASH = "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal "


@pytest.mark.parametrize(
    ("type_name", "value", "code", "said", "go"),
    [
        (
            DEPLOYMENT,
            {"spec": {"replicas": "2"}},
            "invalid-type",
            'spec.replicas: Invalid value: "string": must be an integer',
            CLASH + "string into Go struct field DeploymentSpec.spec.replicas of type int32",
        ),
        (
            "core/v1.Service",
            {"spec": {"ports": [{"port": 3000000000}]}},
            "out-of-range",
            "spec.ports[0].port: Invalid value: 3000000000: "
            "must be between -2147483648 and 2147483647, inclusive",
            CLASH
            + "number 3000000000 into Go struct field ServicePort.spec.ports.port of type int32",
        ),
        (
            "int32",
            1.5,
            "invalid-type",
            ": Invalid value: 1.5: must be an integer",
            CLASH + "number 1.5 into Go value of type int32",
        ),
        (
            "[]core/v1.ConfigMap",
            {},
            "invalid-type",
            ': Invalid value: "object": must be a list',
            CLASH + "object into Go value of type []v1.ConfigMap",
        ),
        (
            "core/v1.EnvVar",
            {"valueFrom": {"secretKeyRef": {"name": ["a"]}}},
            "invalid-type",
            'valueFrom.secretKeyRef.name: Invalid value: "array": must be a string',
            CLASH
            + "array into Go struct field SecretKeySelector.valueFrom.secretKeyRef."
            + "LocalObjectReference.name of type string",
        ),
        (
            "core/v1.Container",
            {"stdin": "true"},
            "invalid-type",
            'stdin: Invalid value: "string": must be a boolean',
            CLASH + "string into Go struct field Container.stdin of type bool",
        ),
        (
            "core/v1.Container",
            {"resources": {"limits": 5}},
            "invalid-type",
            'resources.limits: Invalid value: "integer": must be an object',
            CLASH + "number into Go struct field ResourceRequirements.resources.limits of type "
            "v1.ResourceList",
        ),
        (
            "core/v1.Container",
            {"resources": {"limits": {"cpu": "two"}}},
            "invalid-quantity",
            'resources.limits.cpu: Invalid value: "two": quantities must match the regular '
            "expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
            "error unmarshaling JSON: while decoding JSON: quantities must match the regular "
            "expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        ),
        (
            DEPLOYMENT,
            {"spec": {"replicas": math.inf}},
            "not-finite",
            "spec.replicas: Invalid value: +Inf: must be a finite number",
            "error converting YAML to JSON: json: unsupported value: +Inf",
        ),
        (
            "meta/v1.ObjectMeta",
            {"deletionTimestamp": "yesterday"},
            "invalid-time",
            'deletionTimestamp: Invalid value: "yesterday": must be a time like '
            "2006-01-02T15:04:05Z",
            "",
        ),
        (
            "core/v1.ConfigMap",
            {"binaryData": {"a.bin": "%"}},
            "invalid-base64",
            'binaryData[a.bin]: Invalid value: "string": must be base64 text',
            "",
        ),
    ],
)
def test_refused(type_name: str, value: Any, code: str, said: str, go: str) -> None:
    """A clash names the place, says it in Kubernetes' words and, where known, verbatim in Go's."""
    _, (problem,) = read(type_name, value)
    assert problem.is_error
    assert problem.code == code
    assert f"{problem.field}: {problem.summary}" == said
    assert problem.go == go


@pytest.mark.parametrize(
    ("type_name", "value", "field", "help_"),
    [
        (DEPLOYMENT, {"spec": {"replcas": 2}}, "spec.replcas", "did you mean replicas?"),
        (
            "core/v1.Service",
            {"type": "X"},
            "type",
            "did you mean spec.type? (check the indentation)",
        ),
        (DEPLOYMENT, {"zzz": 1}, "zzz", ""),
    ],
)
def test_unknown_field(type_name: str, value: Any, field: str, help_: str) -> None:
    """A field the type does not have is dropped with a warning that names what was meant (Q15)."""
    result, problems = read(type_name, value)
    (problem,) = problems
    assert not problem.is_error
    assert (problem.code, str(problem.field), problem.help) == ("unknown-field", field, help_)
    assert encode_zero(type_name, result) == encode_zero(type_name, {})  # nothing of it is left


def test_all_problems_at_once() -> None:
    """One pass finds every problem, below ``at``, in the input's spelling; the rest is kept."""
    value = {
        "Metadata": {"name": "a", "labels": {"x": [1]}},
        "spec": {"replicas": "1", "paused": 1, "template": {"spec": {"containers": "c"}}},
        "stauts": {},
    }
    result, problems = read(DEPLOYMENT, value, "data", "decodeDeployment")
    assert sorted(str(problem.field) for problem in problems) == [
        "data.decodeDeployment.Metadata.labels.x",
        "data.decodeDeployment.spec.paused",
        "data.decodeDeployment.spec.replicas",
        "data.decodeDeployment.spec.template.spec.containers",
        "data.decodeDeployment.stauts",
    ]
    assert result["metadata"]["name"] == "a"
    assert result["spec"] == {"template": {"spec": {}}}


def test_values_of_the_wrong_type_are_not_shown() -> None:
    """A value that stands in the wrong place may be a secret: only its type is named."""
    _, problems = read("core/v1.Container", {"stdin": "hunter2", "env": "hunter2"})
    assert len(problems) == 2
    assert "hunter2" not in repr(problems)


@pytest.mark.parametrize(
    ("value", "help_"), [("2", "remove the quotes"), ("-2", "remove the quotes"), ("two", "")]
)
def test_quoted_numbers(value: str, help_: str) -> None:
    """The likely mistake is named where it is likely."""
    _, (problem,) = read("int32", value)
    assert problem.help == help_


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(("metadata", "spec", "template", "containers", "env", "name", "x")),
            inner,
            max_size=3,
        )
    ),
)


@given(json_values)
def test_any_value_is_read(value: Any) -> None:
    """No value raises, and what is left can be printed."""
    result, _ = read(DEPLOYMENT, value)
    if result is not None:
        encode_zero(DEPLOYMENT, result)


@given(json_values)
def test_reading_is_idempotent(value: Any) -> None:
    """What was read reads back as itself without complaint."""
    result, _ = read(DEPLOYMENT, value)
    assert read(DEPLOYMENT, result) == (result, [])


def test_unknown_type() -> None:
    """A type nobody knows is the caller's mistake."""
    with pytest.raises(KeyError):
        read("apps/v1.Nothing", {})
