"""The component under the real engine, on the real API server."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.components import ModelService
from msvc_pulumi.engine.diagnosis.failures import EngineError, ProgramError
from msvc_pulumi.engine.session import Session
from msvc_pulumi.engine.stack import Stack
from msvc_pulumi.plan import PlanOptions, plan_model_service

# The SDK leaves the event loop of a program open whose engine ended before it.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
KINDS = [
    ("apps/v1", "Deployment"),
    ("v1", "Service"),
    ("v1", "ServiceAccount"),
    ("v1", "ConfigMap"),
    ("rbac.authorization.k8s.io/v1", "Role"),
    ("rbac.authorization.k8s.io/v1", "RoleBinding"),
    ("gateway.networking.k8s.io/v1", "HTTPRoute"),
    ("inference.networking.x-k8s.io/v1alpha2", "InferencePool"),
    ("inference.networking.x-k8s.io/v1alpha2", "InferenceModel"),
]
NOT_OURS = {("ServiceAccount", "default"), ("ConfigMap", "kube-root-ca.crt")}


def sample(name: str, file: str) -> dict[str, Any]:
    value = yaml.safe_load((SAMPLES / name / file).read_text())
    assert isinstance(value, dict)
    return value


def contents(cluster: Cluster, namespace: str) -> dict[tuple[str, str], str]:
    """(kind, name) of everything of ours in the namespace → its uid."""
    found = {
        (kind, item["metadata"]["name"]): item["metadata"]["uid"]
        for version, kind in KINDS
        for item in cluster.list(version, kind, namespace)[0]
    }
    return {key: uid for key, uid in found.items() if key not in NOT_OURS}


def stack_of(
    session: Session, namespace: str, service: dict[str, Any], base: dict[str, Any] | None = None
) -> Stack:
    base = base or sample("facebook", "baseconfig.yaml")

    def program() -> None:
        made = ModelService(
            "facebook",
            {"model_service": service, "base_config": base, "namespace": namespace},
        )
        pulumi.export("hash", made.plan_hash)
        pulumi.export("children", made.children)
        pulumi.export("decode", made.decode_deployment_name)
        pulumi.export("decodeUid", made.resources["decodeDeployment"].metadata["uid"])

    return session.stack(f"component.{namespace}", program=program)


@pytest.fixture
def facebook() -> dict[str, Any]:
    return sample("facebook", "msvc.yaml")


def test_life(session: Session, cluster: Cluster, namespace: str, facebook: dict[str, Any]) -> None:
    """Up makes what the plan says, again changes nothing, an edit touches one object, dropping a
    section deletes its children alone, and destroy leaves nothing."""
    plan = plan_model_service(
        facebook, sample("facebook", "baseconfig.yaml"), PlanOptions(namespace=namespace)
    )
    planned = {(one.manifest["kind"], one.manifest["metadata"]["name"]) for one in plan}

    made = stack_of(session, namespace, facebook)
    assert made.up("--skip-preview").changes == {"create": len(plan) + 2}  # stack and component
    created = contents(cluster, namespace)
    assert set(created) == planned
    outputs = made.outputs()
    assert outputs["hash"] == plan.hash
    assert outputs["decode"] == "facebook-opt-125m-decode"
    assert outputs["decodeUid"] == created["Deployment", "facebook-opt-125m-decode"]
    assert outputs["children"]["httpRoute"] == {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "namespace": namespace,
        "name": "facebook-opt-125m-http-route",
    }

    assert made.up("--skip-preview").changes == {"same": len(plan) + 2}

    edited = copy.deepcopy(facebook)
    edited["spec"]["decode"]["replicas"] = 3
    changes = stack_of(session, namespace, edited).up("--skip-preview").changes
    assert changes == {"update": 1, "same": len(plan) + 1}
    decode = cluster.get("apps/v1", "Deployment", "facebook-opt-125m-decode", namespace)
    assert decode is not None
    assert decode["spec"]["replicas"] == 3
    assert contents(cluster, namespace) == created

    base = sample("facebook", "baseconfig.yaml")
    del edited["spec"]["prefill"]  # of both: a section of the BaseConfig alone is enough (Q02)
    del base["data"]["prefillDeployment"], base["data"]["prefillService"]
    smaller = stack_of(session, namespace, edited, base)
    changes = smaller.up("--skip-preview").changes
    gone = {key for key in planned if "prefill" in key[1]}
    assert gone
    assert changes == {"delete": len(gone), "same": len(plan) + 2 - len(gone)}
    assert contents(cluster, namespace) == {
        key: uid for key, uid in created.items() if key not in gone
    }

    smaller.destroy()
    assert contents(cluster, namespace) == {}
    smaller.remove()
    assert not smaller.exists()


def test_bad_input_is_one_error_and_applies_nothing(
    session: Session,
    cluster: Cluster,
    namespace: str,
    facebook: dict[str, Any],
    capfd: pytest.CaptureFixture[str],
) -> None:
    """All that is wrong is said, nothing is declared, and there is no traceback."""
    facebook["spec"]["decode"]["containers"][0]["args"] = ["{{ .Nonsense }}", "{{ if }}"]
    with pytest.raises(ProgramError):
        stack_of(session, namespace, facebook).up("--skip-preview")
    shown = capfd.readouterr().out
    assert ".Nonsense" in shown
    assert shown.count("error[template-") >= 2
    assert "Traceback" not in shown
    assert contents(cluster, namespace) == {}


def test_refused_object_is_found_by_the_preview(
    session: Session, cluster: Cluster, namespace: str, facebook: dict[str, Any]
) -> None:
    """What the API server refuses stops the update before anything is applied."""
    facebook["spec"]["decode"]["containers"][0]["name"] = "not_a_label"
    with pytest.raises(EngineError) as caught:
        stack_of(session, namespace, facebook).up()
    notes = [note for item in caught.value.diagnostics for note in item.notes]
    assert any("facebook-decode-deployment" in note and "not_a_label" in note for note in notes), (
        notes
    )
    assert contents(cluster, namespace) == {}


def test_outputs_are_not_arguments(
    session: Session, namespace: str, facebook: dict[str, Any], capfd: pytest.CaptureFixture[str]
) -> None:
    """A value that only exists while the program runs is refused with its place."""
    base = sample("facebook", "baseconfig.yaml")

    def program() -> None:
        facebook["spec"]["decode"]["replicas"] = pulumi.Output.from_input(2)
        ModelService("facebook", {"model_service": facebook, "base_config": base})

    with pytest.raises(ProgramError):
        session.stack(f"component.{namespace}", program=program).preview()
    assert "model_service.spec.decode.replicas" in capfd.readouterr().out


def test_replica_count_of_somebody_else_stays(
    session: Session, cluster: Cluster, namespace: str, facebook: dict[str, Any]
) -> None:
    """With decoupleScaling a replica count set by another survives the next change."""
    facebook["spec"]["decoupleScaling"] = True
    stack_of(session, namespace, facebook).up("--skip-preview")
    name = "facebook-opt-125m-decode"
    cluster.patch("apps/v1", "Deployment", name, namespace, body={"spec": {"replicas": 5}})
    facebook["spec"]["decode"]["containers"][0]["image"] = "example.com/vllm:2"
    made = stack_of(session, namespace, facebook)
    assert made.up("--skip-preview").changes["update"] == 1
    decode = cluster.get("apps/v1", "Deployment", name, namespace)
    assert decode is not None
    assert decode["spec"]["replicas"] == 5
    assert decode["spec"]["template"]["spec"]["containers"][0]["image"] == "example.com/vllm:2"
    made.destroy()


def test_config_map_is_updated_in_place(
    session: Session, cluster: Cluster, namespace: str, facebook: dict[str, Any]
) -> None:
    """A ConfigMap that pods use never goes away for a change of its data."""
    base = sample("facebook", "baseconfig.yaml")
    text = "- {apiVersion: v1, kind: ConfigMap, metadata: {name: extra}, data: {key: VALUE}}"
    uids = []
    for value in ("one", "two"):
        data = {**base["data"], "configMaps": text.replace("VALUE", value)}

        def program(data: dict[str, str] = data) -> None:
            ModelService(
                "facebook",
                {
                    "model_service": facebook,
                    "base_config": {**base, "data": data},
                    "namespace": namespace,
                },
            )

        session.stack(f"maps.{namespace}", program=program).up("--skip-preview")
        found = cluster.get("v1", "ConfigMap", "extra", namespace)
        assert found is not None
        assert found["data"] == {"key": value}
        uids.append(found["metadata"]["uid"])
    assert uids[0] == uids[1]
