"""What the component does before the engine: arguments, logical names, resource classes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from msvc_pulumi.components.arguments import ModelServiceArgs, described
from msvc_pulumi.components.kinds import KINDS
from msvc_pulumi.components.propertyvalues import normalised
from msvc_pulumi.errors import Diagnostics, FieldPath, ModelServiceError
from msvc_pulumi.out.declaration import logical_suffix
from msvc_pulumi.plan import Plan, PlanOptions, plan_model_service

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
SERVICE, BASE = (
    yaml.safe_load((SAMPLES / "facebook" / name).read_text())
    for name in ("msvc.yaml", "baseconfig.yaml")
)
LEAVES = st.none() | st.booleans() | st.integers(1 - 2**53, 2**53 - 1) | st.text(max_size=5)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


def planned(args: ModelServiceArgs) -> Plan:
    return described(args).plan


def over_the_wire(value: Any) -> Any:
    """`value` as gRPC delivers it: every number is a double."""
    if isinstance(value, dict):
        return {key: over_the_wire(item) for key, item in value.items()}
    if isinstance(value, list):
        return [over_the_wire(item) for item in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


@given(JSON)
def test_whole_numbers_survive_the_wire(value: Any) -> None:
    """What was an integer is one again, of the same type, wherever it stands."""
    diagnostics = Diagnostics()
    found = normalised(over_the_wire(value), FieldPath(), diagnostics)
    assert not diagnostics.errors
    assert json.dumps(found) == json.dumps(value)


@pytest.mark.parametrize("value", [0.5, float("inf"), float("-inf"), 2.0**53 - 1])
def test_other_numbers_stay(value: float) -> None:
    """A fraction stays a fraction, and so does what is no number at all."""
    diagnostics = Diagnostics()
    assert normalised(value, FieldPath(), diagnostics) == value
    assert not diagnostics.errors


@pytest.mark.parametrize("value", [2.0**53, -(2.0**53), 2**53, 1e300])
def test_numbers_that_may_be_others(value: float) -> None:
    """A whole number that a double shares with its neighbour is told of, wherever it stands."""
    diagnostics = Diagnostics()
    normalised({"a": [value]}, FieldPath(), diagnostics)
    assert [(item.code, str(item.field)) for item in diagnostics] == [("out-of-range", "a[0]")]


def test_plan_is_the_same_from_any_language() -> None:
    """Arguments that came over the wire describe what the files do."""
    args: ModelServiceArgs = {
        "model_service": over_the_wire(SERVICE),
        "base_config": BASE,
        "namespace": "n",
    }
    assert planned(args).hash == plan_model_service(SERVICE, BASE, PlanOptions("n")).hash


WRONG: dict[str, Any] = {
    "model_service": 7,
    "base_config": ["a", "list"],
    "namespace": 7,
    "epp_cluster_role": {},
    "epp_pull_secrets": "one,two",
    "pd_pull_secrets": [1],
    "inference_api": "v3",
    "capabilities": "keda.sh/v1alpha1",
    "pd_pull_secret": ["one"],
}


@pytest.mark.parametrize("key", WRONG)
def test_wrong_argument(key: str) -> None:
    """An argument of the wrong kind is named, whatever it is, by a diagnostic."""
    args: Any = {"model_service": SERVICE, "base_config": BASE, key: WRONG[key]}
    with pytest.raises(ModelServiceError) as caught:
        planned(args)
    assert [str(item.field) for item in caught.value.diagnostics] == [key]


@pytest.mark.parametrize("args", [None, [], "msvc.yaml"])
def test_arguments_that_are_none(args: Any) -> None:
    """Something else than a mapping is one diagnostic."""
    with pytest.raises(ModelServiceError, match="must be a mapping"):
        planned(args)


def test_all_wrong_arguments_at_once() -> None:
    """One error says all that is wrong; a missing ModelService is among it."""
    args: Any = {key: value for key, value in WRONG.items() if key != "model_service"}
    with pytest.raises(ModelServiceError) as caught:
        planned(args)
    assert {str(item.field) for item in caught.value.diagnostics} == {*WRONG}


KEDA = {
    "keda": {
        "minReplicaCount": 1,
        "maxReplicaCount": 2,
        "triggers": [{"type": "cpu", "metadata": {}}],
    }
}


@pytest.mark.parametrize(
    ("capabilities", "skipped"),
    [
        (None, False),
        ([], True),
        (["leaderworkerset.x-k8s.io/v1"], True),
        (["keda.sh/v1alpha1/ScaledObject"], False),
        (["keda.sh/v1alpha1"], False),
    ],
)
def test_capabilities(capabilities: list[str] | None, skipped: bool) -> None:
    """What the cluster is said not to serve is left out; where nothing is said, nothing is."""
    spec = {**SERVICE["spec"], "decode": {**SERVICE["spec"]["decode"], "autoscaling": KEDA}}
    args: Any = {"model_service": {**SERVICE, "spec": spec}, "base_config": BASE}
    plan = planned({**args, "capabilities": capabilities})
    assert ("decodeAutoscaler" in {one.key for one in plan.skipped}) == skipped
    assert ("decodeAutoscaler" in {one.key for one in plan}) != skipped


def test_wrong_capability() -> None:
    """An entry that names no kind is an error that shows it."""
    args: Any = {"model_service": SERVICE, "capabilities": ["keda.sh/v1alpha1", "what is this"]}
    with pytest.raises(ModelServiceError, match='"what is this" names no API version or kind'):
        planned(args)


def test_logical_names() -> None:
    """They follow the plan's keys; those of list items follow the object, not its place."""
    text = "".join(
        f"- {{apiVersion: v1, kind: ConfigMap, metadata: {{name: {name}}}}}\n"
        for name in ("one", "two")
    )
    base = {**BASE, "data": {**BASE["data"], "configMaps": text}}
    names = {one.key: logical_suffix(one) for one in plan_model_service(SERVICE, base)}
    assert names["decodeDeployment"] == "decode-deployment"
    assert names["httpRoute"] == "http-route"
    assert names["configMaps[0]"] == "config-maps-one"
    assert names["configMaps[1]"] == "config-maps-two"
    assert len({*names.values()}) == len(names)


def test_classes_are_those_of_their_kind() -> None:
    """Each typed class registers the type that its apiVersion and kind name."""
    for (api_version, kind), typed in KINDS.items():
        version = api_version if "/" in api_version else f"core/{api_version}"
        assert getattr(typed, "pulumi_type", f"kubernetes:{version}:{kind}") == (
            f"kubernetes:{version}:{kind}"
        )
        group, _, number = version.partition("/")
        module = f"pulumi_kubernetes.{group.split('.')[0]}.{number}"
        assert typed.__module__.startswith(module)
        assert typed.__name__ == kind
