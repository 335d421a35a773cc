"""What all templates of a plan may cost together, and that planning ends at the first bound."""

from __future__ import annotations

from typing import Any

import pytest

from msvc_pulumi.document.source import Document, Source, parse
from msvc_pulumi.errors import Diagnostics, InterpolationError
from msvc_pulumi.gotemplate import NARROW, WIDE, Budget, TemplateError, render
from msvc_pulumi.gotemplate.errors import LimitExceededError
from msvc_pulumi.gotemplate.limits.budget import Meter
from msvc_pulumi.gotemplate.sprig import dates
from msvc_pulumi.nearest import nearest
from msvc_pulumi.plan import Plan, plan_model_service

DERIVING = '{{ derivePassword 1 "pin" "p" "u" "s" }}'


def service(args: list[str], **annotations: str) -> dict[str, Any]:
    return {
        "apiVersion": "llm-d.ai/v1alpha1",
        "kind": "ModelService",
        "metadata": {"name": "m", "namespace": "n", "annotations": annotations},
        "spec": {
            "modelArtifacts": {"uri": "hf://a/b"},
            "routing": {"modelName": "a/b", "ports": [{"name": "app", "port": 8000}]},
            "decode": {"containers": [{"name": "vllm", "args": args}]},
        },
    }


def args_of(plan: Plan) -> Any:
    deployment = next(planned for planned in plan if planned.key == "decodeDeployment")
    return deployment.manifest["spec"]["template"]["spec"]["containers"][0]["args"]


@pytest.mark.parametrize(
    ("dialect", "arg"),
    [
        ("go", '--model={{ .ModelName }}:{{ getPort "app" }}'),
        ("jinja2", "--model={{ ModelName }}:{{ getPort('app') }}"),
    ],
)
def test_many_honest_args_pass(dialect: str, arg: str) -> None:
    """Two hundred different args are no matter in either dialect."""
    args = [f"{arg}-{number}" for number in range(200)]
    plan = plan_model_service(service(args, **{"llm-d.ai/template-dialect": dialect}))
    assert args_of(plan) == [f"--model=a/b:8000-{number}" for number in range(200)]


def test_a_large_honest_base_config_passes() -> None:
    """A section as large as a ConfigMap may be, with a variable in every tenth line."""
    lines = [
        "        " + "x" * 100 + (" {{ .ModelName }}" if not number % 10 else "")
        for number in range(9_000)
    ]
    section = "\n".join(["- metadata: {name: c}", "  data:", "    a: |", *lines, ""])
    assert 900_000 < len(section) < 1 << 20
    base = {"kind": "ConfigMap", "metadata": {"name": "b"}, "data": {"configMaps": section}}
    planned = plan_model_service(service([]), base)
    (config,) = (each for each in planned if each.manifest["kind"] == "ConfigMap")
    assert config.manifest["data"]["a"].count("x a/b\n") == 900


def test_planning_stops_at_the_first_bound_and_says_where() -> None:
    """The third derivation is one too many, and none of the others is tried."""
    text = "\n".join(
        [
            "apiVersion: llm-d.ai/v1alpha1",
            "kind: ModelService",
            "metadata: {name: m}",
            "spec:",
            '  modelArtifacts: {uri: "hf://a/b"}',
            "  routing: {modelName: a/b}",
            "  decode:",
            "    containers:",
            "    - name: vllm",
            "      args:",
            *[f"      - 'x{DERIVING}'"] * 40,
            "",
        ]
    )
    (document,) = parse(Source("m.yaml", text), diagnostics=Diagnostics())
    assert isinstance(document, Document)
    with pytest.raises(InterpolationError) as caught:
        plan_model_service(document)
    (problem,) = (each for each in caught.value.diagnostics if each.is_error)
    assert problem.code == "template-limit"
    assert str(problem.field) == "spec.decode.containers[0].args[2]"
    assert problem.help == "bound of all templates of one ModelService together"
    assert problem.span is not None and (problem.span.line, problem.span.column) == (13, 14)


def test_a_budget_is_shared_by_both_profiles() -> None:
    """What one template takes the next one has not; without a budget there is no sum."""
    budget = Budget()
    for profile in (WIDE, NARROW):
        assert render(DERIVING, None, profile=profile, budget=budget).text.isdigit()
    with pytest.raises(TemplateError) as caught:
        render(DERIVING, None, budget=budget)
    assert caught.value.code == "template-limit"
    assert render(DERIVING, None).text.isdigit()
    budget.seconds = 0
    with pytest.raises(TemplateError, match="left it nothing"):
        render("{{ 1 }}", None, budget=budget)


def test_a_failed_template_takes_from_the_budget_too() -> None:
    """Time and memory of a template that is stopped are gone."""
    budget = Budget()
    before = (budget.seconds, budget.memory, budget.templates)
    with pytest.raises(TemplateError):
        render('{{ $x := repeat 90000 "x" }}{{ fail "no" }}', None, budget=budget)
    assert all(now < then for now, then in zip(_state(budget), before, strict=True))
    assert budget.memory <= before[1] - 90_000


def _state(budget: Budget) -> tuple[float, int, int]:
    return budget.seconds, budget.memory, budget.templates


def test_arguments_are_weighed_as_often_as_they_are_given() -> None:
    """One text given many times is as costly as many texts."""
    text = "x" * 200_000
    Meter(WIDE).arguments([text] * 100)
    with pytest.raises(LimitExceededError):
        Meter(WIDE).arguments([text] * 1_000)
    with pytest.raises(LimitExceededError):
        Meter(NARROW).arguments([text])


def test_what_is_remembered_is_bounded() -> None:
    """Zones that templates name are not all kept."""
    for number in range(200):
        render(f'{{{{ dateInZone "2006" 0 "Nowhere/{number}" }}}}', None)
    assert dates._location.cache_info().currsize <= 64


def test_nearest_names_of_a_flood() -> None:
    """A known name is found among thousands that are not alike; long names have none."""
    flood = [f"{number}" * 20 for number in range(3_000)]
    assert nearest("modelNme", [*flood, "modelName"]) == "modelName"
    assert nearest("modelName" * 10, ["modelName" * 10 + "s"]) is None
    assert nearest("", [""]) is None
