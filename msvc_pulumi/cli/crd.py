"""``msvc crd``: the CustomResourceDefinition of ModelService."""

from __future__ import annotations

import argparse
import sys
from typing import Any

__all__ = ["add_parser"]


def add_parser(commands: Any) -> None:
    parser: argparse.ArgumentParser = commands.add_parser(
        "crd",
        help="print the CustomResourceDefinition",
        description="Print the CustomResourceDefinition of ModelService, for kubectl apply.",
    )
    parser.set_defaults(run=run)


def run(_: argparse.Namespace) -> int:
    from msvc_pulumi.api.crd import custom_resource_definition  # noqa: PLC0415  only needed here
    from msvc_pulumi.document.emitter import to_yaml  # noqa: PLC0415

    sys.stdout.write(to_yaml(custom_resource_definition()))
    return 0
