"""``msvc schema``: JSON Schemas for editors."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

__all__ = ["add_parser"]


def add_parser(commands: Any) -> None:
    parser: argparse.ArgumentParser = commands.add_parser(
        "schema",
        help="print a JSON Schema for editors",
        description="Print the JSON Schema of ModelService, of BaseConfig, or of one of its "
        "sections as a document of its own.",
    )
    parser.add_argument(
        "name",
        metavar="NAME",
        nargs="?",
        default="modelservice",
        help="modelservice (default), baseconfig, or a section such as decodeDeployment",
    )
    parser.add_argument(
        "--format", choices=("text", "json"), default="json", help="JSON, whichever is asked for"
    )
    parser.set_defaults(run=run, usage_error=parser.error)


def run(arguments: argparse.Namespace) -> int:
    from msvc_pulumi.fields import editorschema  # noqa: PLC0415  only needed here
    from msvc_pulumi.fields.sectiondescriptions import DESCRIPTIONS  # noqa: PLC0415
    from msvc_pulumi.nearest import nearest  # noqa: PLC0415

    name: str = arguments.name
    if name == "modelservice":
        schema = editorschema.model_service_schema()
    elif name == "baseconfig":
        schema = editorschema.base_config_schema()
    elif name in DESCRIPTIONS:
        schema = editorschema.section_schema(name)
    else:
        known = ["modelservice", "baseconfig", *DESCRIPTIONS]
        close = nearest(name, known)
        arguments.usage_error(
            f"there is no schema {name!r}: "
            + (f"did you mean {close}?" if close else f"choose from {', '.join(known)}")
        )
    sys.stdout.write(json.dumps(schema, indent=1) + "\n")
    return 0
