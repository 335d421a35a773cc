"""What lies outside a ModelService's namespace: used where it is allowed, and never told of."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest
import yaml

from msvc_pulumi.cluster.baseconfigs import unavailable
from msvc_pulumi.cluster.modelservices import Reference, plan_of
from msvc_pulumi.components.clusterplan import options_from_json, options_to_json
from msvc_pulumi.errors import Diagnostic, ModelServiceError
from msvc_pulumi.plan import plan_model_service
from msvc_pulumi.report import render, to_json
from msvc_pulumi.target.options import PlanOptions
from msvc_pulumi.target.reach import ALLOWED_NAMESPACES, Reach

OURS = ("foreign-", "engine-annotation", "stated-finalizer")
SAMPLES = Path(__file__).resolve().parents[2] / "samples"
OWN, OTHER = "team-a", "platform"


def service(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "llm-d.ai/v1alpha1",
        "kind": "ModelService",
        "metadata": {"name": "tiny", "namespace": OWN, "uid": "1"},
        "spec": {
            "baseConfigMapRef": {"name": "base", "namespace": OTHER},
            "routing": {"modelName": "m"},
            "modelArtifacts": {"uri": "hf://a/b"},
            "decode": {},
            **spec,
        },
    }


def config(
    data: dict[str, str] | None = None, namespace: str = OWN, allowed: str = ""
) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": "base", "namespace": namespace}
    if allowed:
        metadata["annotations"] = {ALLOWED_NAMESPACES: allowed}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data or {}}


def found(
    item: dict[str, Any], base: dict[str, Any], reach: Reach | None
) -> dict[str, tuple[bool, str]]:
    """Code → whether it is an error, and its field."""
    try:
        diagnostics = plan_model_service(item, base, PlanOptions(reach=reach)).diagnostics
    except ModelServiceError as error:
        diagnostics = error.diagnostics
    ours = [one for one in diagnostics if one.code.startswith(OURS)]
    assert all(one.help and one.span for one in ours)
    return {one.code: (one.is_error, str(one.field)) for one in ours}


@pytest.mark.parametrize(
    ("allowed", "namespaces", "is_allowed"),
    [
        ("", (), False),
        (OWN, (), True),
        ("team-b, team-a", (), True),
        ("team-b team-a", (), True),
        ("*", (), True),
        ("team", (), False),
        ("team-*", (), False),
        ("team-ab,team-b", (), False),
        ("", (OTHER,), True),
        ("", ("*",), True),
        ("team-b", ("elsewhere",), False),
    ],
)
def test_a_base_config_of_another_namespace(
    allowed: str, namespaces: tuple[str, ...], is_allowed: bool
) -> None:
    """Its owner or the platform's allows it; without that it is refused, or told on the way to
    somebody who applies with rights of their own.
    """
    base, reach = config(namespace=OTHER, allowed=allowed), Reach(base_configs=namespaces)
    at = "spec.baseConfigMapRef.namespace"
    refused = {} if is_allowed else {"foreign-base-config": (True, at)}
    assert found(service(), base, reach) == refused
    says_so = is_allowed and not namespaces
    assert found(service(), base, None) == ({} if says_so else {"foreign-base-config": (False, at)})

    problem = unavailable(Reference(OTHER, "base"), base, OWN, reach)
    assert (problem is None) == is_allowed


@pytest.mark.parametrize(
    "annotations", [None, [], {ALLOWED_NAMESPACES: 1}, {ALLOWED_NAMESPACES: ""}]
)
def test_no_annotation_allows_nothing(annotations: Any) -> None:
    """Whatever stands in its place."""
    base = config(namespace=OTHER)
    base["metadata"]["annotations"] = annotations
    assert unavailable(Reference(OTHER, "base"), base, OWN, Reach()) is not None


def test_nobody_is_told_whether_it_exists() -> None:
    """A ConfigMap that may not be used has the answer of one that is not there."""
    reference = Reference(OTHER, "base")
    answers = [
        unavailable(reference, item, OWN, Reach())
        for item in (None, config(namespace=OTHER), config(namespace=OTHER, allowed="team-b"))
    ]
    assert len(set(answers)) == 1 and answers[0] is not None
    # Of one's own namespace, and of one that is everybody's, it is told.
    for where, reach in ((OWN, Reach()), (OTHER, Reach(base_configs=(OTHER,)))):
        missing = unavailable(Reference(where, "base"), None, OWN, reach)
        assert missing is not None and missing.code == "base-config-not-found"


FOREIGN = "data.configMaps[0].metadata.namespace"
TRIGGER = "spec.triggers[0].authenticationRef"
OBJECT = "[{metadata: {name: x, namespace: kube-system}}]"
SCALED = """
kind: ScaledObject
spec:
  triggers:
    - type: cron
      metadata: {}
      authenticationRef: {name: everybodys, kind: %s}
"""
EVERYBODYS = SCALED % "ClusterTriggerAuthentication"
OWNER = "{apiVersion: llm-d.ai/v1alpha1, kind: %s, name: %s, uid: '%s'}"
ENGINE = "metadata: {annotations: {%s: 'true'}}"
OWNED = "metadata: {ownerReferences: [%s]}"


@pytest.mark.parametrize(
    ("section", "text", "reach", "told"),
    [
        ("configMaps", OBJECT, None, {"foreign-namespace": (False, FOREIGN)}),
        ("configMaps", OBJECT, Reach(), {"foreign-namespace": (True, FOREIGN)}),
        ("configMaps", OBJECT, Reach(objects=("default",)), {"foreign-namespace": (True, FOREIGN)}),
        (
            "configMaps",
            OBJECT,
            Reach(objects=("kube-system",)),
            {"foreign-namespace": (False, FOREIGN)},
        ),
        ("configMaps", OBJECT, Reach(objects=("*",)), {"foreign-namespace": (False, FOREIGN)}),
        ("configMaps", "[{metadata: {name: x, namespace: team-a}}]", Reach(), {}),
        ("configMaps", "[{metadata: {name: x, namespace: ' '}}]", Reach(), {}),
        (
            "configMaps",
            "[{metadata: {name: x, namespace: '{{ .ModelName }}'}}]",
            Reach(),
            {"foreign-namespace": (True, FOREIGN)},
        ),
        # The namespace of all others is the ModelService's, whatever is stated.
        ("decodeService", "metadata: {namespace: kube-system}", Reach(), {}),
        ("decodeDeployment", "metadata: {namespace: kube-system}", Reach(), {}),
        (
            "decodeAutoscaler",
            EVERYBODYS,
            Reach(),
            {"foreign-credentials": (True, f"data.decodeAutoscaler.{TRIGGER}")},
        ),
        ("decodeAutoscaler", EVERYBODYS, Reach(trigger_authentications=("everybodys",)), {}),
        ("decodeAutoscaler", EVERYBODYS, None, {}),
        ("decodeAutoscaler", SCALED % "TriggerAuthentication", Reach(), {}),
        (
            "decodeService",
            "spec: {externalIPs: [192.0.2.1]}",
            Reach(),
            {"foreign-address": (True, "data.decodeService.spec.externalIPs")},
        ),
        ("decodeService", "spec: {externalIPs: [192.0.2.1]}", Reach(external_ips=True), {}),
        ("decodeService", "spec: {externalIPs: [192.0.2.1]}", None, {}),
        (
            "decodeService",
            OWNED % (OWNER % ("ModelService", "b", 2)),
            Reach(),
            {"foreign-owner": (True, "data.decodeService.metadata.ownerReferences")},
        ),
        ("decodeService", OWNED % (OWNER % ("ModelService", "tiny", 2)), Reach(), {}),
        ("decodeService", OWNED % (OWNER % ("Other", "b", 2)), Reach(), {}),
        (
            "configMaps",
            "[{metadata: {name: x, annotations: {pulumi.com/timeoutSeconds: '9'}}}]",
            Reach(),
            {
                "engine-annotation": (
                    True,
                    "data.configMaps[0].metadata.annotations[pulumi.com/timeoutSeconds]",
                )
            },
        ),
        ("decodeService", ENGINE % "pulumi.com/patchForce", None, {}),
        ("decodeService", ENGINE % "example.com/pulumi.com", Reach(), {}),
        (
            "eppDeployment",
            "metadata: {finalizers: [example.com/x]}",
            Reach(),
            {"stated-finalizer": (True, "data.eppDeployment.metadata.finalizers")},
        ),
        ("eppDeployment", "metadata: {finalizers: [example.com/x]}", None, {}),
    ],
)
def test_what_a_section_may_state(
    section: str, text: str, reach: Reach | None, told: dict[str, tuple[bool, str]]
) -> None:
    """Objects elsewhere, and what has an effect elsewhere, are refused unless they are allowed."""
    assert found(service(), config({section: text}), reach) == told


def test_a_model_service_may_state_no_more() -> None:
    """Triggers of its own are looked at as those of the BaseConfig are."""
    keda = yaml.safe_load(EVERYBODYS)["spec"]
    item = service(decode={"autoscaling": {"keda": {"maxReplicaCount": 2, **keda}}})
    assert found(item, config(), Reach()) == {
        "foreign-credentials": (True, f"spec.decode.autoscaling.keda.{TRIGGER[5:]}")
    }


def test_workspaces_plan_with_the_same_reach() -> None:
    """What the operator is told, the program of a workspace of Pulumi's operator is told too."""
    reach = Reach(("a",), ("b", "*"), (), external_ips=True)
    for options in (PlanOptions(reach=reach), PlanOptions(reach=Reach()), PlanOptions()):
        assert options_from_json(options_to_json(options)) == options


CANARY = "canary"


def planted(base: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """The BaseConfig with words in it that are nowhere else, in places that make mistakes."""
    result = copy.deepcopy(base)
    result["metadata"] |= {"namespace": OTHER, "name": "base"}
    for key in chance.sample(sorted(result["data"]), k=min(3, len(result["data"]))):
        lines = result["data"][key].splitlines()
        number = chance.randrange(len(lines))
        line = lines[number]
        indent = " " * (len(line) - len(line.lstrip()))
        lines[number] = chance.choice(
            [
                line + " {{ .Canary1 }}",
                line + ' {{ fail "canary2" }}',
                line + "{{ canary3",
                indent + "canary4: [",
                line + f"\n{indent}canary5: 1\n{indent}canary5: 2",
                line.partition(":")[0] + ": canary6",
                line.partition(":")[0] + ": [canary7]",
                line + f"\n{indent}canary8: {{{{ getPort `canary9` }}}}",
                f"{indent}- --canary10=1\n{line}",
                line.replace(":", ": &canary11", 1),
                line.replace(":", ": *canary12", 1),
            ]
        )
        result["data"][key] = "\n".join(lines)
    if chance.random() < 0.3:
        result["data"]["canary13"] = "x"
    if chance.random() < 0.1:
        result["metadata"]["labels"] = {"canary14": ["canary15"]}
        result["metadata"]["annotations"] = {"llm-d.ai/template-dialect": "canary16"}
    return result


def words(diagnostics: tuple[Diagnostic, ...]) -> str:
    return (
        render(diagnostics).lower() + json.dumps(to_json(diagnostics)).lower() + repr(diagnostics)
    )


def told(item: dict[str, Any], base: dict[str, Any]) -> tuple[Diagnostic, ...]:
    try:
        return plan_of(item, base, PlanOptions(reach=Reach(("*",))), None).diagnostics
    except ModelServiceError as error:
        return error.diagnostics


def test_nothing_of_the_base_config_is_told() -> None:
    """No source line, no key and no value of it, whatever is wrong with it; code, section and line
    are told. In one's own namespace all of it is.
    """
    chance = random.Random(13)  # noqa: S311
    seen, codes = 0, set()
    for folder in sorted(SAMPLES.iterdir()):
        if not (folder / "baseconfig.yaml").exists():
            continue
        base = yaml.safe_load((folder / "baseconfig.yaml").read_text())
        item = yaml.safe_load((folder / "msvc.yaml").read_text())
        item["metadata"] |= {"namespace": OWN, "uid": "1"}
        for _ in range(12):
            bad = planted(base, chance)
            own = copy.deepcopy(bad)
            own["metadata"]["namespace"] = OWN
            if CANARY not in words(told(item, own)).lower():
                continue
            seen += 1
            diagnostics = told(item, bad)
            assert CANARY not in words(diagnostics).lower(), words(diagnostics)
            codes |= {one.code for one in diagnostics if one.is_error}
            assert diagnostics
    assert seen > 50 and len(codes) > 4, (seen, codes)


def test_a_template_that_does_not_parse() -> None:
    """The section and the line of it are told, and who is told the rest."""
    base = config({"decodeDeployment": "spec:\n  secret: {{ if"}, OTHER)
    for one in told(service(), base):
        assert one.code == "template-syntax"
        assert str(one.field) == "data.decodeDeployment"
        assert one.span is not None and one.span.line > 1 and not one.span.text
        assert "platform/base" in one.summary and "msvc generate" in one.help
        assert not one.go and not one.notes and not one.related


def test_mistakes_of_ones_own_are_told_as_ever() -> None:
    """A BaseConfig of another namespace hides nothing of the ModelService."""
    item = service(decode={"containers": [{"name": "c", "args": ["{{ .NoSuchVariable }}"]}]})
    (problem,) = told(item, config(namespace=OTHER))
    assert "NoSuchVariable" in problem.summary
    assert problem.span is not None and "NoSuchVariable" in problem.span.text
