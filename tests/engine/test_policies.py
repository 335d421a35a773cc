"""Policies where they meet others: a real API server's Secrets, and Pulumi's policy packs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from accounts import bearing, token_of

import msvc_pulumi
from msvc_pulumi.cli import main
from msvc_pulumi.cluster import Cluster
from msvc_pulumi.cluster.secrets import missing_secrets
from msvc_pulumi.components import ModelService
from msvc_pulumi.engine.diagnosis.failures import EngineError
from msvc_pulumi.engine.session import Session
from msvc_pulumi.errors import Severity
from msvc_pulumi.local import LocalControlPlane
from msvc_pulumi.plan import Plan, plan_model_service
from msvc_pulumi.policies.review import review

# The SDK leaves the event loop of a program open whose engine ended before it.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

PACK = Path(next(iter(msvc_pulumi.__path__))) / "policypack"
SDK = "pulumi-policy==1.21.0"
NEEDS = {"missing-secret": Severity.ERROR, "missing-pull-secret": Severity.WARNING}


def service(namespace: str, **server: Any) -> dict[str, Any]:
    """A gated model's ModelService whose images are somebody's own."""
    container = {
        "name": "vllm",
        "image": "vllm/vllm-openai:latest",
        "command": ["vllm", "serve"],
        "args": ["{{ .HFModelName }}", "--tensor-parallel-size", "2"],
        "mountModelVolume": True,
        "resources": {"limits": {"nvidia.com/gpu": 2}},
    }
    return {
        "apiVersion": "llm-d.ai/v1alpha1",
        "kind": "ModelService",
        "metadata": {"name": "demo", "namespace": namespace},
        "spec": {
            "modelArtifacts": {"uri": "hf://acme/gated-1B", "authSecretName": "hf-token"},
            "routing": {"modelName": "acme/gated-1B"},
            "decode": {"replicas": 1, "containers": [{**container, **server}]},
        },
    }


def planned(namespace: str, annotations: str = "", **server: Any) -> Plan:
    base = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "base"},
        "data": {
            "decodeDeployment": f"metadata: {{annotations: {{{annotations}}}}}\n"
            "spec: {template: {spec: {imagePullSecrets: [{name: registry}]}}}"
        },
    }
    return plan_model_service(service(namespace, **server), base)


def secret(namespace: str, name: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata}


def test_secrets_are_asked_for(
    kubeconfig: Path,
    cluster: Cluster,
    namespace: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Each reference is told at its place as long as there is no Secret of that name."""
    file = tmp_path / "in.yaml"
    file.write_text(yaml.safe_dump(service(namespace)))
    words = ["validate", "--server", "--policy", "missing-secret", "-m", str(file)]
    words += ["--pd-pull-secrets", "registry", "--policy", "missing-pull-secret"]

    def run() -> tuple[int, list[tuple[str, str, str]], Any]:
        status = main([*words, "--format", "json"])
        captured = capsys.readouterr()
        problems = json.loads(captured.err or "[]")
        found = sorted((one["code"], one["severity"], one["file"]) for one in problems)
        return status, found, json.loads(captured.out or "null")

    pull = ("missing-pull-secret", "warning", str(file))
    assert run()[:2] == (1, [pull, ("missing-secret", "error", str(file))])
    cluster.create(secret(namespace, "hf-token"))
    assert run()[:2] == (0, [pull])
    cluster.create(secret(namespace, "registry"))
    status, found, result = run()
    assert (status, found) == (0, [])
    assert "2 policies" in result["checked"]
    assert not any("missing" in item for item in result["notChecked"])


def test_who_may_not_ask_is_told(
    control_plane: LocalControlPlane, cluster: Cluster, namespace: str
) -> None:
    """Nothing is called missing that could not be looked for."""
    account = bearing(control_plane.kubeconfig, token_of(cluster, namespace))
    needs = review(planned(namespace), NEEDS).needs
    assert {need.name for need in needs} == {"hf-token", "registry"}
    with Cluster(account) as client:
        missing, unchecked = missing_secrets(client, needs)
    assert missing == []
    assert unchecked == [f"Secrets in {namespace} (no permission to ask: get them)"]


@pytest.fixture
def policy_sdk(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Pulumi's SDK for policies beside our packages, without what it wants of their versions."""
    folder = tmp_path_factory.mktemp("sdk")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command = [*pip, "--no-deps", "--target", str(folder), SDK]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode and "Failed to establish a new connection" in done.stderr:
        pytest.skip(f"{SDK} cannot be had: no registry of packages answers")
    assert done.returncode == 0, done.stderr
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return folder


@pytest.fixture
def packed(policy_sdk: Path, session: Session) -> Iterator[Session]:
    """An engine that finds the SDK."""
    assert session.environment["PYTHONPATH"] == str(policy_sdk)
    return session


def test_the_pack_warns_and_stops(
    packed: Session, namespace: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A warning is advisory, an error stops the run; annotations and settings say otherwise."""
    flags = ("--policy-pack", str(PACK))
    stack = packed.stack(f"policies.{namespace}", plans=[planned(namespace)])
    stack.preview(*flags)
    shown = capfd.readouterr().out
    assert "[advisory]  unpinned-image" in shown
    assert 'the tag "latest" moves on' in shown
    assert "[advisory]  no-memory-limit" in shown
    assert "accelerators" not in shown

    waiver = "skip-policy.llm-d.ai/unpinned-image: ours"
    stack = packed.stack(f"policies.{namespace}", plans=[planned(namespace, waiver)])
    stack.preview(*flags)
    shown = capfd.readouterr().out
    assert "[advisory]  no-memory-limit" in shown
    assert "unpinned-image" not in shown

    small = {"resources": {"limits": {"nvidia.com/gpu": 1}}}
    stack = packed.stack(f"policies.{namespace}", plans=[planned(namespace, **small)])
    with pytest.raises(EngineError):
        stack.preview(*flags)
    assert "[mandatory]  too-few-accelerators" in capfd.readouterr().out

    levels = {"too-few-accelerators": "advisory", "no-memory-limit": "disabled"}
    (tmp_path / "levels.json").write_text(json.dumps(levels))
    stack.preview(*flags, "--policy-pack-config", str(tmp_path / "levels.json"))
    shown = capfd.readouterr().out
    assert "[advisory]  too-few-accelerators" in shown
    assert "no-memory-limit" not in shown


def test_the_pack_looks_at_model_services_only(
    packed: Session, namespace: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """Of the component in somebody's program; the program's other resources are its own affair."""
    wanted = service(namespace)
    wanted["metadata"]["name"] = "ours"

    def program() -> None:
        from pulumi_kubernetes.apps.v1 import Deployment

        ModelService("ours", {"model_service": wanted})
        containers = [{"name": "theirs", "image": "theirs:latest"}]
        labels = {"app": "theirs"}
        template = {"metadata": {"labels": labels}, "spec": {"containers": containers}}
        spec = {"selector": {"matchLabels": labels}, "template": template}
        Deployment("theirs", metadata={"namespace": namespace}, spec=spec)
        pulumi.export("done", True)

    packed.stack(f"program.{namespace}", program=program).preview("--policy-pack", str(PACK))
    shown = capfd.readouterr().out
    assert "unpinned-image  (kubernetes:apps/v1:Deployment: ours-decode-deployment)" in shown
    assert "theirs:latest" not in shown
