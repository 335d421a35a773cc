"""Routing: HTTPRoute, InferencePool and InferenceModel, and the BaseConfig's ConfigMaps.

Semantics: the original's ``internal/controller/child_resources.go`` (``mergeHTTPRoute``,
``mergeInferencePool``, ``mergeInferenceModel``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msvc_pulumi import naming, policies
from msvc_pulumi.children import Child
from msvc_pulumi.context import BuildContext
from msvc_pulumi.errors import FieldPath

__all__ = ["build"]

GATEWAY_REFS = FieldPath.of("spec", "routing", "gatewayRefs")


def build(context: BuildContext) -> Iterator[Child]:
    """Pool, model and route, in the order in which they refer to each other."""
    if "inferencePool" in context.base_config:
        yield _inference_pool(context)
    if "inferenceModel" in context.base_config:
        yield _inference_model(context)
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
    value = {
        "metadata": context.metadata(context.names.inference_pool),
        "spec": {
            "selector": naming.common_labels(context.model_name),
            "extensionRef": {"name": context.names.epp_service},
        },
    }
    return context.child("inferencePool", value, policies.OBJECT)


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
