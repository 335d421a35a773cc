"""Prefill and decode: the workload, Service and ServiceAccount that run the model, and its scaler.

Semantics: the original's ``internal/controller/child_resources.go`` (``mergePDDeployment``,
``mergePDService``, ``createPDServiceAccount``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msvc_pulumi.children import autoscaling, parallelism
from msvc_pulumi.children.child import Child
from msvc_pulumi.children.context import BuildContext
from msvc_pulumi.children.podtemplate import base_deployment, pod_overlay, require_accelerators
from msvc_pulumi.errors import FieldPath
from msvc_pulumi.merge import policies
from msvc_pulumi.naming import ROLES, Role

__all__ = ["build"]

TEMPLATE = FieldPath.of("spec", "template")
POD = TEMPLATE.child("spec")
REPLICAS = FieldPath.of("spec", "replicas")


def build(context: BuildContext) -> Iterator[Child]:
    """The children of both roles, ServiceAccount first."""
    roles = [role for role in ROLES if context.serves(role)]
    if roles:
        secrets = context.options.pd_pull_secrets
        name = context.names.service_account
        yield context.service_account("pdServiceAccount", name, secrets)
    for role in roles:
        workload = _workload(role, context)
        yield workload
        yield from autoscaling.build(role, context, workload)
        if f"{role}Service" in context.base_config:
            yield _service(role, context)


def _workload(role: Role, context: BuildContext) -> Child:
    """The role's Deployment or LeaderWorkerSet."""
    spec: dict[str, Any] = {}
    stated: dict[FieldPath, FieldPath | None] = {}
    section = context.role(role)
    owned_here = autoscaling.replica_owner(role, context) == "model service"
    if owned_here and section is not None and section.replicas is not None:
        spec["replicas"] = section.replicas
        stated[REPLICAS] = FieldPath.of("spec", role, "replicas")
    if context.is_multi_node(role):
        from msvc_pulumi.children import leaderworkerset  # noqa: PLC0415  few have one

        child = leaderworkerset.build(role, context, spec, stated)
    else:
        child = _deployment(role, context, spec, stated)
        parallelism.apply(role, context, child, [TEMPLATE])
    if not owned_here:
        child.drop(REPLICAS)  # the base's: whoever scales must not be reset
    return child


def _deployment(
    role: Role,
    context: BuildContext,
    spec: dict[str, Any],
    stated: dict[FieldPath, FieldPath | None],
) -> Child:
    labels = context.pod_labels(role)
    key = f"{role}Deployment"
    base = base_deployment(context.base_config.get(key), FieldPath.of("spec", role), context)
    pod = pod_overlay(role, context, POD.find(base.value) or {} if base else {})
    value = {
        "metadata": context.metadata(context.names.deployment(role), labels),
        "spec": {
            **spec,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod.spec},
        },
    }
    rules = policies.deployment(context.model_service.spec.args_policy)
    child = context.child_on(base, key, value, rules, {**stated, **pod.stated_below(POD)})
    require_accelerators(role, context, child, POD)
    return child


def _service(role: Role, context: BuildContext) -> Child:
    value = {
        "metadata": context.metadata(context.names.service(role)),
        "spec": {"selector": context.pod_labels(role)},
    }
    return context.child(f"{role}Service", value, policies.OBJECT)
