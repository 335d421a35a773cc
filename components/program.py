"""`declare`: a component for each ModelService of some inputs, or one error for all of them."""

from collections.abc import Mapping, Sequence

import pulumi

from msvc_pulumi.components.model_service import ModelService
from msvc_pulumi.errors import Diagnostics, ModelServiceError
from msvc_pulumi.inputs import Inputs, base_config_for
from msvc_pulumi.plan import Plan, PlanOptions, plan_model_service
from msvc_pulumi.report import render

__all__ = ["declare", "declare_plans", "export"]


def declare(inputs: Inputs, options: PlanOptions) -> dict[str, ModelService]:
    """The component of each ModelService, by its logical name.

    The name is that of the ModelService, with its namespace in front where two share a name.
    Nothing is declared unless all inputs are good: with ``--skip-preview`` the engine applies what
    is declared at once.

    Raises:
        pulumi.RunError: what is wrong with the inputs, all of it.
    """
    diagnostics = Diagnostics(list(inputs.diagnostics))
    plans: list[Plan] = []
    for document in inputs.model_services:
        base_config = base_config_for(document, inputs.base_configs, diagnostics)
        try:
            plans.append(plan_model_service(document, base_config, options))
        except ModelServiceError as error:
            diagnostics.extend(error.diagnostics)
    _no_duplicates(plans, diagnostics)
    if diagnostics.errors:
        raise pulumi.RunError(render(diagnostics).rstrip())
    if len(diagnostics):
        pulumi.log.warn(render(diagnostics).rstrip())
    return declare_plans(plans)


def declare_plans(plans: Sequence[Plan]) -> dict[str, ModelService]:
    """The component of each plan, named as in `declare`."""
    names = [plan.name for plan in plans]
    return {
        name: ModelService.from_plan(name, plan)
        for plan in plans
        for name in [f"{plan.namespace}-{plan.name}" if names.count(plan.name) > 1 else plan.name]
    }


def export(services: Mapping[str, ModelService]) -> None:
    """Export, by name, each ModelService's namespace, plan hash and the names of its objects."""
    for name, service in services.items():
        children = service.children.apply(
            lambda references: {key: one["name"] for key, one in references.items()}
        )
        facts = {"namespace": service.namespace, "hash": service.plan_hash, "children": children}
        pulumi.export(name, facts)


def _no_duplicates(plans: list[Plan], diagnostics: Diagnostics) -> None:
    seen: set[tuple[str, str]] = set()
    for plan in plans:
        identity = (plan.namespace, plan.name)
        if identity in seen:
            diagnostics.error(
                "duplicate-model-service",
                f'ModelService "{plan.name}" is given twice in namespace "{plan.namespace}"',
                help="rename one of them, or name its file only once",
            )
        seen.add(identity)
