"""Prefill and decode: the Deployment, Service and ServiceAccount that run the model.

Semantics: the original's ``internal/controller/child_resources.go`` (``mergePDDeployment``,
``mergePDService``, ``createPDServiceAccount``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msvc_pulumi import placement, policies
from msvc_pulumi.children import Child, Origin
from msvc_pulumi.context import BuildContext
from msvc_pulumi.errors import FieldPath
from msvc_pulumi.naming import ROLES, Role

__all__ = ["build"]

POD = FieldPath.of("spec", "template", "spec")


def build(context: BuildContext) -> Iterator[Child]:
    """The children of both roles, ServiceAccount first."""
    roles = [role for role in ROLES if context.serves(role)]
    if roles:
        secrets = context.options.pd_pull_secrets
        name = context.names.service_account
        yield context.service_account("pdServiceAccount", name, secrets)
    for role in roles:
        yield _deployment(role, context)
        if f"{role}Service" in context.base_config:
            yield _service(role, context)


def _deployment(role: Role, context: BuildContext) -> Child:
    section = context.role(role)
    labels = context.pod_labels(role)
    pod: dict[str, Any] = {
        "serviceAccountName": context.names.service_account,
        "volumes": [context.artifact.volume],
    }
    if context.artifact.pull_secret:
        pod["imagePullSecrets"] = [{"name": context.artifact.pull_secret}]
    spec: dict[str, Any] = {
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": pod},
    }
    stated: dict[FieldPath, FieldPath | None] = {}
    for name in ("initContainers", "containers"):
        source = FieldPath.of("spec", role, name)
        if containers := context.containers.get(source):
            pod[name] = [_with_model(container, context) for container in containers]
            for number in range(len(containers)):
                here = POD.child(name, number)
                stated[here] = source.child(number)
                stated[here.child("volumeMounts")] = None
    if section is not None and section.replicas is not None:
        spec["replicas"] = section.replicas
        stated[FieldPath.of("spec", "replicas")] = FieldPath.of("spec", role, "replicas")
    value = {"metadata": context.metadata(context.names.deployment(role), labels), "spec": spec}
    rules = policies.deployment(context.model_service.spec.args_policy)
    child = context.child(f"{role}Deployment", value, rules, stated)
    _require_accelerators(role, context, child)
    return child


def _with_model(container: dict[str, Any], context: BuildContext) -> dict[str, Any]:
    """The container with the model's mount and environment if it asks for them.

    The user's own variables stay and win (the original dropped them, quirk Q06).
    """
    result = dict(container)
    if not result.pop("mountModelVolume", False):
        return result
    result["volumeMounts"] = [context.artifact.mount]
    own = result.get("env", [])
    names = {variable.get("name") for variable in own}
    model = [variable for variable in context.artifact.env if variable["name"] not in names]
    if model or own:
        result["env"] = [*model, *own]
    return result


def _require_accelerators(role: Role, context: BuildContext, child: Child) -> None:
    section = context.role(role)
    if section is None or section.accelerator_types is None:
        return
    accelerators = section.accelerator_types
    template = child.manifest["spec"]["template"]
    pod = {**template["spec"]}
    pod["affinity"] = placement.require_accelerators(
        pod.get("affinity"), accelerators.label_key, accelerators.label_values
    )
    child.manifest["spec"]["template"] = {**template, "spec": pod}
    span = context.document.span(FieldPath.of("spec", role, "acceleratorTypes"))
    child.overrides[POD.child("affinity", "nodeAffinity")] = Origin("model service", span)


def _service(role: Role, context: BuildContext) -> Child:
    value = {
        "metadata": context.metadata(context.names.service(role)),
        "spec": {"selector": context.pod_labels(role)},
    }
    return context.child(f"{role}Service", value, policies.OBJECT)
