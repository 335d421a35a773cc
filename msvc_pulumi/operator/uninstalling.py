"""`uninstall`: the operator and all it made are gone, in the order that leaves nothing.

Only the operator can remove what it made, and take its finalizer off a ModelService. So the
ModelServices go first; whoever deletes the operator before them, or its namespace, leaves them with
a finalizer that nobody takes off, and then the definition and their namespaces cannot go either.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from msvc_pulumi.cluster import Cluster, ClusterError
from msvc_pulumi.cluster.modelservices import API_VERSION, KIND
from msvc_pulumi.counted import counted
from msvc_pulumi.errors import Diagnostic, FieldPath
from msvc_pulumi.installation.manifests import NAME, manifests
from msvc_pulumi.installation.names import INSTANCE
from msvc_pulumi.installation.options import InstallOptions
from msvc_pulumi.installation.permissions import RBAC
from msvc_pulumi.operator.status.statusreport import ABANDON
from msvc_pulumi.operator.work.finalizer import release

__all__ = ["UninstallError", "stated_namespaces", "uninstall"]

Object = dict[str, Any]
Progress = Callable[[str], None]
POLL = 0.5  # seconds
# Seconds without an operator in the cluster, and without one of its ModelServices going: one that
# runs outside of the cluster would have been seen at work.
PATIENCE = 20.0
DEFINITION = "CustomResourceDefinition"
ANYWHERE = (
    *(
        (f"{RBAC}/v1", kind)
        for kind in ("RoleBinding", "Role", "ClusterRoleBinding", "ClusterRole")
    ),
    ("v1", "Namespace"),
)
"""Kinds of what an installation has outside of its own namespace."""


class UninstallError(ClusterError):
    """Something is in the way; what was not removed yet is still there."""


def uninstall(
    cluster: Cluster,
    namespace: str,
    *,
    namespaces: Sequence[str] = (),
    keep_definition: bool,
    keep_model_services: bool,
    abandon: bool,
    timeout: float,
    progress: Progress,
) -> None:
    """Remove ModelServices, then the operator in ``namespace``, then their definition.

    Of ModelServices those that the operator looks after; where nothing of it is left that says so,
    those in ``namespaces``, none for all. With ``keep_model_services`` they stay, as do their
    objects and the definition: another operator can go on with them if the state is kept. The
    definition stays also while there are others. With ``abandon`` nobody has to remove what was
    made for a ModelService: Kubernetes does, by its owner.

    Raises:
        UninstallError: a ModelService is not gone after ``timeout`` seconds, and why.
        ClusterError: the cluster refuses.
    """
    end = time.monotonic() + timeout
    served = cluster.serves(API_VERSION, KIND)
    known = _looked_after(cluster, namespace)
    namespaces = namespaces if known is None else known
    if served and not keep_model_services:
        _remove_services(
            cluster, namespace, namespaces, abandon=abandon, end=end, progress=progress
        )
    kept = {DEFINITION} if keep_definition or keep_model_services else set()
    if served and not kept and (others := _services(cluster, ())):
        progress(f"keeping the definition: {_some(others)} are looked after by somebody else")
        kept = {DEFINITION}
    if keep_model_services:
        kept |= {"PersistentVolumeClaim", "Namespace"}  # the next operator's state
    removed = set()
    for manifest in _installed(cluster, namespace):
        kind, name = manifest["kind"], manifest["metadata"]["name"]
        space = manifest["metadata"].get("namespace")
        if kind in kept or (kind, space, name) in removed:
            continue
        removed.add((kind, space, name))
        if kind != DEFINITION and not _is_ours(cluster, manifest, namespace):
            continue
        foreground = "Foreground" if kind == "Deployment" else "Background"
        if cluster.delete(manifest["apiVersion"], kind, name, space, propagation=foreground):
            progress(f"removing {kind} {name}")
            _gone(cluster, manifest, max(1.0, end - time.monotonic()))


def _installed(cluster: Cluster, home: str) -> Iterator[Object]:
    """What the installation in ``home`` may have: its Deployment before the rights it works with,
    what may be anywhere by its label, and then the rest.
    """
    found = manifests(InstallOptions("none", home, replicas=2))
    found += manifests(InstallOptions("none", home, executor="pko"))
    yield from (item for item in found if item["kind"] == "Deployment")
    for api_version, kind in ANYWHERE:
        yield from cluster.list(api_version, kind, labels=f"{INSTANCE}={home}")[0]
    yield from reversed(found)


def _looked_after(cluster: Cluster, home: str) -> tuple[str, ...] | None:
    """The namespaces of the operator in ``home``, none for all: as its Deployment says, or without
    one as its Roles do; None where there are neither.
    """
    deployment = cluster.get("apps/v1", "Deployment", NAME, home)
    if deployment is not None:
        containers = deployment["spec"]["template"]["spec"]["containers"]
        return tuple(
            name for item in containers for name in stated_namespaces(item.get("args") or ())
        )
    roles = cluster.list(f"{RBAC}/v1", "Role", labels=f"{INSTANCE}={home}")[0]
    spaces = {item["metadata"]["namespace"] for item in roles if item["metadata"]["name"] == NAME}
    return tuple(sorted(spaces)) or None


def stated_namespaces(arguments: Sequence[str]) -> Iterator[str]:
    """The namespaces that arguments of `msvc operator run` name."""
    for text, following in zip(arguments, [*arguments, ""][1:], strict=True):
        flag, equals, value = text.partition("=")
        if flag == "--namespace":
            yield value if equals else following


def _remove_services(
    cluster: Cluster,
    namespace: str,
    namespaces: Sequence[str],
    *,
    abandon: bool,
    end: float,
    progress: Progress,
) -> None:
    services = _services(cluster, namespaces)
    if services:
        progress(f"removing {counted(len(services), 'ModelService')} and what was made for them")
    for service in services:
        _delete(cluster, service, abandon=abandon)
    count, changed = len(services), time.monotonic()
    while left := _services(cluster, namespaces):
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


def _services(cluster: Cluster, namespaces: Sequence[str]) -> list[Object]:
    return [
        item
        for namespace in namespaces or (None,)
        for item in cluster.list(API_VERSION, KIND, namespace)[0]
    ]


def _is_alive(cluster: Cluster, namespace: str) -> bool:
    """Whether an operator is installed that might still do something."""
    found = cluster.get("apps/v1", "Deployment", NAME, namespace)
    return bool(found) and bool((found or {}).get("status", {}).get("availableReplicas"))


def _is_ours(cluster: Cluster, manifest: Object, home: str) -> bool:
    """Whether it was made by the manifests of this installation; a namespace may have been lent to
    the operator. Manifests of before there could be several say nothing of which.
    """
    metadata = manifest["metadata"]
    found = cluster.get(
        manifest["apiVersion"], manifest["kind"], metadata["name"], metadata.get("namespace")
    )
    labels = (found or {}).get("metadata", {}).get("labels") or {}
    return labels.get("app.kubernetes.io/name") == NAME and labels.get(INSTANCE, home) == home


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
    return [
        Diagnostic(
            "operator-missing",
            f"no operator is ready in namespace {namespace} to remove what was made for "
            f"{_some(left)}",
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


def _some(services: Sequence[Object]) -> str:
    names = ", ".join(_name(service) for service in services[:5])
    return f"{names} and {len(services) - 5} more" if len(services) > 5 else names
