"""`manifests`: everything that installs the operator in a cluster, in the order to apply it."""

from __future__ import annotations

from typing import Any

from msvc_pulumi.api.crd import custom_resource_definition
from msvc_pulumi.installation.options import InstallOptions
from msvc_pulumi.installation.permissions import (
    WORKSPACE_ACCOUNT,
    lease_rules,
    rules,
    workspace_rules,
)

__all__ = ["NAME", "access", "manifests"]

Manifest = dict[str, Any]

NAME = "modelservice-operator"
LABELS = {"app.kubernetes.io/name": NAME, "app.kubernetes.io/part-of": "msvc-pulumi"}
USER = 65532  # of images that run as "nonroot"
RBAC = "rbac.authorization.k8s.io/v1"
STATE = "/var/lib/msvc"
CERTIFICATE = "/etc/msvc/metrics"
METRICS, HEALTH = 8080, 8081
# Longer than a drain, so that an update which runs at the end is not killed.
GRACE_SECONDS = 45


def manifests(options: InstallOptions) -> list[Manifest]:
    """Everything that ``options`` ask for.

    A single replica is replaced only once it has ended: two would work on the same stacks.
    """
    namespace = options.namespace
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
        *access(options),
        *([_state(options)] if options.stores else []),
        _service(namespace),
        _disruption_budget(namespace),
        _deployment(options),
    ]


def access(options: InstallOptions) -> list[Manifest]:
    """The operator's ServiceAccount and what it may do; with ``pko`` what workspaces may do."""
    namespace = options.namespace
    cluster = {"name": NAME, "labels": LABELS}
    own = {"name": f"{NAME}-leader-election", "namespace": namespace, "labels": LABELS}
    workspaces = {
        "apiVersion": RBAC,
        "kind": "ClusterRole",
        "metadata": {"name": WORKSPACE_ACCOUNT, "labels": LABELS},
        "rules": workspace_rules(epp_cluster_role=options.epp_cluster_role),
    }
    return [
        *([workspaces] if options.executor == "pko" else []),
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": _metadata(namespace)},
        {
            "apiVersion": RBAC,
            "kind": "ClusterRole",
            "metadata": cluster,
            "rules": rules(epp_cluster_role=options.epp_cluster_role, executor=options.executor),
        },
        {
            "apiVersion": RBAC,
            "kind": "ClusterRoleBinding",
            "metadata": cluster,
            **_binding("ClusterRole", NAME, namespace),
        },
        *(
            [
                {"apiVersion": RBAC, "kind": "Role", "metadata": own, "rules": lease_rules(NAME)},
                {
                    "apiVersion": RBAC,
                    "kind": "RoleBinding",
                    "metadata": own,
                    **_binding("Role", own["name"], namespace),
                },
            ]
            if options.elects
            else []
        ),
    ]


def _binding(kind: str, name: object, namespace: str) -> Manifest:
    return {
        "roleRef": {"apiGroup": RBAC.partition("/")[0], "kind": kind, "name": name},
        "subjects": [{"kind": "ServiceAccount", "name": NAME, "namespace": namespace}],
    }


def _metadata(namespace: str) -> Manifest:
    return {"name": NAME, "namespace": namespace, "labels": LABELS}


def _state(options: InstallOptions) -> Manifest:
    kind = {"storageClassName": options.storage_class} if options.storage_class else {}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": _metadata(options.namespace),
        "spec": {
            "accessModes": ["ReadWriteMany" if options.elects else "ReadWriteOnce"],
            "resources": {"requests": {"storage": options.storage_size}},
            **kind,
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


def _deployment(options: InstallOptions) -> Manifest:
    several: Manifest = {
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "kubernetes.io/hostname",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": LABELS},
            }
        ]
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": _metadata(options.namespace),
        "spec": {
            "replicas": options.replicas,
            "strategy": {"type": "RollingUpdate" if options.elects else "Recreate"},
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
                    **(several if options.elects else {}),
                    "containers": [_container(options)],
                    "volumes": _volumes(options),
                },
            },
        },
    }


def _container(options: InstallOptions) -> Manifest:
    environment = {"HOME": STATE, "XDG_STATE_HOME": STATE, **options.environment}
    mounts: list[Manifest] = [
        {"name": "state", "mountPath": STATE},
        {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108  a volume of the pod's own
    ]
    if options.metrics_secret:
        mounts.append({"name": "metrics", "mountPath": CERTIFICATE, "readOnly": True})
    secrets = [{"secretRef": {"name": name}} for name in options.secrets]
    return {
        "name": "operator",
        "image": options.image,
        "command": ["msvc"],
        "args": _arguments(options),
        "env": [{"name": name, "value": value} for name, value in environment.items()],
        **({"envFrom": secrets} if secrets else {}),
        "ports": [
            {"name": "metrics", "containerPort": METRICS},
            {"name": "health", "containerPort": HEALTH},
        ],
        # The first look at a big cluster takes its time.
        "startupProbe": {**_probe("/healthz", 2), "failureThreshold": 60},
        "livenessProbe": _probe("/healthz", 10),
        "readinessProbe": _probe("/readyz", 5),
        "resources": dict(options.resources),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": mounts,
    }


def _arguments(options: InstallOptions) -> list[str]:
    arguments = [
        "operator",
        "run",
        "--log-format=json",
        f"--metrics-bind-address=:{METRICS}",
        f"--health-probe-bind-address=:{HEALTH}",
    ]
    if options.metrics_secret:
        arguments.append(f"--metrics-cert-path={CERTIFICATE}")
    else:
        arguments.append("--metrics-secure=false")
    if options.elects:
        arguments.append("--leader-elect")
    if options.epp_cluster_role:
        arguments.append(f"--epp-cluster-role={options.epp_cluster_role}")
    if options.executor == "pko":
        arguments += ["--executor=pko", f"--workspace-image={options.image}"]
    return [*arguments, *options.arguments]


def _volumes(options: InstallOptions) -> list[Manifest]:
    claim = {"persistentVolumeClaim": {"claimName": NAME}} if options.stores else {"emptyDir": {}}
    volumes: list[Manifest] = [{"name": "state", **claim}, {"name": "tmp", "emptyDir": {}}]
    if options.metrics_secret:
        volumes.append({"name": "metrics", "secret": {"secretName": options.metrics_secret}})
    return volumes


def _probe(path: str, period: int) -> Manifest:
    return {"httpGet": {"path": path, "port": "health"}, "periodSeconds": period}
