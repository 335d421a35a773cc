"""``msvc graph``: the objects of ModelServices as a picture."""

from __future__ import annotations

import argparse
from typing import Any

from msvc_pulumi import graph
from msvc_pulumi.cli import diagnostics as printed
from msvc_pulumi.cli import results
from msvc_pulumi.cli.generate import add_input_arguments, options
from msvc_pulumi.document.inputs import load_inputs
from msvc_pulumi.fleet.fleetplan import plan_inputs

__all__ = ["add_parser"]


def add_parser(commands: Any) -> None:
    parser: argparse.ArgumentParser = commands.add_parser(
        "graph",
        help="draw the objects and what they have to do with each other",
        description="Print a picture of the objects by role: what routes to, selects, scales and "
        "refers to what. A browser shows svg.",
    )
    add_input_arguments(parser)
    parser.add_argument(
        "-o",
        "--output",
        choices=("dot", "mermaid", "svg"),
        default="dot",
        help="language of the picture (default: dot)",
    )
    printed.add_arguments(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    inputs = load_inputs(arguments.modelservice, arguments.baseconfig)
    with results.counted(arguments, len(inputs.model_services)) as planned:
        fleet = plan_inputs(inputs, options(arguments), strict=arguments.strict, planned=planned)
    printed.show(fleet.warnings, arguments)
    picture = graph.render(fleet.plans, arguments.output)
    results.write(arguments, {"language": arguments.output, "picture": picture}, picture)
    return 0
