"""``msvc crd``: the CustomResourceDefinition of ModelService."""

from __future__ import annotations

import argparse
from typing import Any

from msvc_pulumi.cli.results import add_format, write

__all__ = ["add_parser"]


def add_parser(commands: Any) -> None:
    parser: argparse.ArgumentParser = commands.add_parser(
        "crd",
        help="print the CustomResourceDefinition",
        description="Print the CustomResourceDefinition of ModelService, for kubectl apply.",
    )
    add_format(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from msvc_pulumi.api.crd import custom_resource_definition  # noqa: PLC0415  only needed here
    from msvc_pulumi.document.emitter import to_yaml  # noqa: PLC0415

    definition = custom_resource_definition()
    write(arguments, definition, to_yaml(definition))
    return 0
