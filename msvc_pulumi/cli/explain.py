"""``msvc explain``: what a field or a diagnostic code means, and which codes a topic has."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

__all__ = ["add_parser"]


def add_parser(commands: Any) -> None:
    parser: argparse.ArgumentParser = commands.add_parser(
        "explain",
        help="say what a field or a diagnostic code means",
        description="Say what a field of a ModelService or BaseConfig means and what becomes of "
        "it, what a diagnostic code means and how to cure it, or which codes a topic has. Without "
        "NAME, list topics and codes.",
    )
    parser.add_argument(
        "name",
        metavar="NAME",
        nargs="?",
        help="a field, such as spec.decode.replicas, decode.containers.args or "
        "decodeDeployment.spec, a code, such as template-exec, or a topic, such as policies",
    )
    parser.add_argument(
        "--recursive", action="store_true", help="print the names of all fields in a field"
    )
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="how to print it (default: text)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from msvc_pulumi.explanations import catalogue, printing  # noqa: PLC0415  only needed here

    name = arguments.name
    as_json = arguments.format == "json"
    if name is None:
        listed = [catalogue.explanation(code) for code in catalogue.codes()]
        return _print(printing.plain_list(listed) if as_json else printing.overview(listed))
    if name in catalogue.codes():
        entry = catalogue.explanation(name)
        return _print(printing.plain(entry) if as_json else printing.text(entry))
    if name not in catalogue.TOPICS:
        return _field(name, arguments, as_json=as_json)
    listed = catalogue.explanations_of(name)
    if not _is_field(name):
        return _print(printing.plain_list(listed) if as_json else printing.topic(name, listed))
    _field(name, arguments, as_json=as_json)
    return 0 if as_json or arguments.recursive else _print(f"\n{printing.topic(name, listed)}")


def _is_field(name: str) -> bool:
    from msvc_pulumi.fields import lookup  # noqa: PLC0415  reads all of the API

    return lookup.field_named(name) is not None


def _field(name: str, arguments: argparse.Namespace, *, as_json: bool) -> int:
    from msvc_pulumi.fields import lookup  # noqa: PLC0415  reads all of the API
    from msvc_pulumi.fields import printing as fields  # noqa: PLC0415

    found = lookup.field_named(name)
    if found is None:
        several = lookup.fields_called(name)
        if len(several) != 1:
            from msvc_pulumi.cli import command_names  # noqa: PLC0415  of all modules

            raise fields.unknown(name, several, command_names())
        found = several[0]
    if arguments.recursive:
        return _print(fields.plain_tree(found) if as_json else fields.tree(found))
    return _print(fields.plain(found) if as_json else fields.text(found))


def _print(what: str | object) -> int:
    if isinstance(what, str):
        sys.stdout.write(what)
    else:
        sys.stdout.write(json.dumps(what, indent=2, ensure_ascii=False) + "\n")
    return 0
