"""`ModelService`: the Kubernetes objects of one ModelService as a Pulumi component.

The analyzer of `pulumi package` reads this module's annotations at run time, therefore they are
not postponed here.
"""

from typing import Any, Self

import pulumi

from msvc_pulumi.components.arguments import ModelServiceArgs, planned
from msvc_pulumi.components.kinds import declare_object, logical_suffix
from msvc_pulumi.errors import ModelServiceError
from msvc_pulumi.plan import Plan
from msvc_pulumi.report import render

__all__ = ["ModelService"]


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
    skipped: pulumi.Output[dict[str, str]]
    """Why an object is left out because the cluster does not serve its kind, by its plan key."""
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
            plan = planned(args)
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
        for child in plan:
            child_options = pulumi.ResourceOptions(
                parent=self,
                depends_on=[self.resources[key] for key in child.depends_on],
                ignore_changes=list(child.ignore_changes),
            )
            self.resources[child.key] = declare_object(
                child, f"{name}-{logical_suffix(child)}", child_options
            )
        outputs = self._outputs(plan)
        for attribute, value in outputs.items():
            setattr(self, attribute, value)
        self.register_outputs({_camel(key): value for key, value in outputs.items()})

    def _outputs(self, plan: Plan) -> dict[str, pulumi.Output[Any]]:
        """Every annotated attribute; what names a child is known once that child exists."""
        references = {child.key: _reference(child.manifest) for child in plan}

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
            "skipped": pulumi.Output.from_input({one.key: one.reason for one in plan.skipped}),
            "decode_deployment_name": name_of("decodeDeployment"),
            "prefill_deployment_name": name_of("prefillDeployment"),
            "epp_deployment_name": name_of("eppDeployment"),
            "http_route_name": name_of("httpRoute"),
            "inference_pool_name": name_of("inferencePool"),
            "inference_model_name": name_of("inferenceModel"),
        }


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
