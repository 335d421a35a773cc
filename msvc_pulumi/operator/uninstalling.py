"""`uninstall`: the operator and all it made are gone, in the order that leaves nothing.

Only the operator can remove what it made, and take its finalizer off a ModelService. So the
ModelServices go first; whoever deletes the operator before them, or its namespace, leaves them with
a finalizer that nobody takes off, and then the definition and their namespaces cannot go either.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.cluster.modelservices import API_VERSION, KIND
from msvc_pulumi.errors import Diagnostic, FieldPath
from msvc_pulumi.installation.manifests import NAME, manifests
from msvc_pulumi.installation.options import InstallOptions
from msvc_pulumi.operator.finalizer import release
from msvc_pulumi.operator.statusreport import ABANDON

__all__ = ["UninstallError", "uninstall"]

Object = dict[str, Any]
Progress = Callable[[str], None]
POLL = 0.5  # seconds
# Seconds without an operator in the cluster, and without one of its ModelServices going: one that
# runs outside of the cluster would have been seen at work.
PATIENCE = 20.0
DEFINITION = "CustomResourceDefinition"


class UninstallError(ClusterError):
    """Something is in the way; what was not removed yet is still there."""


def uninstall(
    cluster: Cluster,
    namespace: str,
    *,
    keep_definition: bool,
    keep_model_services: bool,
    abandon: bool,
    timeout: float,
    progress: Progress,
) -> None:
    """Remove ModelServices, then the operator in ``namespace``, then their definition.

    With ``keep_model_services`` they stay, as do their objects and the definition: another operator
    can go on with them if the state is kept. With ``abandon`` nobody has to remove what was made
    for a ModelService: Kubernetes does, by its owner.

    Raises:
        UninstallError: a ModelService is not gone after ``timeout`` seconds, and why.
        ClusterError: the cluster refuses.
    """
    end = time.monotonic() + timeout
    served = cluster.serves(API_VERSION, KIND)
    if served and not keep_model_services:
        _remove_services(cluster, namespace, abandon=abandon, end=end, progress=progress)
    found = manifests(InstallOptions("none", namespace, replicas=2))
    found += manifests(InstallOptions("none", namespace, executor="pko"))
    removed = set()
    for manifest in reversed(found):  # the Deployment before the rights it works with
        kind, name = manifest["kind"], manifest["metadata"]["name"]
        kept = keep_definition or keep_model_services
        if (kind, name) in removed or (kind == DEFINITION and kept):
            continue
        if kind == "PersistentVolumeClaim" and keep_model_services:
            continue  # the next operator's state
        if kind == "Namespace" and (keep_model_services or not _is_ours(cluster, name)):
            continue
        removed.add((kind, name))
        space = manifest["metadata"].get("namespace")
        foreground = "Foreground" if kind == "Deployment" else "Background"
        if cluster.delete(manifest["apiVersion"], kind, name, space, propagation=foreground):
            progress(f"removing {kind} {name}")
            _gone(cluster, manifest, max(1.0, end - time.monotonic()))


def _remove_services(
    cluster: Cluster, namespace: str, *, abandon: bool, end: float, progress: Progress
) -> None:
    services = _services(cluster)
    if services:
        progress(f"removing {len(services)} ModelServices and what was made for them")
    for service in services:
        _delete(cluster, service, abandon=abandon)
    count, changed = len(services), time.monotonic()
    while left := _services(cluster):
        if len(left) < count:
            count, changed = len(left), time.monotonic()
        if not _is_alive(cluster, namespace):
            if abandon:
                for service in left:
                    release(cluster, service)
            elif time.monotonic() > changed + PATIENCE:
                raise UninstallError(*_nobody(namespace, left))
        if time.monotonic() > end:
            raise UninstallError(*(_stuck(service) for service in left))
        time.sleep(POLL)


def _delete(cluster: Cluster, service: Object, *, abandon: bool) -> None:
    metadata = service["metadata"]
    if abandon:
        body = {"metadata": {"annotations": {ABANDON: "true"}}}
        try:
            cluster.patch(API_VERSION, KIND, metadata["name"], metadata["namespace"], body=body)
        except ClusterError as error:
            if error.reason != "NotFound":
                raise
    cluster.delete(API_VERSION, KIND, metadata["name"], metadata["namespace"])


def _services(cluster: Cluster) -> list[Object]:
    return cluster.list(API_VERSION, KIND)[0]


def _is_alive(cluster: Cluster, namespace: str) -> bool:
    """Whether an operator is installed that might still do something."""
    found = cluster.get("apps/v1", "Deployment", NAME, namespace)
    return bool(found) and bool((found or {}).get("status", {}).get("availableReplicas"))


def _is_ours(cluster: Cluster, name: str) -> bool:
    """Whether the namespace was made by the manifests, and not lent to the operator."""
    found = cluster.get("v1", "Namespace", name)
    labels = (found or {}).get("metadata", {}).get("labels") or {}
    return labels.get("app.kubernetes.io/name") == NAME


def _gone(cluster: Cluster, manifest: Object, timeout: float) -> None:
    metadata = manifest["metadata"]
    cluster.wait(
        manifest["apiVersion"],
        manifest["kind"],
        metadata["name"],
        metadata.get("namespace"),
        until=lambda found: found is None,
        timeout=timeout,
    )


def _nobody(namespace: str, left: list[Object]) -> list[Diagnostic]:
    names = ", ".join(_name(service) for service in left[:5])
    more = f" and {len(left) - 5} more" if len(left) > 5 else ""
    return [
        Diagnostic(
            "operator-missing",
            f"no operator is ready in namespace {namespace} to remove what was made for {names}"
            f"{more}",
            help="start it again and repeat, or let Kubernetes remove the objects by their owner: "
            "repeat with --abandon",
        )
    ]


def _stuck(service: Object) -> Diagnostic:
    conditions = (service.get("status") or {}).get("conditions") or ()
    ready: Object = next((item for item in conditions if item["type"] == "Ready"), {})
    why = ready.get("message") or "its finalizers are " + ", ".join(
        service["metadata"].get("finalizers") or ["none"]
    )
    return Diagnostic(
        "deletion-stuck",
        f"ModelService {_name(service)} is not gone: {why}",
        field=FieldPath.of("metadata", "finalizers"),
        help=f"remove what is in the way, or give it up: kubectl annotate msvc -n "
        f"{service['metadata']['namespace']} {service['metadata']['name']} {ABANDON}=true",
    )


def _name(service: Object) -> str:
    return f"{service['metadata']['namespace']}/{service['metadata']['name']}"
