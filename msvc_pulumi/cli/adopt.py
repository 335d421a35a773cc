"""``msvc adopt``: what becomes of the objects that llm-d-model-service made, object by object."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from msvc_pulumi.cli import diagnostics as printed
from msvc_pulumi.cli import results
from msvc_pulumi.cli.generate import add_input_arguments, named_inputs
from msvc_pulumi.cli.servedkinds import ServedKinds
from msvc_pulumi.errors import Diagnostic, Diagnostics, LoadError, ModelServiceError, SpecError
from msvc_pulumi.fleet.fleetplan import plan_inputs
from msvc_pulumi.plan import Plan
from msvc_pulumi.report import visible
from msvc_pulumi.rules.exactness import refuse_inexact

if TYPE_CHECKING:
    from msvc_pulumi.cluster import Cluster
    from msvc_pulumi.cluster.prospects import Prospect

__all__ = ["add_parser"]


def add_parser(commands: Any) -> None:
    parser: argparse.ArgumentParser = commands.add_parser(
        "adopt",
        help="show what taking over from llm-d-model-service changes",
        description="Show for each object that llm-d-model-service made what `msvc up` would "
        "change about it with the ModelServices of -m, or without -m the operator with those of "
        "the cluster. The API server is asked by dry runs; nothing is changed.",
    )
    add_input_arguments(parser, required=False, served="what the cluster says")
    parser.add_argument(
        "--exit-code",
        action="store_true",
        help="exit with 1 if something would have to be made anew, or is refused",
    )
    printed.add_arguments(parser)
    parser.set_defaults(run=run, parser=parser)


def run(arguments: argparse.Namespace) -> int:
    from msvc_pulumi.cluster import Cluster  # noqa: PLC0415  an HTTP client is slow to import
    from msvc_pulumi.cluster.prospects import prospects  # noqa: PLC0415

    if arguments.baseconfig and not arguments.modelservice:
        arguments.parser.error("--baseconfig needs -m")
    display = results.progress(arguments)
    found: list[Prospect] = []
    with Cluster.connect() as cluster:
        with display.task("looking at the cluster"):
            served = ServedKinds(cluster, arguments)
            plans = _plans(cluster, arguments, served)
        with display.task("asking the cluster") as task:
            for number, plan in enumerate(plans, start=1):
                task.count(number, len(plans), "ModelServices")
                found += prospects(cluster, plan)
    lines = [visible(line) for one in found for line in str(one).split("\n")]
    text = "".join(f"{line}\n" for line in lines) + _summary(found)
    results.write(arguments, [one.plain() for one in found], text)
    hindered = any(
        one.action in ("refused", "others") or (one.action == "replace" and not one.consented)
        for one in found
    )
    return 1 if hindered and arguments.exit_code else 0


def _plans(cluster: Cluster, arguments: argparse.Namespace, served: ServedKinds) -> Sequence[Plan]:
    if not arguments.modelservice:
        return _live_plans(cluster, arguments, served)
    inputs = named_inputs(arguments)
    fleet = plan_inputs(inputs, served.options, strict=arguments.strict)
    printed.show([*served.contradictions(fleet.plans), *fleet.warnings], arguments)
    refuse_inexact(fleet.plans)
    return fleet.plans


def _live_plans(
    cluster: Cluster, arguments: argparse.Namespace, served: ServedKinds
) -> Sequence[Plan]:
    """The plans of the cluster's ModelServices, as the operator makes them."""
    from msvc_pulumi.cluster.baseconfigs import unavailable  # noqa: PLC0415
    from msvc_pulumi.cluster.modelservices import (  # noqa: PLC0415
        API_VERSION,
        KIND,
        base_config_of,
        plan_of,
    )

    plans, problems, settings = list[Plan](), Diagnostics(), served.options
    for service in cluster.list(API_VERSION, KIND, arguments.namespace or None)[0]:
        reference = base_config_of(service)
        config = None
        if reference is not None:
            config = cluster.get("v1", "ConfigMap", reference.name, reference.namespace)
            missing = unavailable(reference, config, service["metadata"]["namespace"], None)
            if missing is not None:
                problems.add(missing)
                continue
        try:
            plans.append(plan_of(service, config, settings, settings.capabilities))
        except ModelServiceError as error:
            problems.extend(error.diagnostics)
    problems.raise_errors(SpecError)
    if not plans:
        raise LoadError(
            [
                Diagnostic(
                    "no-model-service",
                    "no ModelService in the cluster",
                    help="name files with -m, or another namespace with --namespace",
                )
            ]
        )
    printed.show(served.contradictions(plans), arguments)
    return plans


def _summary(found: Sequence[Prospect]) -> str:
    from msvc_pulumi.cluster.prospects import TOLD  # noqa: PLC0415

    count = {action: sum(one.action == action for one in found) for action in TOLD}
    told = {
        "adopted in place": count["adopt"],
        "made anew": count["replace"],
        "refused": count["refused"] + count["others"],
        "made": count["create"],
        "Pulumi's already": count["made"],
        "left over": count["left"],
    }
    return ", ".join(f"{number} {what}" for what, number in told.items() if number) + "\n"
