"""Routing: HTTPRoute, InferencePool and InferenceModel, and the BaseConfig's ConfigMaps.

Semantics: the original's ``internal/controller/child_resources.go`` (``mergeHTTPRoute``,
``mergeInferencePool``, ``mergeInferenceModel``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msvc_pulumi import naming
from msvc_pulumi.children.child import Child
from msvc_pulumi.children.context import BuildContext
from msvc_pulumi.children.inference import POOL
from msvc_pulumi.errors import FieldPath
from msvc_pulumi.merge import policies
from msvc_pulumi.target.kinds import Kind

__all__ = ["build"]

PORTS = FieldPath.of("spec", "targetPorts")
GATEWAY_REFS = FieldPath.of("spec", "routing", "gatewayRefs")


def build(context: BuildContext) -> Iterator[Child]:
    """Pool, what refers to it, and route, in the order in which they refer to each other."""
    if "inferencePool" in context.base_config:
        yield _inference_pool(context)
    if "inferenceModel" in context.base_config:
        yield _inference_model(context)
    names = context.names
    if "inferenceObjective" in context.base_config:
        yield _for_pool("inferenceObjective", names.inference_objective, context)
    if "inferenceModelRewrite" in context.base_config:
        yield _for_pool("inferenceModelRewrite", names.inference_model_rewrite, context)
    if "httpRoute" in context.base_config or context.model_service.spec.routing.gateway_refs:
        yield _http_route(context)


def _http_route(context: BuildContext) -> Child:
    references = context.model_service.spec.routing.gateway_refs
    spec: dict[str, Any] = {"parentRefs": references} if references else {}
    value = {"metadata": context.metadata(context.names.http_route), "spec": spec}
    stated = {FieldPath.of("spec", "parentRefs"): GATEWAY_REFS}
    child = context.child("httpRoute", value, policies.HTTP_ROUTE, stated)
    if not child.manifest["spec"].get("rules"):
        context.diagnostics.warning(
            "route-without-backend",
            "gatewayRefs make an HTTPRoute without rules: it sends no traffic to the model",
            field=GATEWAY_REFS,
            span=context.document.span(GATEWAY_REFS),
            help="give the BaseConfig an httpRoute section with a backendRef to the InferencePool",
        )
    return child


def _inference_pool(context: BuildContext) -> Child:
    """The pool, in the generation of the Inference Extension that the BaseConfig is written for."""
    section = context.base_config.get("inferencePool")
    if section is not None and section.type_name == POOL.type_name:
        return _inference_pool_v1(context)
    value = {
        "metadata": context.metadata(context.names.inference_pool),
        "spec": {
            "selector": naming.common_labels(context.model_name),
            "extensionRef": {"name": context.names.epp_service},
        },
    }
    return context.child("inferencePool", value, policies.OBJECT)


def _inference_pool_v1(context: BuildContext) -> Child:
    value = {
        "metadata": context.metadata(context.names.inference_pool),
        "spec": {
            "selector": {"matchLabels": naming.common_labels(context.model_name)},
            "endpointPickerRef": {"name": context.names.epp_service},
        },
    }
    base = context.base_config.get("inferencePool")
    child = context.child_on(base, "inferencePool", value, policies.OBJECT, kind=POOL)
    if not child.get(PORTS):
        context.diagnostics.warning(
            "pool-without-port",
            "the InferencePool has no targetPorts: the API server rejects it",
            field=child.field(PORTS),
            span=child.origin(PORTS.parent).span,
            help="state the port that the model server listens on",
            refused=True,
        )
    return child


def _for_pool(key: str, name: str, context: BuildContext) -> Child:
    """The BaseConfig's InferenceObjective or InferenceModelRewrite, for the pool of the plan."""
    section = context.base_config.get(key)
    kind = Kind.of(section.type_name) if section else None
    value = {
        "metadata": context.metadata(name, naming.common_labels(context.model_name)),
        "spec": {"poolRef": {"name": context.names.inference_pool}},
    }
    return context.child_on(section, key, value, policies.OBJECT, kind=kind)


def _inference_model(context: BuildContext) -> Child:
    """The InferenceModel: identity, labels, model and pool are assigned, the rest is kept."""
    value = {
        "metadata": context.metadata(context.names.inference_model),
        "spec": {
            "modelName": context.model_name,
            "poolRef": {"name": context.names.inference_pool},
        },
    }
    stated = {FieldPath.of("spec", "modelName"): FieldPath.of("spec", "routing", "modelName")}
    child = context.child("inferenceModel", value, policies.OBJECT, stated)
    metadata = child.manifest["metadata"]
    metadata["labels"] = naming.common_labels(context.model_name)
    if not context.namespace:
        metadata.pop("namespace", None)
    return child
