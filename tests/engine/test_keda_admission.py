"""KEDA's own admission takes what switches between the autoscalers make.

Runs where MSVC_KEDA_WEBHOOKS names the built program `cmd/webhooks` of KEDA's module.
"""

from __future__ import annotations

import base64
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from samplestacks import planned, sample, stack_of
from services import eventually

from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.engine.session import Session

PROGRAM = os.environ.get("MSVC_KEDA_WEBHOOKS", "")
pytestmark = [
    pytest.mark.skipif(not PROGRAM, reason="MSVC_KEDA_WEBHOOKS is not set"),
    # The SDK leaves the event loop of a program open whose engine ended before it.
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]
CONFIGURATION = ("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration")
NAME = "keda-admission"
SELF_SIGNED = (
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
    "-subj /CN=keda -addext subjectAltName=IP:127.0.0.1"
)
HPA = {"hpa": {"minReplicas": 1, "maxReplicas": 8}}
CRON = {"timezone": "UTC", "start": "0 6 * * *", "end": "0 20 * * *", "desiredReplicas": "2"}
KEDA = {"keda": {"maxReplicaCount": 8, "triggers": [{"type": "cron", "metadata": CRON}]}}


@pytest.fixture
def admission(cluster: Cluster, kubeconfig: Path, tmp_path: Path) -> Iterator[None]:
    """KEDA's admission judges every ScaledObject; nothing passes without it."""
    port, metrics, probe = _free_port(), _free_port(), _free_port()
    subprocess.run(
        [*SELF_SIGNED.split(), "-keyout", tmp_path / "tls.key", "-out", tmp_path / "tls.crt"],
        check=True,
        capture_output=True,
    )
    command = [PROGRAM, f"--kubeconfig={kubeconfig}", f"--cert-dir={tmp_path}", f"--port={port}"]
    command += [f"--metrics-bind-address=127.0.0.1:{metrics}"]
    command += [f"--health-probe-bind-address=127.0.0.1:{probe}"]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    client = {
        "url": f"https://127.0.0.1:{port}/validate-keda-sh-v1alpha1-scaledobject",
        "caBundle": base64.b64encode((tmp_path / "tls.crt").read_bytes()).decode(),
    }
    rule = {"apiGroups": ["keda.sh"], "apiVersions": ["v1alpha1"], "resources": ["scaledobjects"]}
    webhook = {
        "name": "vscaledobject.kb.io",
        "admissionReviewVersions": ["v1"],
        "clientConfig": client,
        "failurePolicy": "Fail",
        "rules": [{**rule, "operations": ["CREATE", "UPDATE"]}],
        "sideEffects": "None",
    }
    kind = {"apiVersion": CONFIGURATION[0], "kind": CONFIGURATION[1]}
    cluster.create({**kind, "metadata": {"name": NAME}, "webhooks": [webhook]})
    yield
    cluster.delete(*CONFIGURATION, NAME)
    process.terminate()
    process.wait()
    print((tmp_path / "log").read_text())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def scaled_object(namespace: str, name: str, target: str) -> dict[str, Any]:
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"scaleTargetRef": {"name": target}, **KEDA["keda"]},
    }


@pytest.mark.usefixtures("admission")
def test_switches_pass_admission(session: Session, cluster: Cluster, namespace: str) -> None:
    """KEDA refuses a target that another HorizontalPodAutoscaler has, but not one that ours has,
    so that a live role goes from one autoscaler to the other and back."""
    service, base = sample("hpa")
    del base["data"]["decodeAutoscaler"]

    def up(autoscaling: dict[str, Any]) -> dict[str, int]:
        service["spec"]["decode"]["autoscaling"] = autoscaling
        plans = [planned(service, base, namespace)]
        return dict(stack_of(session, namespace, plans).up("--skip-preview").changes)

    up(HPA)
    live = cluster.get("autoscaling/v2", "HorizontalPodAutoscaler", "granite-hpa-decode", namespace)
    assert live is not None
    target = {**live["spec"]["scaleTargetRef"], "name": "other"}
    deployment = cluster.get("apps/v1", "Deployment", "granite-hpa-decode", namespace)
    assert deployment is not None
    for item in (
        {**deployment, "metadata": {"name": "other", "namespace": namespace}},
        {
            **live,
            "metadata": {"name": "theirs", "namespace": namespace},
            "spec": {**live["spec"], "scaleTargetRef": target},
        },
    ):
        cluster.create({key: value for key, value in item.items() if key != "status"})

    def refusal() -> str:
        """What admission says; it takes a moment until the API server asks it."""
        try:
            cluster.apply(scaled_object(namespace, "refused", "other"), dry_run=True)
        except ClusterError as error:
            return str(error)
        return ""

    eventually(lambda: "is already managed by the hpa 'theirs'" in refusal())
    for autoscaling in (KEDA, HPA, KEDA):
        changes = up(autoscaling)
        assert (changes["create"], changes["delete"]) == (1, 1)
