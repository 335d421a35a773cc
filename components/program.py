"""`declare`: a component for each ModelService of some inputs, or one error for all of them."""

from collections.abc import Mapping, Sequence

import pulumi

from msvc_pulumi.components.model_service import ModelService
from msvc_pulumi.document.inputs import Inputs
from msvc_pulumi.errors import ModelServiceError
from msvc_pulumi.fleet.fleetplan import plan_inputs
from msvc_pulumi.out.declaration import logical_names
from msvc_pulumi.plan import Plan, PlanOptions
from msvc_pulumi.report import render
from msvc_pulumi.rules.exactness import refuse_inexact

__all__ = ["declare", "declare_plans", "export"]


def declare(inputs: Inputs, options: PlanOptions) -> dict[str, ModelService]:
    """The component of each ModelService, by its logical name.

    The name is that of the ModelService, with its namespace in front where two share a name.
    Nothing is declared unless all inputs are good: with ``--skip-preview`` the engine applies what
    is declared at once.

    Raises:
        pulumi.RunError: what is wrong with the inputs, all of it.
    """
    try:
        fleet = plan_inputs(inputs, options)
        refuse_inexact(fleet.plans)
    except ModelServiceError as error:
        raise pulumi.RunError(render(error.diagnostics).rstrip()) from error
    if fleet.general:
        pulumi.log.warn(render(fleet.general).rstrip())
    return declare_plans(fleet.plans)


def declare_plans(plans: Sequence[Plan]) -> dict[str, ModelService]:
    """The component of each plan, named as in `declare`."""
    names = logical_names(plans)
    return {
        name: ModelService.from_plan(name, plan) for name, plan in zip(names, plans, strict=True)
    }


def export(services: Mapping[str, ModelService]) -> None:
    """Export each ModelService by its name, as `declaration.exported` says it."""
    for name, service in services.items():
        children = service.children.apply(
            lambda references: {key: one["name"] for key, one in references.items()}
        )
        facts = {
            "namespace": service.namespace,
            "hash": service.plan_hash,
            "children": children,
            "skipped": service.skipped,
        }
        pulumi.export(name, facts)
