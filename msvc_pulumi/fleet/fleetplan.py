"""The plans of all ModelServices of a run, and all that is to be said of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache, partial
from typing import Generic, NamedTuple, TypeVar

from msvc_pulumi.document.inputs import Inputs, base_config_for
from msvc_pulumi.errors import Diagnostic, Diagnostics, ModelServiceError, SpecError
from msvc_pulumi.fleet.nodeports import node_ports_twice
from msvc_pulumi.fleet.outline import Entry, Outline
from msvc_pulumi.plan import Plan, PlanOptions, plan_model_service
from msvc_pulumi.rules.refusals import parse_version, plan_warnings

__all__ = ["FleetPlan", "Outcome", "Planning", "plan_inputs"]

Made = TypeVar("Made")
RECALLED = 8  # plans that are kept while collisions are told of


class FleetPlan(NamedTuple, Generic[Made]):
    """The plans in the order of the inputs, or what was made of each, and the warnings of all.

    ``warnings`` are in the order of their finding. ``general`` are those that no plan has itself:
    of the inputs, and between plans.
    """

    plans: tuple[Made, ...]
    warnings: tuple[Diagnostic, ...]
    general: tuple[Diagnostic, ...]


class Outcome(NamedTuple, Generic[Made]):
    """What came of one ModelService; without a plan ``failure`` says how it failed.

    ``choice`` are the warnings about the choice of its BaseConfig, ``found`` are all others.
    """

    choice: tuple[Diagnostic, ...]
    found: tuple[Diagnostic, ...]
    failure: type[ModelServiceError] | None = None
    outline: Outline | None = None
    made: Made | None = None


class Planning(Generic[Made]):
    """The planning of a run, one ModelService at a time, in whatever order and process.

    ``make`` says what is wanted of each plan, which is not kept. ``kubernetes_version`` is the API
    server's, where one is known.
    """

    def __init__(
        self,
        inputs: Inputs,
        options: PlanOptions,
        make: Callable[[Plan], Made],
        *,
        kubernetes_version: str = "",
    ) -> None:
        self._inputs, self._options, self._make = inputs, options, make
        self._version = parse_version(kubernetes_version)

    def __len__(self) -> int:
        return len(self._inputs.model_services)

    def outcome(self, number: int) -> Outcome[Made]:
        """What comes of the ModelService ``number`` of the inputs."""
        choice = Diagnostics()
        try:
            plan = self._plan(number, choice)
        except ModelServiceError as error:
            return Outcome(tuple(choice), error.diagnostics, type(error))
        found = tuple(plan_warnings(plan, self._version))
        return Outcome(tuple(choice), found, None, Outline.of(plan), self._make(plan))

    def outcomes(self, planned: Callable[[int], None]) -> Iterator[Outcome[Made]]:
        """All outcomes in order; ``planned`` is called with how many there are, after each."""
        for number in range(len(self)):
            yield self.outcome(number)
            planned(number + 1)

    def gathered(
        self, outcomes: Iterable[Outcome[Made]], *, strict: bool = False
    ) -> FleetPlan[Made]:
        """All of them together, from their outcomes in order. With ``strict`` warnings are errors.

        Raises:
            ModelServiceError: any ModelService has errors; it carries the problems of all of them.
        """
        found = Diagnostics(list(self._inputs.diagnostics))
        general = Diagnostics(list(self._inputs.diagnostics))
        failure: type[ModelServiceError] = SpecError
        made: list[Made] = []
        fleet: list[Entry] = []
        recalled = lru_cache(RECALLED)(lambda number: self._plan(number, Diagnostics()))
        for number, outcome in enumerate(outcomes):
            found.extend(outcome.choice)
            general.extend(outcome.choice)
            found.extend(outcome.found)
            failure = outcome.failure or failure
            if outcome.outline is not None and outcome.made is not None:
                document = self._inputs.model_services[number]
                fleet.append(Entry(outcome.outline, document, partial(recalled, number)))
                made.append(outcome.made)
        between = list(_given_twice(fleet))
        if not (found.errors or between):
            between = list(_between(fleet))
        for each in (found, general):
            each.extend(between)
        if strict:
            found = found.with_warnings_as_errors()
        found.raise_errors(failure)
        return FleetPlan(tuple(made), tuple(found), tuple(general))

    def _plan(self, number: int, diagnostics: Diagnostics) -> Plan:
        service = self._inputs.model_services[number]
        base = base_config_for(service, self._inputs.base_configs, diagnostics)
        return plan_model_service(service, base, self._options)


def plan_inputs(
    inputs: Inputs,
    options: PlanOptions,
    *,
    strict: bool = False,
    kubernetes_version: str = "",
    planned: Callable[[int], None] = lambda _: None,
) -> FleetPlan[Plan]:
    """A plan for every ModelService. With ``strict`` warnings are errors.

    ``kubernetes_version`` is the API server's, where one is known. ``planned`` is called with how
    many have been looked at, after each.

    Raises:
        ModelServiceError: any ModelService has errors; it carries the problems of all of them.
    """
    planning = Planning(inputs, options, _itself, kubernetes_version=kubernetes_version)
    return planning.gathered(planning.outcomes(planned), strict=strict)


def _itself(plan: Plan) -> Plan:
    return plan


def _between(fleet: Sequence[Entry]) -> Iterator[Diagnostic]:
    if len(fleet) > 1:
        from msvc_pulumi.fleet.conflicts import conflicts, name_conflicts  # noqa: PLC0415  one has none

        yield from name_conflicts(fleet)
        yield from conflicts(fleet)
    yield from node_ports_twice(fleet)


def _given_twice(fleet: Sequence[Entry]) -> Iterator[Diagnostic]:
    seen: set[tuple[str, str]] = set()
    for entry in fleet:
        identity = (entry.outline.namespace, entry.outline.name)
        if identity in seen:
            yield Diagnostic(
                "duplicate-model-service",
                f'ModelService "{identity[1]}" is given twice in namespace "{identity[0]}"',
                help="rename one of them, or name its file only once",
            )
        seen.add(identity)
