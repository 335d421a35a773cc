"""``msvc generate``: print what would be applied, without a cluster and without Pulumi."""

from __future__ import annotations

import argparse
import csv
import gc
import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from msvc_pulumi.cli import diagnostics as printed
from msvc_pulumi.cli import results
from msvc_pulumi.document.inputs import Inputs, load_inputs
from msvc_pulumi.document.sourcefile import read_source
from msvc_pulumi.errors import Diagnostic, LoadError
from msvc_pulumi.fleet.fleetplan import FleetPlan, Planning, plan_inputs
from msvc_pulumi.out import text as output
from msvc_pulumi.plan import Plan, PlanOptions
from msvc_pulumi.rules.names import dns_label
from msvc_pulumi.target.capabilities import Capabilities

__all__ = ["add_input_arguments", "add_namespace_argument", "add_parser", "names", "options"]

KUSTOMIZE = "kustomize"
MANY = 64  # ModelServices that it is worth to share among processes
Made = TypeVar("Made")


class Layout(NamedTuple):
    """How plans are printed: the texts of each, and all of them as one."""

    texts: Callable[[Plan], list[str]]
    whole: Callable[[Iterable[list[str]]], str]


LAYOUTS = {
    "manifests": Layout(output.manifests, output.stream),
    "sections": Layout(output.section_document, output.stream),
    "json": Layout(output.json_items, output.json_list),
}


def add_parser(commands: Any) -> None:
    parser: argparse.ArgumentParser = commands.add_parser(
        "generate",
        help="print the Kubernetes objects of ModelServices",
        description="Print the Kubernetes objects that ModelServices and a BaseConfig describe. "
        "FILE may be -, a folder or a glob.",
    )
    add_input_arguments(parser)
    parser.add_argument(
        "-o",
        "--output",
        choices=("manifests", "sections", "json", KUSTOMIZE),
        default="manifests",
        help="manifests for kubectl apply (default, also with --format json), the sections that "
        "the Go program prints, one JSON list, or a Kustomize base in DIR",
    )
    parser.add_argument(
        "directory", metavar="DIR", nargs="?", default="", help="where -o kustomize writes"
    )
    parser.add_argument(
        "--provenance", action="store_true", help="say in comments who set each field"
    )
    printed.add_arguments(parser)
    parser.set_defaults(run=run, usage_error=parser.error)


def add_input_arguments(
    parser: argparse.ArgumentParser,
    *,
    required: bool = True,
    served: str = "all are taken for served",
) -> None:
    """Add the options that say what to plan and how: shared by every command that plans."""
    parser.add_argument(
        "-m",
        "--modelservice",
        metavar="FILE",
        action="append",
        required=required,
        default=None if required else [],
        help="ModelService custom resources",
    )
    parser.add_argument(
        "-b", "--baseconfig", metavar="FILE", action="append", default=[], help="BaseConfigs"
    )
    add_namespace_argument(parser)
    parser.add_argument(
        "--epp-cluster-role",
        metavar="NAME",
        default="",
        help="ClusterRole of the endpoint picker (default: a Role of its own)",
    )
    parser.add_argument(
        "--epp-pull-secrets",
        metavar="NAMES",
        action="append",
        default=[],
        help="image pull secrets of the endpoint picker, comma-separated",
    )
    parser.add_argument(
        "--pd-pull-secrets",
        metavar="NAMES",
        action="append",
        default=[],
        help="image pull secrets of prefill and decode, comma-separated",
    )
    parser.add_argument(
        "--inference-api",
        choices=("auto", "v1alpha2", "v1"),
        default="auto",
        help="generation of the Inference Extension to write for (default: auto)",
    )
    parser.add_argument(
        "--capabilities",
        metavar="FILE",
        default="",
        help="what the cluster serves, as `kubectl api-resources` prints it: kinds that are not "
        f"there are left out (default: {served})",
    )


def add_namespace_argument(parser: argparse.ArgumentParser) -> None:
    """Add the option that says where ModelServices are that do not say it themselves."""
    parser.add_argument(
        "--namespace",
        metavar="NAME",
        type=_namespace_name,
        default="",
        help="for ModelServices that name none",
    )


def _namespace_name(name: str) -> str:
    """``name`` as the value of ``--namespace``; wrong usage where no namespace can have it."""
    if name and (problem := dns_label(name)):
        raise argparse.ArgumentTypeError(f'"{name}": {problem}')
    return name


def named_inputs(arguments: argparse.Namespace) -> Inputs:
    """What the named files hold, at least one ModelService.

    Raises:
        LoadError: a file cannot be read or understood, or there is no ModelService among them.
    """
    inputs = load_inputs(arguments.modelservice, arguments.baseconfig)
    if not inputs.model_services:
        raise LoadError([Diagnostic("no-model-service", "no ModelService among the files")])
    return inputs


def options(arguments: argparse.Namespace) -> PlanOptions:
    """The plan options that the arguments state."""
    return PlanOptions(
        namespace=arguments.namespace,
        epp_cluster_role=arguments.epp_cluster_role,
        epp_pull_secrets=tuple(names(arguments.epp_pull_secrets)),
        pd_pull_secrets=tuple(names(arguments.pd_pull_secrets)),
        inference_api=arguments.inference_api,
        capabilities=_capabilities(arguments.capabilities),
    )


def _capabilities(file: str) -> Capabilities | None:
    return Capabilities.parse(read_source(file)) if file else None


def names(values: Iterable[str]) -> Iterable[str]:
    """Every name in ``values``, each one CSV record as pflag's string slices read them."""
    for value in values:
        for record in csv.reader([value]):
            yield from record


def run(arguments: argparse.Namespace) -> int:
    """Print the objects. A short run that keeps all it makes has no garbage to look for."""
    if bool(arguments.directory) != (arguments.output == KUSTOMIZE):
        arguments.usage_error("DIR and -o kustomize go together")
    gc.disable()
    try:
        return _run(arguments)
    finally:
        gc.freeze()  # what is left goes with the process
        gc.enable()


def _run(arguments: argparse.Namespace) -> int:
    inputs = named_inputs(arguments)
    if arguments.output == KUSTOMIZE:
        return _write_base(arguments, inputs)
    layout = LAYOUTS[arguments.output]
    texts = layout.texts
    if arguments.provenance and arguments.output == "manifests":
        texts = partial(output.manifests, provenance=True)
    planning = Planning(inputs, options(arguments), texts)
    fleet = _gathered(planning, arguments)
    text = layout.whole(fleet.plans)
    printed.show(fleet.warnings, arguments)
    sys.stdout.write(text)
    return 0


def _gathered(planning: Planning[Made], arguments: argparse.Namespace) -> FleetPlan[Made]:
    """What comes of the planning, of many ModelServices in several processes."""
    count = len(planning)
    if count < MANY:
        with results.counted(arguments, count) as planned:
            return planning.gathered(planning.outcomes(planned), strict=arguments.strict)
    from msvc_pulumi.cli.workers import Workers  # noqa: PLC0415  only many need them

    with Workers(planning.outcome, count) as workers, results.counted(arguments, count) as planned:
        return planning.gathered(workers.results(planned), strict=arguments.strict)


def _write_base(arguments: argparse.Namespace, inputs: Inputs) -> int:
    from msvc_pulumi.cli.files import write_base  # noqa: PLC0415  only needed here
    from msvc_pulumi.counted import counted  # noqa: PLC0415  only needed here

    with results.counted(arguments, len(inputs.model_services)) as planned:
        fleet = plan_inputs(inputs, options(arguments), strict=arguments.strict, planned=planned)
    printed.show(fleet.warnings, arguments)
    written = write_base(Path(arguments.directory), fleet.plans)
    text = f"wrote {counted(len(written), 'file')} into {arguments.directory}\n"
    results.write(arguments, {"directory": arguments.directory, "written": written}, text)
    return 0
