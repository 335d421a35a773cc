"""``msvc diff``: what changes between two inputs, or between an input and the cluster."""

from __future__ import annotations

import argparse
from typing import Any

from msvc_pulumi.cli import diagnostics as printed
from msvc_pulumi.cli import results
from msvc_pulumi.cli.generate import add_namespace_argument
from msvc_pulumi.counted import counted
from msvc_pulumi.document.inputs import load_inputs
from msvc_pulumi.errors import Diagnostic, LoadError
from msvc_pulumi.fleet.fleetplan import plan_inputs
from msvc_pulumi.out import diff
from msvc_pulumi.out.handover import replicas_reset
from msvc_pulumi.target.options import PlanOptions

__all__ = ["add_parser"]


def add_parser(commands: Any) -> None:
    parser: argparse.ArgumentParser = commands.add_parser(
        "diff",
        help="show what changes",
        description="Show what changes from input A to input B, or from the cluster to input A. "
        "An input is a folder, glob or file with ModelServices and their BaseConfigs.",
    )
    parser.add_argument("a", metavar="A", help="input")
    parser.add_argument(
        "b", metavar="B", nargs="?", help="input; without it, A against the cluster"
    )
    parser.add_argument("--epp-cluster-role", metavar="NAME", default="", help="as in generate")
    add_namespace_argument(parser)
    parser.add_argument("--exit-code", action="store_true", help="exit with 1 if anything differs")
    printed.add_arguments(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    wanted = _manifests(arguments.a, arguments)
    if arguments.b is None:
        changes = diff.compare(_live(wanted, arguments), wanted)
    else:
        changes = diff.compare(wanted, _manifests(arguments.b, arguments))
    text = "".join(f"{change}\n{change.text}\n" for change in changes)
    differ = counted(len(changes), "object differs", "objects differ")
    text += f"{differ}\n" if changes else "no differences\n"
    results.write(arguments, [change.plain() for change in changes], text)
    return 1 if changes and arguments.exit_code else 0


def _manifests(name: str, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    inputs = load_inputs([name])
    if not inputs.model_services:
        raise LoadError([Diagnostic("no-model-service", f'no ModelService in "{name}"')])
    settings = PlanOptions(
        namespace=arguments.namespace, epp_cluster_role=arguments.epp_cluster_role
    )
    with results.counted(arguments, len(inputs.model_services)) as planned:
        fleet = plan_inputs(inputs, settings, strict=arguments.strict, planned=planned)
    printed.show(fleet.warnings, arguments)
    return [planned.manifest for plan in fleet.plans for planned in plan]


def _live(wanted: list[dict[str, Any]], arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """The cluster's version of the wanted objects, cut down to the fields these state."""
    from msvc_pulumi.cluster import Cluster  # noqa: PLC0415  an HTTP client is slow to import

    found, resets = [], []
    display = results.progress(arguments)
    with Cluster.connect() as cluster, display.task("looking at the cluster") as task:
        for number, manifest in enumerate(wanted, start=1):
            task.count(number, len(wanted), "objects")
            metadata = manifest["metadata"]
            namespace = metadata.get("namespace") or cluster.connection.namespace
            live = cluster.get(
                manifest["apiVersion"], manifest["kind"], metadata["name"], namespace
            )
            if live is not None:
                found.append(diff.counterpart(live, manifest))
                if problem := replicas_reset(live, manifest):
                    resets.append(problem)
    printed.show(resets, arguments)
    return found
