"""``msvc local``: the Kubernetes control plane on this machine."""

from __future__ import annotations

import argparse
from typing import Any

from msvc_pulumi.cli import results

__all__ = ["add_parser"]


def add_parser(commands: Any) -> None:
    parser: argparse.ArgumentParser = commands.add_parser(
        "local",
        help="run a Kubernetes control plane on this machine",
        description="A real etcd, API server, controller manager and scheduler; kwok plays the "
        "nodes. Builds what is missing on the first run.",
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    up = actions.add_parser("up", help="start it, or repair it if part of it has ended")
    up.set_defaults(run=run_up)
    down = actions.add_parser("down", help="stop everything it started")
    down.add_argument("--keep", action="store_true", help="keep the data for the next start")
    down.set_defaults(run=run_down)
    status = actions.add_parser("status", help="say what runs")
    status.set_defaults(run=run_status)
    for action in (up, down, status):
        results.add_format(action)


def run_up(arguments: argparse.Namespace) -> int:
    from msvc_pulumi import local  # noqa: PLC0415  generate must not load it

    status = local.up(progress=results.progress(arguments))
    results.write(arguments, status.plain(), f"{status}\n")
    return 0


def run_down(arguments: argparse.Namespace) -> int:
    from msvc_pulumi import local  # noqa: PLC0415

    with results.progress(arguments).task("stopping the local control plane"):
        local.down(keep=arguments.keep)
    results.write(arguments, local.status().plain())
    return 0


def run_status(arguments: argparse.Namespace) -> int:
    from msvc_pulumi import local  # noqa: PLC0415

    status = local.status()
    results.write(arguments, status.plain(), f"{status}\n")
    return 0
