"""`deployment`: the operator's pods."""

from __future__ import annotations

from typing import Any

from msvc_pulumi.installation.names import LABELS, NAME, metadata
from msvc_pulumi.installation.options import InstallOptions

__all__ = ["HEALTH", "USER", "deployment", "metrics_port"]

Manifest = dict[str, Any]

USER = 65532  # of images that run as "nonroot"
STATE = "/var/lib/msvc"
CERTIFICATE = "/etc/msvc/metrics"
HEALTH = 8081
# Longer than a drain, so that an update which runs at the end is not killed.
GRACE_SECONDS = 45
TEMPORARY = "1Gi"
"""Bound on /tmp; a pod that goes beyond is evicted before its node is full."""


def deployment(options: InstallOptions) -> Manifest:
    """A single replica is replaced only once it has ended: two would work on the same stacks."""
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
    home = options.namespace
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(home, namespace=home),
        "spec": {
            "replicas": options.replicas,
            "strategy": {"type": "RollingUpdate" if options.elects else "Recreate"},
            "selector": {"matchLabels": LABELS},
            "template": {
                "metadata": {"labels": LABELS},
                "spec": {
                    "serviceAccountName": NAME,
                    "automountServiceAccountToken": True,
                    "enableServiceLinks": False,
                    "terminationGracePeriodSeconds": GRACE_SECONDS,
                    "securityContext": {
                        "runAsNonRoot": True,
                        "runAsUser": USER,
                        "runAsGroup": USER,
                        "fsGroup": USER,
                        "fsGroupChangePolicy": "OnRootMismatch",
                        "seccompProfile": {"type": "RuntimeDefault"},
                    },
                    **(several if options.elects else {}),
                    "containers": [_container(options)],
                    "volumes": _volumes(options),
                },
            },
        },
    }


def metrics_port(options: InstallOptions) -> int:
    """The port that the original's scaffold serves metrics on, by HTTPS or HTTP."""
    return 8443 if options.metrics_secure else 8080


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
            {"name": "metrics", "containerPort": metrics_port(options)},
            {"name": "health", "containerPort": HEALTH},
        ],
        # The first look at a big cluster takes its time.
        "startupProbe": {**_probe("/healthz", 2), "failureThreshold": 60},
        "livenessProbe": _probe("/healthz", 10),
        "readinessProbe": _probe("/readyz", 5),
        "resources": dict(options.resources),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "privileged": False,
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
        f"--metrics-bind-address=:{metrics_port(options)}",
        f"--health-probe-bind-address=:{HEALTH}",
        *(f"--namespace={name}" for name in options.namespaces),
    ]
    if options.metrics_secret:
        arguments.append(f"--metrics-cert-path={CERTIFICATE}")
    if not options.metrics_secure:
        arguments.append("--metrics-secure=false")
    if options.elects:
        arguments.append("--leader-elect")
    if options.epp_cluster_role:
        arguments.append(f"--epp-cluster-role={options.epp_cluster_role}")
    if options.executor == "pko":
        arguments += [
            "--executor=pko",
            f"--workspace-image={options.image}",
            f"--workspace-namespace={options.workspaces}",
        ]
    return [*arguments, *options.arguments]


def _volumes(options: InstallOptions) -> list[Manifest]:
    claim = {"persistentVolumeClaim": {"claimName": NAME}} if options.stores else {"emptyDir": {}}
    volumes: list[Manifest] = [
        {"name": "state", **claim},
        {"name": "tmp", "emptyDir": {"sizeLimit": TEMPORARY}},
    ]
    if options.metrics_secret:
        volumes.append({"name": "metrics", "secret": {"secretName": options.metrics_secret}})
    return volumes


def _probe(path: str, period: int) -> Manifest:
    return {"httpGet": {"path": path, "port": "health"}, "periodSeconds": period}
