"""Declares one child as a Pulumi resource: typed where the SDK knows its kind."""

import re
from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.autoscaling.v2 import HorizontalPodAutoscaler
from pulumi_kubernetes.core.v1 import ConfigMap, Service, ServiceAccount
from pulumi_kubernetes.rbac.v1 import Role, RoleBinding

from msvc_pulumi.out.declaration import Declaration

__all__ = ["KINDS", "declare_object", "snake"]

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


def declare_object(
    declaration: Declaration,
    opts: pulumi.ResourceOptions,
    kinds: Mapping[tuple[str, str], type[pulumi.CustomResource]] = KINDS,
) -> pulumi.CustomResource:
    """The resource that ``declaration`` describes, but for what ``opts`` say."""
    properties = dict(declaration.properties)
    api_version, kind = properties.pop("apiVersion"), properties.pop("kind")
    typed = kinds.get((api_version, kind))
    if typed is None:
        return CustomResource(
            declaration.name, api_version=api_version, kind=kind, opts=opts, **properties
        )
    spelled = {snake(key): value for key, value in properties.items()}
    return typed(declaration.name, opts=opts, **spelled)


def snake(key: str) -> Any:
    """How the SDK spells the property ``key`` in Python."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key).lower()
