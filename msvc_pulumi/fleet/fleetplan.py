"""`plan_inputs`: the plans of all ModelServices of a run, and all that is to be said of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from msvc_pulumi.document.inputs import Inputs, base_config_for
from msvc_pulumi.errors import Diagnostic, Diagnostics, ModelServiceError, SpecError
from msvc_pulumi.plan import Plan, PlanOptions, plan_model_service
from msvc_pulumi.rules.nodeports import node_ports_twice
from msvc_pulumi.rules.refusals import parse_version, plan_warnings

__all__ = ["FleetPlan", "plan_inputs"]


class FleetPlan(NamedTuple):
    """The plans in the order of the inputs, and the warnings of all in the order of their finding.

    ``general`` are those warnings that no plan has itself: of the inputs, and between plans.
    """

    plans: tuple[Plan, ...]
    warnings: tuple[Diagnostic, ...]
    general: tuple[Diagnostic, ...]


def plan_inputs(
    inputs: Inputs,
    options: PlanOptions,
    *,
    strict: bool = False,
    kubernetes_version: str = "",
    planned: Callable[[int], None] = lambda _: None,
) -> FleetPlan:
    """A plan for every ModelService. With ``strict`` warnings are errors.

    ``kubernetes_version`` is the API server's, where one is known. ``planned`` is called with how
    many have been looked at, after each.

    Raises:
        ModelServiceError: any ModelService has errors; it carries the problems of all of them.
    """
    found, general = Diagnostics(list(inputs.diagnostics)), Diagnostics(list(inputs.diagnostics))
    plans: list[Plan] = []
    failure: type[ModelServiceError] = SpecError
    version = parse_version(kubernetes_version)
    for number, service in enumerate(inputs.model_services, start=1):
        choice = Diagnostics()
        base = base_config_for(service, inputs.base_configs, choice)
        for each in (found, general):
            each.extend(choice)
        try:
            plan = plan_model_service(service, base, options)
        except ModelServiceError as error:
            failure = type(error)
            found.extend(error.diagnostics)
        else:
            plans.append(plan)
            found.extend(plan_warnings(plan, version))
        planned(number)
    between = list(_given_twice(plans))
    if not (found.errors or between):
        between = list(_between(plans))
    for each in (found, general):
        each.extend(between)
    if strict:
        found = found.with_warnings_as_errors()
    found.raise_errors(failure)
    return FleetPlan(tuple(plans), tuple(found), tuple(general))


def _between(plans: Sequence[Plan]) -> Iterator[Diagnostic]:
    if len(plans) > 1:
        from msvc_pulumi.fleet.conflicts import conflicts, name_conflicts  # noqa: PLC0415  one has none

        yield from name_conflicts(plans)
        yield from conflicts(plans)
    yield from node_ports_twice(plans)


def _given_twice(plans: Sequence[Plan]) -> Iterator[Diagnostic]:
    seen: set[tuple[str, str]] = set()
    for plan in plans:
        identity = (plan.namespace, plan.name)
        if identity in seen:
            yield Diagnostic(
                "duplicate-model-service",
                f'ModelService "{plan.name}" is given twice in namespace "{plan.namespace}"',
                help="rename one of them, or name its file only once",
            )
        seen.add(identity)
