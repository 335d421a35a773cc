"""The rules on plans: each finding once, at the side that has to change."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from msvc_pulumi.cli import main

CASES = Path(__file__).parent / "refusals" / "cases.yaml"


def test_case(planned_case: dict[str, Any], check_case: Callable[[dict[str, Any]], None]) -> None:
    """Findings are as the case says, in the order of the plan."""
    check_case(planned_case)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    status = main([*arguments, "--format", "json"])
    return status, json.loads(capsys.readouterr().err or "[]")


def test_both_sides_are_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Where the sides contradict each other, the finding has both places."""
    (tmp_path / "m.yaml").write_text(
        "apiVersion: llm-d.ai/v1alpha1\nkind: ModelService\nmetadata: {name: a}\nspec: "
        "{routing: {modelName: m}, "
        "modelArtifacts: {uri: 'hf://a/b'}, decode: {containers: [{name: c,\n"
        "resources: {limits: {cpu: 1}}}]}}\n"
    )
    (tmp_path / "b.yaml").write_text(
        "kind: ConfigMap\nmetadata: {name: b}\ndata: {decodeDeployment: 'spec: {template: {spec: "
        "{containers: [{name: c, image: i, resources: {requests: {cpu: 2}}}]}}}'}\n"
    )
    status, problems = run(
        capsys, "validate", "-m", str(tmp_path / "m.yaml"), "-b", str(tmp_path / "b.yaml")
    )
    (problem,) = problems
    (other,) = problem["related"]
    assert (status, Path(problem["file"]).name, problem["line"]) == (1, "b.yaml", 3)
    assert (Path(other["file"]).name, other["line"]) == ("m.yaml", 5)


def test_what_the_plan_says_is_not_said_again(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A placement that is checked where it is read is an error of validate, and one."""
    (tmp_path / "m.yaml").write_text(
        "apiVersion: llm-d.ai/v1alpha1\nkind: ModelService\nmetadata: {name: a}\nspec: "
        "{routing: {modelName: m}, "
        "modelArtifacts: {uri: 'hf://a/b'}, decode: {containers: [{name: c, image: i}], "
        "tolerations: [{key: a, operator: Like}], "
        "acceleratorTypes: {labelKey: 'a b', labelValues: [x]}}}\n"
    )
    status, problems = run(capsys, "validate", "-m", str(tmp_path / "m.yaml"))
    assert status == 1
    found = sorted((item["field"], item["severity"], item["code"]) for item in problems)
    assert found == [
        ("spec.decode.acceleratorTypes.labelKey", "error", "invalid-value"),
        ("spec.decode.tolerations[0].operator", "error", "invalid-value"),
    ]


def test_a_port_of_nodes_is_given_once(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Two ModelServices of one BaseConfig that states a port of nodes."""
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(
            f"apiVersion: llm-d.ai/v1alpha1\nkind: ModelService\nmetadata: {{name: {name}}}\nspec: "
            f"{{routing: {{modelName: {name}}}, modelArtifacts: {{uri: 'hf://a/b'}}, decode: "
            "{containers: [{name: c, image: i}]}}\n"
        )
    (tmp_path / "base.yml").write_text(
        "kind: ConfigMap\napiVersion: v1\nmetadata: {name: b}\ndata: {decodeService: "
        "'spec: {type: NodePort, ports: [{port: 80, nodePort: 30080}]}'}\n"
    )
    files = ("-m", str(tmp_path / "a.yaml"), "-m", str(tmp_path / "b.yaml"))
    status, problems = run(capsys, "validate", *files, "-b", str(tmp_path / "base.yml"))
    assert status == 1
    assert [item["code"] for item in problems] == ["node-port-conflict"]


@pytest.mark.parametrize("dialect", ["go", "jinja2"])
def test_chat_templates(dialect: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Whoever passes a chat template is told how to write it in the dialect of the document."""
    (tmp_path / "m.yaml").write_text(
        "apiVersion: llm-d.ai/v1alpha1\nkind: ModelService\n"
        f"metadata: {{name: a, annotations: {{llm-d.ai/template-dialect: {dialect}}}}}\n"
        "spec: {routing: {modelName: m}, modelArtifacts: {uri: 'hf://a/b'}, decode: {containers: "
        "[{name: c, args: ['{% for message in messages %}{{ message[\"role\"] }}']}]}}\n"
    )
    status, problems = run(capsys, "generate", "-m", str(tmp_path / "m.yaml"))
    told = next(item["help"] for item in problems if item["code"].startswith("template-"))
    assert status == 1
    assert ('{{ "{{" }}' if dialect == "go" else "{% raw %}") in told
