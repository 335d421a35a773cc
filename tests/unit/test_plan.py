"""The Plan: what is planned, in what order, and that it is always the same."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from msvc_pulumi.document.inputs import load_inputs
from msvc_pulumi.document.source import Source, parse
from msvc_pulumi.errors import (
    Diagnostics,
    FieldPath,
    InterpolationError,
    ModelServiceError,
    PlanError,
    SpecError,
)
from msvc_pulumi.out.text import sections
from msvc_pulumi.plan import Plan, PlanOptions, plan_model_service

ROOT = Path(__file__).parents[2]


def sample(name: str, options: PlanOptions | None = None) -> Plan:
    inputs = load_inputs([str(ROOT / "samples" / name)])
    return plan_model_service(inputs.model_services[0], inputs.base_configs[0], options)


def service(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "llm-d.ai/v1alpha1",
        "kind": "ModelService",
        "metadata": {"name": "demo"},
        "spec": {
            "routing": {"modelName": "m"},
            "modelArtifacts": {"uri": "hf://a/b"},
            **spec,
        },
    }


def base(**data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b"}, "data": data}


def test_the_main_sample_has_all_its_children() -> None:
    """samples/facebook yields every kind of child, in dependency order."""
    plan = sample("facebook")
    keys = [planned.key for planned in plan]

    assert set(keys) == {
        "pdServiceAccount",
        "prefillDeployment",
        "prefillService",
        "decodeDeployment",
        "decodeService",
        "eppServiceAccount",
        "eppRole",
        "eppRoleBinding",
        "eppDeployment",
        "eppService",
        "inferencePool",
        "inferenceModel",
        "httpRoute",
    }
    for planned in plan:
        assert all(keys.index(other) < keys.index(planned.key) for other in planned.depends_on)


def test_a_cluster_role_is_bound_when_one_is_named() -> None:
    """Without a ClusterRole the endpoint picker gets a Role of its own; with one it is bound."""
    named = sample("facebook", PlanOptions(epp_cluster_role="picker"))

    assert "eppRole" not in [planned.key for planned in named]
    binding = next(planned for planned in named if planned.key == "eppRoleBinding")
    assert binding.manifest["roleRef"]["kind"] == "ClusterRole"


def test_applied_objects_have_no_empty_uid() -> None:
    """Owners appear only with a real uid, because the API server rejects an empty one."""
    without = sample("simple")
    owned = sample("simple", PlanOptions(owner_uid="u-1"))

    assert all("ownerReferences" not in planned.manifest["metadata"] for planned in without)
    owners = [planned.manifest["metadata"]["ownerReferences"] for planned in owned]
    assert all(owner[0]["uid"] == "u-1" for owner in owners)


def test_a_uid_in_a_file_is_printed_but_not_applied() -> None:
    """The sections name the owner as the original does; an object of that uid may be long gone."""
    document = service(decode={})
    document["metadata"]["uid"] = "u-2"
    plan = plan_model_service(document)

    printed = sections(plan)["decodeDeployment"]["metadata"]["ownerReferences"]
    assert [owner["uid"] for owner in printed] == ["u-2"]
    assert all("ownerReferences" not in planned.manifest["metadata"] for planned in plan)


def test_the_namespace_option_fills_in_only_what_is_missing() -> None:
    """A ModelService's own namespace wins over the option; templates see the result."""
    document = service(
        decode={"containers": [{"name": "c", "args": ["{{.ModelServiceNamespace}}"]}]}
    )
    filled = plan_model_service(document, None, PlanOptions(namespace="n"))
    document["metadata"]["namespace"] = "own"
    kept = plan_model_service(document, None, PlanOptions(namespace="n"))

    assert [filled.namespace, kept.namespace] == ["n", "own"]
    pod = filled.objects[-1].manifest["spec"]["template"]["spec"]
    assert pod["containers"][0]["args"] == ["n"]


def test_decoupled_replicas_are_left_to_others() -> None:
    """``decoupleScaling`` states the count at creation and ignores it afterwards."""
    plan = plan_model_service(service(decoupleScaling=True, decode={"replicas": 3}))
    deployment = next(planned for planned in plan if planned.key == "decodeDeployment")

    assert deployment.manifest["spec"]["replicas"] == 3
    assert deployment.ignore_changes == ("spec.replicas",)


def test_the_hash_changes_with_the_plan_and_with_nothing_else() -> None:
    """Equal inputs hash equally however often; any difference in what is applied shows."""
    assert sample("facebook").hash == sample("facebook").hash
    assert sample("facebook").hash != sample("facebook", PlanOptions(namespace="n")).hash


def test_output_does_not_depend_on_the_hash_seed() -> None:
    """``generate`` prints the same bytes under different PYTHONHASHSEED."""
    command = [sys.executable, "-m", "msvc_pulumi", "generate", "-m", "samples/facebook"]
    outputs = {
        subprocess.run(
            [*command, "-o", form],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2", "3")
        for form in ("manifests",)
    }

    assert len(outputs) == 1


def test_two_objects_of_one_identity_are_an_error() -> None:
    """Two ConfigMaps of one name cannot both be applied."""
    text = "[{metadata: {name: x}}, {metadata: {name: x}}]"

    with pytest.raises(PlanError) as error:
        plan_model_service(service(decode={}), base(configMaps=text))

    assert [item.code for item in error.value.diagnostics if item.is_error] == ["plan-duplicate"]


def test_nameless_objects_are_not_one() -> None:
    """The original prints a null item as a ConfigMap without a name, however many there are."""
    plan = plan_model_service(service(decode={}), base(configMaps="[null, {}]"))

    assert [planned.key for planned in plan][:2] == ["configMaps[0]", "configMaps[1]"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("immutable", "x"), ("metadata", {"name": []}), ("apiVersion", {}), ("binaryData", {"k": 1})],
)
def test_what_cannot_be_a_config_map_is_an_error(field: str, value: Any) -> None:
    """The base config is read as a ConfigMap, as in the original; other kinds may be named."""
    document = {**base(decodeService="{}"), "kind": "Other", "more": 1}
    assert not plan_model_service(service(decode={}), document).diagnostics

    with pytest.raises(InterpolationError):
        plan_model_service(service(decode={}), {**document, field: value})


def test_all_broken_templates_are_reported_together() -> None:
    """Every failing arg and section is named in one go, at its place in its own file."""
    text = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\ndata:\n"
        "  decodeDeployment: |\n    spec:\n      replicas: {{ .Nope }}\n"
        "  eppService: |\n    spec: {type: {{ getPrt }}}\n"
    )
    config = parse(Source("base.yaml", text), diagnostics=Diagnostics())[0]
    document = service(decode={"containers": [{"name": "c", "args": ["{{ .ModelNme }}"]}]})

    with pytest.raises(InterpolationError) as error:
        plan_model_service(document, config)

    found = {str(item.field): item for item in error.value.diagnostics}
    assert set(found) == {
        "spec.decode.containers[0].args[0]",
        "data.decodeDeployment",
        "data.eppService",
    }
    section = found["data.decodeDeployment"]
    assert section.span is not None
    assert (section.span.file, section.span.line) == ("base.yaml", 7)
    assert "ModelName" in found["spec.decode.containers[0].args[0]"].help


def test_a_wrong_type_in_a_rendered_section_points_at_the_file() -> None:
    """A mistake behind rendered lines is shown at its line in the BaseConfig."""
    text = (
        "kind: ConfigMap\nmetadata: {name: b}\ndata:\n  decodeDeployment: |\n"
        '    {{- range list "a" "b" }}\n    # {{ . }}\n    {{- end }}\n'
        "    spec:\n      replicas: many\n"
    )
    config = parse(Source("base.yaml", text), diagnostics=Diagnostics())[0]

    with pytest.raises(ModelServiceError) as error:
        plan_model_service(service(decode={}), config)

    (problem,) = [item for item in error.value.diagnostics if item.is_error]
    assert str(problem.field) == "data.decodeDeployment.spec.replicas"
    assert problem.span is not None
    assert (problem.span.line, problem.span.column) == (9, 17)


def test_a_bad_uri_lists_the_accepted_forms() -> None:
    """An unknown scheme is an error that names what there is."""
    with pytest.raises(SpecError) as error:
        plan_model_service(service(modelArtifacts={"uri": "s3://bucket/model"}))

    (problem,) = error.value.diagnostics
    assert problem.code == "unsupported-uri"
    assert "hf://" in problem.help and "oci://" in problem.help


def test_an_unknown_port_is_a_warning_and_renders_as_in_go() -> None:
    """``getPort`` of an unknown name renders -1 and says which name was meant."""
    document = service(
        routing={"modelName": "m", "ports": [{"name": "app_port", "port": 1}]},
        decode={"containers": [{"name": "c", "args": ['{{ "app-port" | getPort }}']}]},
    )

    plan = plan_model_service(document)

    pod = plan.objects[-1].manifest["spec"]["template"]["spec"]
    assert pod["containers"][0]["args"] == ["-1"]
    (warning,) = plan.diagnostics
    assert (warning.code, warning.is_error) == ("unknown-port", False)
    assert '"app_port"' in warning.help


def test_every_leaf_has_an_origin() -> None:
    """Provenance answers for every field: base config, model service or generated."""
    plan = sample("facebook")
    deployment = next(planned for planned in plan if planned.key == "decodeDeployment")

    origins = {
        str(path): deployment.origin(path)
        for path in (
            FieldPath.of("spec", "replicas"),
            FieldPath.of("spec", "template", "spec", "containers", 0, "image"),
            FieldPath.of("metadata", "name"),
        )
    }

    assert [origin.kind for origin in origins.values()] == [
        "model service",
        "base config",
        "generated",
    ]
    span = origins["spec.replicas"].span
    assert span is not None and span.text.strip() == "replicas: 2"


def test_roles_of_the_base_alone_exist_unless_it_opts_out() -> None:
    """A role that only the BaseConfig describes is planned (Q02), or not, by its annotation."""
    config = base(prefillDeployment="{}", prefillService="{}", decodeDeployment="{}")
    document = service(decode={"replicas": 1})

    planned = [item.key for item in plan_model_service(document, config)]
    assert "prefillDeployment" in planned
    assert "prefillService" in planned

    config["metadata"]["annotations"] = {"llm-d.ai/roles": "stated"}
    planned = [item.key for item in plan_model_service(document, config)]
    assert planned == ["pdServiceAccount", "decodeDeployment"]

    config["metadata"]["annotations"] = {"llm-d.ai/roles": "sometimes"}
    with pytest.raises(ModelServiceError):
        plan_model_service(document, config)


def test_tolerations_and_priority_come_from_either_side() -> None:
    """The ModelService adds tolerations to the base's and chooses the priority class."""
    text = "spec: {template: {spec: {priorityClassName: low, tolerations: [{key: a}]}}}"
    decode = {"tolerations": [{"key": "b", "operator": "Exists"}], "priorityClassName": "high"}

    alone = plan_model_service(service(decode={}), base(decodeDeployment=text))
    both = plan_model_service(service(decode=decode), base(decodeDeployment=text))

    pods = [plan.objects[-1].manifest["spec"]["template"]["spec"] for plan in (alone, both)]
    assert [pod["priorityClassName"] for pod in pods] == ["low", "high"]
    assert pods[0]["tolerations"] == [{"key": "a"}]
    assert pods[1]["tolerations"] == [{"key": "a"}, {"key": "b", "operator": "Exists"}]
