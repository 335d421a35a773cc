"""A namespace that nobody stated is told where a template prints it, and nowhere else."""

from __future__ import annotations

import pytest

from msvc_pulumi.plan import PlanOptions, plan_model_service

PRINTED = [
    ("go", "{{ .ModelServiceNamespace }}"),
    ("go", "--pool-namespace={{- $.ModelServiceNamespace -}}"),
    ("go", "redis.{{ .ModelServiceNamespace | quote }}.svc"),
    ("go", '{{ printf "redis.%s.svc" .ModelServiceNamespace }}'),
    ("go", "{{ if .ModelName }}{{ .ModelServiceNamespace }}{{ end }}"),
    (
        "go",
        "{{ with $n := .ModelServiceNamespace }}-n {{ $n }}{{ end }}{{ .ModelServiceNamespace }}",
    ),
    ("jinja2", "{{ ModelServiceNamespace }}"),
    ("jinja2", "redis.{{ ModelServiceNamespace | lower }}.svc"),
]
HANDLED = [
    ("go", "no template, ModelServiceNamespace by name only"),
    ("go", '{{ .ModelServiceNamespace | default "default" }}'),
    ("go", "{{ with .ModelServiceNamespace }}--namespace={{ . }}{{ end }}"),
    ("go", '{{ if ne .ModelServiceNamespace "" }}-n {{ .ModelServiceNamespace }}{{ end }}'),
    ("go", '{{ if eq .ModelServiceNamespace "prod" }}--quiet{{ end }}'),
    ("jinja2", "{{ ModelServiceNamespace or 'default' }}"),
    ("jinja2", "{% if ModelServiceNamespace %}-n {{ ModelServiceNamespace }}{% endif %}"),
]


def warned(dialect: str, template: str, namespace: str = "", *, in_base: bool = False) -> bool:
    """Whether the plan warns, for the template in the ModelService's args or in the BaseConfig."""
    notes = {"llm-d.ai/template-dialect": dialect}
    service = {
        "apiVersion": "llm-d.ai/v1alpha1",
        "kind": "ModelService",
        "metadata": {"name": "demo", "annotations": notes},
        "spec": {
            "routing": {"modelName": "acme/tiny"},
            "modelArtifacts": {"uri": "hf://acme/tiny"},
            "decode": {"containers": [{"name": "c", "args": [] if in_base else [template]}]},
        },
    }
    section = f"spec:\n  template:\n    spec:\n      hostname: |\n        {template}\n"
    base = {"metadata": {"annotations": notes}, "data": {"decodeDeployment": section}}
    options = PlanOptions(namespace=namespace)
    plan = plan_model_service(service, base if in_base else None, options)
    return "empty-namespace" in {item.code for item in plan.diagnostics}


@pytest.mark.parametrize("in_base", [False, True])
@pytest.mark.parametrize(("dialect", "template"), PRINTED)
def test_printed(dialect: str, template: str, in_base: bool) -> None:
    """It is told, unless a namespace is given."""
    assert warned(dialect, template, in_base=in_base)
    assert not warned(dialect, template, "serving", in_base=in_base)


@pytest.mark.parametrize(("dialect", "template"), HANDLED)
def test_handled(dialect: str, template: str) -> None:
    """A template that provides for it is not bothered."""
    assert not warned(dialect, template)
