"""``msvc convert chart``: a Helm chart's values as a ModelService and a BaseConfig."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from msvc_pulumi.cli import diagnostics as printed
from msvc_pulumi.cli import results
from msvc_pulumi.cli.generate import add_namespace_argument
from msvc_pulumi.rules.names import dns_subdomain

__all__ = ["add_parser"]

LONGEST_RELEASE = 53  # characters, by Helm


def add_parser(commands: Any) -> None:
    parser: argparse.ArgumentParser = commands.add_parser(
        "convert",
        help="turn a Helm chart's values into a ModelService",
        description="Turn what another system is told into a ModelService and a BaseConfig.",
    )
    kinds = parser.add_subparsers(metavar="KIND", required=True)
    chart: argparse.ArgumentParser = kinds.add_parser(
        "chart",
        help="values of the chart llm-d-modelservice",
        description="Print the ModelService and BaseConfig that make the pods which the chart "
        "llm-d-modelservice makes of VALUES, and the objects it makes beside them. What could not "
        "be carried over is said on standard error.",
    )
    chart.add_argument(
        "values",
        metavar="VALUES",
        nargs="+",
        help="file as for `helm install -f`, or - ; later ones count more",
    )
    chart.add_argument(
        "--release", metavar="NAME", required=True, type=_release, help="name of the Helm release"
    )
    chart.add_argument(
        "--name",
        metavar="NAME",
        type=_name,
        help="name of the ModelService (default: what the chart calls its objects)",
    )
    add_namespace_argument(chart)
    chart.add_argument(
        "-o",
        "--output",
        metavar="DIR",
        default="",
        help="write msvc.yaml, baseconfig.yaml and objects.yaml there (default: print them)",
    )
    printed.add_arguments(chart)
    chart.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print or write the documents."""
    from msvc_pulumi.cli.files import write_new  # noqa: PLC0415  only needed here
    from msvc_pulumi.document.emitter import to_yaml  # noqa: PLC0415
    from msvc_pulumi.document.sourcefile import read_source  # noqa: PLC0415
    from msvc_pulumi.errors import Diagnostics  # noqa: PLC0415
    from msvc_pulumi.helmchart import convert, read_values  # noqa: PLC0415

    diagnostics = Diagnostics()
    values = read_values(
        [read_source(file) for file in arguments.values],
        release=arguments.release,
        namespace=arguments.namespace,
        diagnostics=diagnostics,
    )
    conversion = convert(values, name=arguments.name or "")
    printed.show(conversion.warnings, arguments)
    if arguments.strict and conversion.warnings:
        return 1
    texts = {
        "msvc.yaml": to_yaml(conversion.model_service, sort_keys=False),
        "baseconfig.yaml": to_yaml(conversion.base_config, sort_keys=False),
    }
    if conversion.beside:
        texts["objects.yaml"] = "---\n".join(
            to_yaml(item, sort_keys=False) for item in conversion.beside
        )
    if not arguments.output:
        objects = [conversion.model_service, conversion.base_config, *conversion.beside]
        listed = {"apiVersion": "v1", "kind": "List", "items": objects}
        results.write(arguments, listed, "---\n".join(texts.values()))
        return 0
    folder = Path(arguments.output)
    write_new(folder, texts)
    written = [str(folder / name) for name in texts]
    results.write(arguments, {"written": written}, f"wrote {', '.join(written)}\n")
    return 0


def _name(text: str) -> str:
    if problem := dns_subdomain(text):
        raise argparse.ArgumentTypeError(f'"{text}": {problem}')
    return text


def _release(text: str) -> str:
    if len(text) > LONGEST_RELEASE:
        raise argparse.ArgumentTypeError(f"no release has more than {LONGEST_RELEASE} characters")
    return _name(text)
