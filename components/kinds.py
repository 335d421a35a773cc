"""Declares one planned object as a Pulumi resource: typed where the SDK knows its kind."""

import re
from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.autoscaling.v2 import HorizontalPodAutoscaler
from pulumi_kubernetes.core.v1 import ConfigMap, Service, ServiceAccount
from pulumi_kubernetes.rbac.v1 import Role, RoleBinding

from msvc_pulumi.plan import PlannedObject

__all__ = ["KINDS", "declare_object", "logical_suffix"]

KINDS: dict[tuple[str, str], type[pulumi.CustomResource]] = {
    ("apps/v1", "Deployment"): Deployment,
    ("autoscaling/v2", "HorizontalPodAutoscaler"): HorizontalPodAutoscaler,
    ("rbac.authorization.k8s.io/v1", "Role"): Role,
    ("rbac.authorization.k8s.io/v1", "RoleBinding"): RoleBinding,
    ("v1", "ConfigMap"): ConfigMap,
    ("v1", "Service"): Service,
    ("v1", "ServiceAccount"): ServiceAccount,
}
"""Every other kind is declared as a `CustomResource` of its own apiVersion."""

# The provider would wait for these until their pods answer, and a model may load for an hour.
# Readiness is reported by `msvc up` and the operator instead.
WORKLOADS = {"Deployment", "LeaderWorkerSet"}
SLOW_KINDS = {*WORKLOADS, "Service"}


def logical_suffix(planned: PlannedObject) -> str:
    """What names ``planned`` within its component: its plan key in kebab-case.

    An item of a list is named after its object instead of its place: when an item before it goes
    away it must not become another resource.
    """
    key, _, index = planned.key.partition("[")
    kebab = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", key).lower()
    return f"{kebab}-{planned.manifest['metadata']['name']}" if index else kebab


def declare_object(
    planned: PlannedObject, name: str, opts: pulumi.ResourceOptions
) -> pulumi.CustomResource:
    """The resource for ``planned``, with the annotations that tell the provider how to treat it.

    Background deletion, because the default waits for the garbage collector of a busy cluster and
    keeps the name taken while it does; a replacement could not be created.
    """
    manifest = dict(planned.manifest)
    api_version, kind = manifest.pop("apiVersion"), manifest.pop("kind")
    annotations = {"pulumi.com/deletionPropagationPolicy": "background"}
    if kind in SLOW_KINDS:
        annotations["pulumi.com/skipAwait"] = "true"
    if kind in WORKLOADS and _states_replicas(planned):
        annotations["pulumi.com/patchForce"] = "true"
    metadata = manifest["metadata"]
    own = metadata.get("annotations") or {}
    manifest["metadata"] = {**metadata, "annotations": {**annotations, **own}}
    typed = KINDS.get((api_version, kind))
    if typed is None:
        return CustomResource(name, api_version=api_version, kind=kind, opts=opts, **manifest)
    return typed(name, opts=opts, **{_snake(key): value for key, value in manifest.items()})


def _states_replicas(planned: PlannedObject) -> bool:
    """Whether the count is the user's to set: then an autoscaler that set it before owns the field
    still, and only force takes it back.
    """
    return "replicas" in planned.manifest["spec"] and "spec.replicas" not in planned.ignore_changes


def _snake(key: str) -> Any:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key).lower()
