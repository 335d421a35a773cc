"""`manifests`: everything that installs the operator in a cluster, in the order to apply it."""

from __future__ import annotations

from typing import Any

from msvc_pulumi.api.crd import custom_resource_definition
from msvc_pulumi.installation.access import access
from msvc_pulumi.installation.deployment import HEALTH, USER, deployment, metrics_port
from msvc_pulumi.installation.names import LABELS, NAME, metadata
from msvc_pulumi.installation.options import InstallOptions

__all__ = ["NAME", "USER", "access", "manifests"]

Manifest = dict[str, Any]

SCRAPERS = {"metrics": "enabled"}
"""Label of namespaces that metrics may be read from, as in the original's scaffold."""


def manifests(options: InstallOptions) -> list[Manifest]:
    """Everything that ``options`` ask for; namespaces to look after must be there already."""
    home = options.namespace
    return [
        custom_resource_definition(),
        _namespace(home, home),
        *([_namespace(home, options.workspaces)] if options.executor == "pko" else []),
        *access(options),
        *([_state(options)] if options.stores else []),
        *([_network_policy(options)] if options.network_policy else []),
        _service(options),
        _disruption_budget(home),
        deployment(options),
    ]


def _namespace(home: str, name: str) -> Manifest:
    about = metadata(home, name)
    labels = {**about["labels"], "pod-security.kubernetes.io/enforce": "restricted"}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {**about, "labels": labels}}


def _state(options: InstallOptions) -> Manifest:
    kind = {"storageClassName": options.storage_class} if options.storage_class else {}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": metadata(options.namespace, namespace=options.namespace),
        "spec": {
            "accessModes": ["ReadWriteMany" if options.elects else "ReadWriteOnce"],
            "resources": {"requests": {"storage": options.storage_size}},
            **kind,
        },
    }


def _network_policy(options: InstallOptions) -> Manifest:
    """Nobody gets in but probes, and readers of metrics from namespaces labelled for it.

    What goes out is not restricted: an API server is no pod that a selector could name, and where
    it, DNS and the state are is another thing in each cluster.
    """
    scrapers = [{"namespaceSelector": {"matchLabels": SCRAPERS}}]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata(options.namespace, namespace=options.namespace),
        "spec": {
            "podSelector": {"matchLabels": LABELS},
            "policyTypes": ["Ingress"],
            "ingress": [
                # Kubelet comes from the node, which not every network lets in by itself.
                {"ports": [{"protocol": "TCP", "port": HEALTH}]},
                {"from": scrapers, "ports": [{"protocol": "TCP", "port": metrics_port(options)}]},
            ],
        },
    }


def _service(options: InstallOptions) -> Manifest:
    name = "https" if options.metrics_secure else "http"
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(options.namespace, namespace=options.namespace),
        "spec": {
            "selector": LABELS,
            "ports": [{"name": name, "port": metrics_port(options), "targetPort": "metrics"}],
        },
    }


def _disruption_budget(home: str) -> Manifest:
    # With a single replica `minAvailable: 1` would keep its node from ever being drained.
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": metadata(home, namespace=home),
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": LABELS}},
    }
