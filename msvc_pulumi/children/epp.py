"""The endpoint picker: Deployment, Service, ServiceAccount, Role and RoleBinding.

It exists only if the BaseConfig has ``eppDeployment``; ``spec.endpointPicker`` alone creates
nothing. Semantics: the original's ``internal/controller/child_resources.go``
(``mergeEppDeployment``, ``createEppRoleBinding``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msvc_pulumi import naming
from msvc_pulumi.children.child import Child, Origin
from msvc_pulumi.children.context import BuildContext
from msvc_pulumi.children.pickerflags import (
    HEALTH_PORT,
    LIVENESS,
    READINESS,
    flags,
    pickers,
    stated_port,
)
from msvc_pulumi.children.pickerrights import elects_leader, rules
from msvc_pulumi.children.podtemplate import base_deployment, overlay_container
from msvc_pulumi.errors import FieldPath
from msvc_pulumi.merge import policies

__all__ = ["build"]

POD = FieldPath.of("spec", "template", "spec")


def build(context: BuildContext) -> Iterator[Child]:
    """The endpoint picker's children, identity before workload."""
    if not context.has_endpoint_picker:
        return
    secrets = context.options.epp_pull_secrets
    name = context.names.epp_service_account
    yield context.service_account("eppServiceAccount", name, secrets)
    deployment = _deployment(context)
    if not context.options.epp_cluster_role:
        metadata = context.metadata(context.names.epp_role)
        yield context.generated("eppRole", {"metadata": metadata, "rules": rules(deployment)})
    yield _role_binding(context)
    yield deployment
    if "eppService" in context.base_config:
        yield _service(context)


def _role_binding(context: BuildContext) -> Child:
    role = context.options.epp_cluster_role
    subject = {"kind": "ServiceAccount", "name": context.names.epp_service_account}
    if context.namespace:
        subject["namespace"] = context.namespace
    return context.generated(
        "eppRoleBinding",
        {
            "metadata": context.metadata(context.names.epp_role_binding),
            "subjects": [subject],
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole" if role else "Role",
                "name": role or context.names.epp_role,
            },
        },
    )


def _deployment(context: BuildContext) -> Child:
    section = context.model_service.spec.endpoint_picker
    labels = naming.epp_labels(context.names)
    pod: dict[str, Any] = {"serviceAccountName": context.names.epp_service_account}
    spec: dict[str, Any] = {
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": pod},
    }
    stated: dict[FieldPath, FieldPath | None] = {}
    for name in ("initContainers", "containers"):
        source = FieldPath.of("spec", "endpointPicker", name)
        if containers := context.containers.get(source):
            pod[name] = [
                _without_model(overlay_container(container, source.child(number), context))
                for number, container in enumerate(containers)
            ]
            stated[POD.child(name)] = source
    if section is not None and section.replicas is not None:
        spec["replicas"] = section.replicas
        stated[FieldPath.of("spec", "replicas")] = FieldPath.of(
            "spec", "endpointPicker", "replicas"
        )
    value = {"metadata": context.metadata(context.names.epp_deployment, labels), "spec": spec}
    merging = policies.deployment(context.model_service.spec.args_policy)
    base = context.base_config.get("eppDeployment")
    at = FieldPath.of("spec", "endpointPicker")
    child = context.child_on(
        base_deployment(base, at, context), "eppDeployment", value, merging, stated
    )
    _probe(child)
    return child


def _probe(picker: Child) -> None:
    """Let only the leader of several replicas be ready, where nobody states a probe.

    The original made none: all replicas get requests then, also those that do not lead.
    """
    told = flags(picker)
    for here in pickers(picker):
        if not elects_leader(here.known, told) or here.is_open:
            continue
        port = stated_port(told, "grpc-health-port", HEALTH_PORT)
        for name, service in (("livenessProbe", LIVENESS), ("readinessProbe", READINESS)):
            if not here.container.get(name):
                probe = {"grpc": {"port": port, "service": service}}
                picker.put(here.path.child(name), probe, Origin("generated"))


def _without_model(container: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in container.items() if key != "mountModelVolume"}


def _service(context: BuildContext) -> Child:
    labels = naming.epp_labels(context.names)
    value = {
        "metadata": context.metadata(context.names.epp_service, labels),
        "spec": {"selector": labels},
    }
    return context.child("eppService", value, policies.OBJECT)
