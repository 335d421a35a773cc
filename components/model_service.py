"""`ModelService`: the Kubernetes objects of one ModelService as a Pulumi component.

The analyzer of `pulumi package` reads this module's annotations at run time, therefore they are
not postponed here.
"""

import math
from collections.abc import Mapping
from typing import Any, NotRequired, Self, TypedDict, cast

import pulumi

from msvc_pulumi.components.kinds import declare_object, logical_suffix
from msvc_pulumi.errors import Diagnostic, FieldPath, ModelServiceError, PlanError
from msvc_pulumi.options import InferenceAPI
from msvc_pulumi.plan import Plan, PlanOptions, plan_model_service
from msvc_pulumi.report import render

__all__ = ["ModelService", "ModelServiceArgs", "normalised"]


ROOT = FieldPath()


class ModelServiceArgs(TypedDict):
    """What a `ModelService` is made from. All values are plain: they decide what gets declared."""

    model_service: dict[str, Any]
    """The ModelService custom resource (llm-d.ai/v1alpha1), as a mapping."""
    base_config: NotRequired[dict[str, Any]]
    """The BaseConfig, a ConfigMap, as a mapping."""
    namespace: NotRequired[str]
    """Namespace for a ModelService that names none."""
    epp_cluster_role: NotRequired[str]
    """ClusterRole to bind to the endpoint picker; without it the component makes a Role."""
    epp_pull_secrets: NotRequired[list[str]]
    """Image pull secrets of the endpoint picker."""
    pd_pull_secrets: NotRequired[list[str]]
    """Image pull secrets of the prefill and decode pods."""
    inference_api: NotRequired[str]
    """Generation of the Inference Extension to use: auto, v1alpha2 or v1."""


class ModelService(pulumi.ComponentResource):
    """The Kubernetes objects that serve one llm-d ModelService.

    Waits for no pod: a model may load for longer than an update should take.
    """

    name: pulumi.Output[str]
    """metadata.name of the ModelService."""
    namespace: pulumi.Output[str]
    """Namespace of all its objects."""
    plan_hash: pulumi.Output[str]
    """SHA-256 of everything declared; equal hashes mean equal objects."""
    children: pulumi.Output[dict[str, dict[str, str]]]
    """apiVersion, kind, namespace and name of each object, by its plan key."""
    decode_deployment_name: pulumi.Output[str | None]
    """Name of the decode Deployment, if there is one."""
    prefill_deployment_name: pulumi.Output[str | None]
    """Name of the prefill Deployment, if there is one."""
    epp_deployment_name: pulumi.Output[str | None]
    """Name of the endpoint picker's Deployment, if there is one."""
    http_route_name: pulumi.Output[str | None]
    """Name of the HTTPRoute, if there is one."""
    inference_pool_name: pulumi.Output[str | None]
    """Name of the InferencePool, if there is one."""
    inference_model_name: pulumi.Output[str | None]
    """Name of the InferenceModel, if there is one."""

    def __init__(
        self, name: str, args: ModelServiceArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare what ``args`` describe. Raises pulumi.RunError that says all that is wrong."""
        try:
            plan = _plan(args)
        except ModelServiceError as error:
            raise pulumi.RunError(render(error.diagnostics).rstrip()) from error
        self._declare(name, plan, opts)

    @classmethod
    def from_plan(cls, name: str, plan: Plan, opts: pulumi.ResourceOptions | None = None) -> Self:
        """The component for a plan made earlier, by a program that first checks all inputs."""
        component = cls.__new__(cls)
        component._declare(name, plan, opts)
        return component

    def _declare(self, name: str, plan: Plan, opts: pulumi.ResourceOptions | None) -> None:
        super().__init__("llmd:index:ModelService", name, {}, opts)
        if plan.diagnostics:
            pulumi.log.warn(render(plan.diagnostics).rstrip(), self)
        self.resources: dict[str, pulumi.CustomResource] = {}
        for planned in plan:
            child_options = pulumi.ResourceOptions(
                parent=self,
                depends_on=[self.resources[key] for key in planned.depends_on],
                ignore_changes=list(planned.ignore_changes),
            )
            self.resources[planned.key] = declare_object(
                planned, f"{name}-{logical_suffix(planned)}", child_options
            )
        outputs = self._outputs(plan)
        for attribute, value in outputs.items():
            setattr(self, attribute, value)
        self.register_outputs({_camel(key): value for key, value in outputs.items()})

    def _outputs(self, plan: Plan) -> dict[str, pulumi.Output[Any]]:
        """Every annotated attribute; what names a child is known once that child exists."""
        references = {planned.key: _reference(planned.manifest) for planned in plan}

        def name_of(key: str) -> pulumi.Output[Any]:
            child = self.resources.get(key)
            if child is None:
                return pulumi.Output.from_input(None)
            return child.urn.apply(lambda _: references[key]["name"])

        urns = [child.urn for child in self.resources.values()]
        return {
            "name": pulumi.Output.from_input(plan.name),
            "namespace": pulumi.Output.from_input(plan.namespace),
            "plan_hash": pulumi.Output.from_input(plan.hash),
            "children": pulumi.Output.all(*urns).apply(lambda _: references),
            "decode_deployment_name": name_of("decodeDeployment"),
            "prefill_deployment_name": name_of("prefillDeployment"),
            "epp_deployment_name": name_of("eppDeployment"),
            "http_route_name": name_of("httpRoute"),
            "inference_pool_name": name_of("inferencePool"),
            "inference_model_name": name_of("inferenceModel"),
        }


def normalised(value: Any, at: FieldPath = ROOT) -> Any:
    """``value`` as it was written: plain containers, and whole numbers as integers.

    A ModelService from another language arrives over gRPC, which knows only floating point.

    Raises:
        PlanError: a value is only known while the program runs.
    """
    if isinstance(value, pulumi.Output | pulumi.output.Unknown):
        raise PlanError(
            [
                Diagnostic(
                    "output-in-arguments",
                    "the value is not known before the update runs (a Pulumi Output)",
                    field=at,
                    help="these arguments decide which resources exist: pass plain values, "
                    "or read them from configuration",
                )
            ]
        )
    if isinstance(value, Mapping):
        return {str(key): normalised(item, at.child(str(key))) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [normalised(item, at.child(index)) for index, item in enumerate(value)]
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        return int(value)
    return value


def _plan(args: ModelServiceArgs) -> Plan:
    given = cast(
        "ModelServiceArgs",
        {key: normalised(value, FieldPath.of(key)) for key, value in args.items()},
    )
    options = PlanOptions(
        namespace=given.get("namespace", ""),
        epp_cluster_role=given.get("epp_cluster_role", ""),
        epp_pull_secrets=tuple(given.get("epp_pull_secrets", ())),
        pd_pull_secrets=tuple(given.get("pd_pull_secrets", ())),
        inference_api=cast("InferenceAPI", given.get("inference_api", "auto")),
    )
    return plan_model_service(given["model_service"], given.get("base_config"), options)


def _reference(manifest: dict[str, Any]) -> dict[str, str]:
    metadata = manifest["metadata"]
    return {
        "apiVersion": manifest["apiVersion"],
        "kind": manifest["kind"],
        "namespace": metadata.get("namespace", ""),
        "name": metadata["name"],
    }


def _camel(attribute: str) -> str:
    first, *rest = attribute.split("_")
    return first + "".join(word.capitalize() for word in rest)
