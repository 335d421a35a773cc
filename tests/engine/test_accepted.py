"""What is generated, a real API server accepts: with kubectl, as a user would."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from services import is_established

from msvc_pulumi.api.crd import custom_resource_definition
from msvc_pulumi.cluster import Cluster
from msvc_pulumi.document.emitter import to_yaml
from msvc_pulumi.document.inputs import load_inputs
from msvc_pulumi.engine.tools.toolchain import find_or_build
from msvc_pulumi.out.text import manifests, stream
from msvc_pulumi.plan import plan_model_service
from msvc_pulumi.target.capabilities import Capabilities
from msvc_pulumi.target.options import PlanOptions

ROOT = Path(__file__).parents[2]
SAMPLES = sorted(folder for folder in (ROOT / "samples").iterdir() if folder.is_dir())
CORPUS = ROOT.parent / "shared" / "conformance" / "cases"
# The original's own samples; its output for the fourth was rejected (duplicate volume).
UPSTREAM = sorted(CORPUS.glob("00[1-5]-*")) if CORPUS.is_dir() else []


@pytest.fixture(scope="session")
def kubectl() -> str:
    return str(find_or_build("kubectl"))


def apply(kubectl: str, kubeconfig: Path, namespace: str, manifests: str) -> None:
    subprocess.run(
        [kubectl, "--kubeconfig", str(kubeconfig), "--namespace", namespace, "apply", "-f", "-"],
        input=manifests,
        text=True,
        check=True,
        timeout=120,
    )


@pytest.mark.parametrize("folder", SAMPLES, ids=lambda folder: folder.name)
def test_samples(
    folder: Path, kubectl: str, kubeconfig: Path, namespace: str, cluster: Cluster
) -> None:
    """Every object that the cluster has a kind for is accepted with strict field validation."""
    inputs = load_inputs([str(folder)])
    options = PlanOptions(namespace=namespace, capabilities=Capabilities.discover(cluster.serves))
    plans = [
        plan_model_service(document, next(iter(inputs.base_configs), None), options)
        for document in inputs.model_services
    ]

    apply(kubectl, kubeconfig, namespace, stream(map(manifests, plans)))


@pytest.mark.skipif(not UPSTREAM, reason="the corpus is not beside this checkout")
@pytest.mark.parametrize("case", UPSTREAM, ids=lambda case: case.name)
def test_upstream_samples(case: Path, kubectl: str, kubeconfig: Path, namespace: str) -> None:
    """The original's scenarios are accepted whole, also the one it rendered wrongly."""
    base = case / "baseconfig.yaml"
    inputs = load_inputs([str(case / "msvc.yaml")], [str(base)] if base.exists() else [])
    plan = plan_model_service(
        inputs.model_services[0],
        next(iter(inputs.base_configs), None),
        PlanOptions(namespace=namespace, epp_cluster_role="pod-read"),
    )
    if plan.namespace != namespace:
        pytest.fail(f"the case names a namespace of its own: {plan.namespace}")

    apply(kubectl, kubeconfig, namespace, stream([manifests(plan)]))


def test_model_services(kubectl: str, kubeconfig: Path, namespace: str, cluster: Cluster) -> None:
    """The CRD is accepted, and so is the ModelService of every sample."""
    apply(kubectl, kubeconfig, namespace, to_yaml(custom_resource_definition()))
    name = "modelservices.llm-d.ai"
    cluster.wait(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        name,
        until=is_established,
        timeout=300,
    )
    for folder in SAMPLES:
        for document in load_inputs([str(folder)]).model_services:
            apply(kubectl, kubeconfig, namespace, to_yaml(document.value))

    found, _ = cluster.list("llm-d.ai/v1alpha1", "ModelService", namespace)
    assert len(found) >= len(SAMPLES)

    service = load_inputs([str(ROOT / "samples" / "simple")]).model_services[0].value
    for mark in "\n\x7f\x85\u2028\u2029\ufeff":
        routing = {**service["spec"]["routing"], "modelName": f"a{mark}b"}
        hostile = {**service, "spec": {**service["spec"], "routing": routing}}
        command = [kubectl, "--kubeconfig", str(kubeconfig), "--namespace", namespace]
        answer = subprocess.run(
            [*command, "apply", "--dry-run=server", "-f", "-"],
            input=to_yaml(hostile),
            text=True,
            capture_output=True,
            check=False,
            timeout=120,
        )
        assert answer.returncode != 0, ascii(mark)
        assert "spec.routing.modelName in body should match" in answer.stderr
