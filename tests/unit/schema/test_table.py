"""The table of Go types."""

from __future__ import annotations

import json
from importlib import resources

import pytest

from msvc_pulumi.errors import Diagnostics, FieldPath
from msvc_pulumi.schema import (
    Kind,
    decode,
    extend,
    lookup,
    parse_type,
    type_at,
    type_name,
)
from msvc_pulumi.schema.encode import encode_zero
from msvc_pulumi.schema.table import Type

NAMES = sorted(json.loads(resources.files("msvc_pulumi.schema").joinpath("types.json").read_text()))


def inner(type_: Type) -> Type:
    return inner(type_.item) if type_.item else type_


def test_every_type_resolves() -> None:
    """Every field of every struct has a type, and every struct it names is in the table."""
    for name in NAMES:
        for field in lookup(name).fields.values():
            type_ = inner(field.type)
            assert (type_.kind is Kind.STRUCT) == (type_.struct in NAMES), f"{name}.{field.name}"


def test_field_names_differ_in_more_than_case() -> None:
    """Case-insensitive reading never has two candidates."""
    for name in NAMES:
        struct = lookup(name)
        assert len(struct.folded) == len(struct.fields), name


@pytest.mark.parametrize(
    ("api_version", "kind", "name"),
    [
        ("v1", "Service", "core/v1.Service"),
        ("apps/v1", "Deployment", "apps/v1.Deployment"),
        ("autoscaling/v2", "HorizontalPodAutoscaler", "autoscaling/v2.HorizontalPodAutoscaler"),
        ("keda.sh/v1alpha1", "ScaledObject", "keda.sh/v1alpha1.ScaledObject"),
        ("v1", "Container", None),
        ("v1", "Nothing", None),
    ],
)
def test_type_name(api_version: str, kind: str, name: str | None) -> None:
    """Kinds are found by apiVersion and kind; structs that are no kinds are not."""
    assert type_name(api_version, kind) == name


@pytest.mark.parametrize(
    ("path", "kind", "pointer"),
    [
        (("spec", "replicas"), Kind.INT, True),
        (("spec", "template", "spec", "containers", 0, "env", 3, "value"), Kind.STRING, False),
        (("metadata", "labels", "any"), Kind.STRING, False),
        (
            ("spec", "template", "spec", "containers", 0, "resources", "limits", "cpu"),
            Kind.QUANTITY,
            False,
        ),
    ],
)
def test_type_at(path: tuple[str | int, ...], kind: Kind, pointer: bool) -> None:
    """A path leads through structs, lists and maps."""
    type_ = type_at("apps/v1.Deployment", path)
    assert type_
    assert (type_.kind, type_.pointer) == (kind, pointer)


@pytest.mark.parametrize(
    "path", [("nothing",), ("spec", "replicas", "deeper"), ("metadata", "nme", 0)]
)
def test_type_at_nowhere(path: tuple[str | int, ...]) -> None:
    """A path that leads nowhere has no type."""
    assert type_at("apps/v1.Deployment", path) is None


@pytest.mark.parametrize("expression", ["nothing", "[]nothing", "apps/v1.Nothing", ""])
def test_unknown_expressions(expression: str) -> None:
    """A type nobody knows is the caller's mistake."""
    with pytest.raises(KeyError):
        parse_type(expression)


def test_extend() -> None:
    """Own types join the table and use its types; a name means one thing only."""
    own = {"example.dev/v1.Own": {"size": "*quantity,omitempty", "env": "[]core/v1.EnvVar"}}
    extend(own)
    extend(own)
    diagnostics = Diagnostics()
    value = {"size": 1000, "env": [{"name": 1}]}
    stated = decode("example.dev/v1.Own", value, at=FieldPath(), diagnostics=diagnostics)
    assert stated == {"size": "1k", "env": [{"name": "1"}]}
    assert not diagnostics.items
    with pytest.raises(ValueError, match="other fields"):
        extend({"example.dev/v1.Own": {}})


@pytest.mark.parametrize("name", NAMES)
def test_zero_of_every_type(name: str) -> None:
    """The zero value of every struct can be printed, and printing it again changes nothing."""
    zero = encode_zero(name, {})
    assert encode_zero(name, zero) == zero
