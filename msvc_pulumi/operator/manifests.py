"""`manifests`: everything that installs the operator in a cluster, in the order to apply it."""

from __future__ import annotations

from typing import Any

from msvc_pulumi.api.crd import custom_resource_definition
from msvc_pulumi.operator.permissions import ExecutorName, rules, workspace_rules
from msvc_pulumi.operator.pko.names import WORKSPACE_ACCOUNT

__all__ = ["NAME", "access", "manifests"]

Manifest = dict[str, Any]

NAME = "modelservice-operator"
LABELS = {"app.kubernetes.io/name": NAME, "app.kubernetes.io/part-of": "msvc-pulumi"}
USER = 65532  # of images that run as "nonroot"
STATE = "/var/lib/msvc"
METRICS, HEALTH = 8080, 8081
# Longer than a drain, so that an update which runs at the end is not killed.
GRACE_SECONDS = 45


def manifests(
    image: str,
    namespace: str,
    *,
    epp_cluster_role: str = "",
    executor: ExecutorName = "embedded",
) -> list[Manifest]:
    """Everything, for the operator of ``image`` in ``namespace``.

    One replica, replaced only once it has ended: two would work on the same stacks.
    """
    return [
        custom_resource_definition(),
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {
                "name": namespace,
                "labels": {**LABELS, "pod-security.kubernetes.io/enforce": "restricted"},
            },
        },
        *access(namespace, epp_cluster_role=epp_cluster_role, executor=executor),
        *([_state(namespace)] if executor == "embedded" else []),
        _service(namespace),
        _disruption_budget(namespace),
        _deployment(image, namespace, epp_cluster_role, executor),
    ]


def access(
    namespace: str, *, epp_cluster_role: str = "", executor: ExecutorName = "embedded"
) -> list[Manifest]:
    """The operator's ServiceAccount and what it may do; with ``pko`` what workspaces may do."""
    workspaces = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": WORKSPACE_ACCOUNT, "labels": LABELS},
        "rules": workspace_rules(epp_cluster_role=epp_cluster_role),
    }
    return [
        *([workspaces] if executor == "pko" else []),
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": _metadata(namespace),
        },
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": {"name": NAME, "labels": LABELS},
            "rules": rules(epp_cluster_role=epp_cluster_role, executor=executor),
        },
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": NAME, "labels": LABELS},
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": NAME,
            },
            "subjects": [{"kind": "ServiceAccount", "name": NAME, "namespace": namespace}],
        },
    ]


def _metadata(namespace: str) -> Manifest:
    return {"name": NAME, "namespace": namespace, "labels": LABELS}


def _state(namespace: str) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": _metadata(namespace),
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }


def _service(namespace: str) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _metadata(namespace),
        "spec": {
            "selector": LABELS,
            "ports": [{"name": "metrics", "port": METRICS, "targetPort": "metrics"}],
        },
    }


def _disruption_budget(namespace: str) -> Manifest:
    # With a single replica `minAvailable: 1` would keep its node from ever being drained.
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": _metadata(namespace),
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": LABELS}},
    }


def _deployment(
    image: str, namespace: str, epp_cluster_role: str, executor: ExecutorName
) -> Manifest:
    arguments = [
        "operator",
        "run",
        "--log-format=json",
        f"--metrics-bind-address=:{METRICS}",
        "--metrics-secure=false",
        f"--health-probe-bind-address=:{HEALTH}",
    ]
    if epp_cluster_role:
        arguments.append(f"--epp-cluster-role={epp_cluster_role}")
    state: Manifest = {"persistentVolumeClaim": {"claimName": NAME}}
    if executor == "pko":
        arguments += ["--executor=pko", f"--workspace-image={image}"]
        state = {"emptyDir": {}}
    container = {
        "name": "operator",
        "image": image,
        "command": ["msvc"],
        "args": arguments,
        "env": [
            {"name": "HOME", "value": STATE},
            {"name": "XDG_STATE_HOME", "value": STATE},
        ],
        "ports": [
            {"name": "metrics", "containerPort": METRICS},
            {"name": "health", "containerPort": HEALTH},
        ],
        "livenessProbe": _probe("/healthz", 10),
        "readinessProbe": _probe("/readyz", 5),
        "resources": {
            "requests": {"cpu": "200m", "memory": "384Mi"},
            "limits": {"memory": "1536Mi"},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "state", "mountPath": STATE},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108  a volume of the pod's own
        ],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _metadata(namespace),
        "spec": {
            "replicas": 1,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": LABELS},
            "template": {
                "metadata": {"labels": LABELS},
                "spec": {
                    "serviceAccountName": NAME,
                    "terminationGracePeriodSeconds": GRACE_SECONDS,
                    "securityContext": {
                        "runAsNonRoot": True,
                        "runAsUser": USER,
                        "fsGroup": USER,
                        "seccompProfile": {"type": "RuntimeDefault"},
                    },
                    "containers": [container],
                    "volumes": [
                        {"name": "state", **state},
                        {"name": "tmp", "emptyDir": {}},
                    ],
                },
            },
        },
    }


def _probe(path: str, period: int) -> Manifest:
    return {"httpGet": {"path": path, "port": "health"}, "periodSeconds": period}
