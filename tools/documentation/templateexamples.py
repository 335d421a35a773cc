"""The examples of template variables, functions, filters and tests, and what they really give."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

import yaml

from msvc_pulumi.api.v1alpha1 import load_model_service
from msvc_pulumi.artifacts import ModelArtifact, parse_artifact
from msvc_pulumi.document.source import parse
from msvc_pulumi.document.sourcefile import read_source
from msvc_pulumi.errors import Diagnostics, FieldPath, Span
from msvc_pulumi.gotemplate import WIDE, Budget
from msvc_pulumi.interpolation.interpolate import Interpolation
from msvc_pulumi.naming import ChildNames

__all__ = ["Example", "examples", "given", "themes", "variable_names"]


class Example(NamedTuple):
    """What ``name`` does, a template that uses it, and the text that it gives."""

    name: str
    does: str
    template: str
    gives: str


def themes(root: Path, file: str) -> dict[str, list[Example]]:
    """The examples of ``docs/template-language/FILE``, by theme."""
    value = yaml.safe_load((root / "docs/template-language" / file).read_text())
    return {
        theme: [
            Example(str(name), entry["does"], entry["example"], entry["gives"])
            for name, entry in entries.items()
        ]
        for theme, entries in value.items()
    }


def examples(root: Path, file: str) -> Iterator[Example]:
    """The same one after the other."""
    for entries in themes(root, file).values():
        yield from entries


def given(root: Path, dialect: str, template: str) -> str:
    """What ``template`` gives for the ModelService of docs/template-language/example.yaml.

    Raises ValueError with what is wrong with it.
    """
    problems = Diagnostics()
    interpolation = replace(_interpolation(root), diagnostics=problems, budget=Budget())
    rendered = interpolation.render(
        template,
        dialect,
        WIDE,
        field=FieldPath.of("data", "example"),
        locate=lambda _, __: Span("example", 1, 1),
    )
    if rendered is None or list(problems):
        raise ValueError("; ".join(f"{item.code}: {item.summary}" for item in problems))
    return rendered.text


def variable_names(root: Path) -> set[str]:
    """All variables that there are."""
    return set(_interpolation(root).variables.values)


@cache
def _interpolation(root: Path) -> Interpolation:
    problems = Diagnostics()
    source = read_source(str(root / "docs/template-language/example.yaml"))
    (document,) = parse(source, diagnostics=problems)
    service = load_model_service(document, problems)
    if service is None:
        raise ValueError(list(problems))
    artifacts = service.spec.model_artifacts
    artifact = parse_artifact(
        artifacts.uri, auth_secret_name=artifacts.auth_secret_name, size=None, pull_policy=""
    )
    if not isinstance(artifact, ModelArtifact):
        raise ValueError(artifact)
    return Interpolation.of(service, ChildNames(service.name), artifact, problems, document)
