"""``msvc validate``: find every mistake before anything is applied."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from msvc_pulumi.cli import diagnostics as printed
from msvc_pulumi.cli.generate import add_input_arguments, options
from msvc_pulumi.errors import Diagnostic, Diagnostics, LoadError, PlanError, Severity
from msvc_pulumi.fleetplan import plan_inputs
from msvc_pulumi.inputs import load_inputs

__all__ = ["add_parser"]


def add_parser(commands: Any) -> None:
    parser: argparse.ArgumentParser = commands.add_parser(
        "validate",
        help="check ModelServices and BaseConfigs",
        description="Run the whole pipeline and check the objects against the Kubernetes API's "
        "schemas. Prints only what is wrong.",
    )
    add_input_arguments(parser)
    parser.add_argument(
        "--kubernetes-version",
        metavar="X.Y",
        default="",
        help="release whose schemas the objects are checked against (default: the newest tested)",
    )
    printed.add_arguments(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    inputs = load_inputs(arguments.modelservice, arguments.baseconfig)
    if not inputs.model_services:
        raise LoadError([Diagnostic("no-model-service", "no ModelService among the files")])
    fleet = plan_inputs(
        inputs,
        options(arguments),
        strict=arguments.strict,
        refused=Severity.ERROR,
        kubernetes_version=arguments.kubernetes_version,
    )
    found = Diagnostics(list(fleet.warnings))
    from msvc_pulumi import validate  # noqa: PLC0415  its schemas are large

    try:
        version = arguments.kubernetes_version or validate.KUBERNETES_VERSION
        found.extend(validate.validate(fleet.plans, version))
    except ImportError:
        found.add(
            Diagnostic(
                "no-schemas",
                "the Kubernetes schemas are not installed; only the pipeline was checked",
                Severity.WARNING,
                help="pip install 'msvc-pulumi[validate]'",
            )
        )
    found.raise_errors(PlanError)
    printed.show(found, arguments)
    objects = sum(len(plan) for plan in fleet.plans)
    sys.stdout.write(f"valid: {len(fleet.plans)} ModelServices, {objects} objects\n")
    return 0
