"""`ModelService`: the Kubernetes objects of one ModelService as a Pulumi component.

The analyzer of `pulumi package` reads this module's annotations at run time, therefore they are
not postponed here.
"""

from dataclasses import replace
from typing import Any, Self, TypedDict

import pulumi

from msvc_pulumi.components.arguments import Described, ModelServiceArgs, described
from msvc_pulumi.components.childoptions import divided, idle_options
from msvc_pulumi.components.kinds import declare_object, snake
from msvc_pulumi.components.opaque import OpaqueValues
from msvc_pulumi.errors import ModelServiceError
from msvc_pulumi.out.declaration import COMPONENT, declarations, outputs, stamped
from msvc_pulumi.plan import Plan
from msvc_pulumi.report import render
from msvc_pulumi.rules.refusals import plan_warnings

__all__ = ["Endpoint", "ModelService"]


class Endpoint(TypedDict):
    """Where a Service is reached from within the cluster."""

    host: str
    """Its name in the cluster's DNS."""
    port: int
    """Its first port."""


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
    endpoints: pulumi.Output[dict[str, Endpoint]]
    """The Services by role: decode, prefill and endpointPicker, each if there is one."""
    gateway_paths: pulumi.Output[list[str]]
    """Path prefixes at which the gateways route to the model; none without an HTTPRoute."""
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
            found = described(args)
        except ModelServiceError as error:
            raise pulumi.RunError(render(error.diagnostics).rstrip()) from error
        self._declare(name, found, opts)

    @classmethod
    def from_plan(cls, name: str, plan: Plan, opts: pulumi.ResourceOptions | None = None) -> Self:
        """The component for a plan made earlier, by a program that first checks all inputs."""
        component = cls.__new__(cls)
        component._declare(name, Described(plan, OpaqueValues()), opts)
        return component

    def _declare(
        self, name: str, described: Described, opts: pulumi.ResourceOptions | None
    ) -> None:
        plan, opaque = described
        try:
            own, of_child = divided(opts, [planned.key for planned in plan])
        except ModelServiceError as error:
            raise pulumi.RunError(render(error.diagnostics).rstrip()) from error
        super().__init__(COMPONENT, name, {}, own)
        if warnings := [*idle_options(opts), *plan_warnings(plan)]:
            pulumi.log.warn(render(warnings).rstrip(), self)
        self.resources: dict[str, pulumi.CustomResource] = {}
        for declaration in declarations(name, plan):
            child_options = pulumi.ResourceOptions(
                parent=self,
                depends_on=[self.resources[key] for key in declaration.depends_on],
                ignore_changes=list(declaration.ignore_changes),
                replace_on_changes=list(declaration.replace_on_changes),
                delete_before_replace=True,  # all have names of their own
            )
            child_options = pulumi.ResourceOptions.merge(of_child(declaration.key), child_options)
            properties = opaque.revealed(declaration.properties)
            declaration = replace(declaration, properties=properties)  # noqa: PLW2901
            if declaration.restarts_with:
                uid = _uid(self.resources[declaration.restarts_with])
                declaration = replace(declaration, properties=stamped(declaration, uid))  # noqa: PLW2901
            self.resources[declaration.key] = declare_object(declaration, child_options)
        # What names the children is known once they exist.
        done = pulumi.Output.all(*(child.urn for child in self.resources.values()))
        values = {**opaque.revealed(outputs(plan)), "planHash": opaque.hash_of(plan)}
        found = {key: _after(done, value) for key, value in values.items()}
        for key, value in found.items():
            setattr(self, snake(key), value)
        self.register_outputs(found)


def _uid(resource: Any) -> pulumi.Output[str]:
    """What the API server calls the object by; known once it exists."""
    found: pulumi.Output[str] = resource.metadata.apply(lambda one: (one or {}).get("uid") or "")
    return found


def _after(done: pulumi.Output[Any], value: Any) -> pulumi.Output[Any]:
    return done.apply(lambda _: pulumi.Output.from_input(value))
