"""``msvc operator`` and ``msvc run``: the controller, and the manifests to install it with."""

from __future__ import annotations

import argparse
import sys
from typing import Any

__all__ = ["add_parser"]

LEVELS = ("debug", "info", "warning", "error")
DESCRIPTION = (
    "Watch ModelServices and make the cluster what they say, one Pulumi stack for each. State is "
    "kept in the folder that XDG_STATE_HOME names; mount a volume there."
)


def add_parser(commands: Any) -> None:
    parser: argparse.ArgumentParser = commands.add_parser(
        "operator", help="run the controller, or print the manifests to install it with"
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    run = actions.add_parser("run", help="watch ModelServices", description=DESCRIPTION)
    _add_run_arguments(run)
    alias = commands.add_parser(
        "run",
        help="the same as `operator run`, the original's name for it",
        description=DESCRIPTION,
    )
    _add_run_arguments(alias)
    manifests = actions.add_parser(
        "manifests",
        help="print what installs it",
        description="CustomResourceDefinition, ServiceAccount, roles with exactly what the "
        "controller does, Deployment, Service and PodDisruptionBudget, for `kubectl apply -f -`.",
    )
    manifests.add_argument("--image", required=True, help="container image of the operator")
    manifests.add_argument("--namespace", metavar="NAME", default="modelservice-system")
    manifests.add_argument("--epp-cluster-role", metavar="NAME", default="")
    manifests.set_defaults(run=run_manifests)


def _add_run_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("-l", "--log-level", metavar="LEVEL", choices=LEVELS, default="info", help="%(default)s")
    add("--log-format", choices=("text", "json"), default="text")
    add("--epp-cluster-role", metavar="NAME", default="", help="ClusterRole of endpoint pickers")
    add("--epp-pull-secrets", metavar="A,B", action="append", default=[])
    add("--pd-pull-secrets", metavar="A,B", action="append", default=[])
    add("--inference-api", choices=("auto", "v1alpha2", "v1"), default="auto")
    add("--namespace", metavar="NAME", action="append", default=[], help="look only after this one")
    add("--workers", type=int, default=2, metavar="N", help="updates at a time (%(default)s)")
    add("--batch", type=int, default=25, metavar="N", help="ModelServices an update (%(default)s)")
    add("--metrics-bind-address", metavar="ADDRESS", default="0", help='"0" is off (%(default)s)')
    add("--health-probe-bind-address", metavar="ADDRESS", default=":8081", help="%(default)s")
    parser.set_defaults(run=run_operator, capabilities="")


def run_operator(arguments: argparse.Namespace) -> int:
    from msvc_pulumi.cli.generate import options  # noqa: PLC0415
    from msvc_pulumi.engine.session import Session  # noqa: PLC0415
    from msvc_pulumi.operator import logs  # noqa: PLC0415
    from msvc_pulumi.operator.controller import Controller  # noqa: PLC0415
    from msvc_pulumi.operator.embedded import EmbeddedExecutor  # noqa: PLC0415
    from msvc_pulumi.operator.settings import Settings  # noqa: PLC0415

    logs.configure(arguments.log_level, arguments.log_format)
    settings = Settings(
        plan=options(arguments),
        namespaces=tuple(arguments.namespace),
        workers=arguments.workers,
        batch=arguments.batch,
        metrics_address=_address(arguments.metrics_bind_address),
        health_address=_address(arguments.health_probe_bind_address),
    )
    with Session.open() as session:
        Controller(session.cluster, EmbeddedExecutor(session), settings).run()
    return 0


def run_manifests(arguments: argparse.Namespace) -> int:
    from msvc_pulumi.emitter import to_yaml  # noqa: PLC0415
    from msvc_pulumi.operator.manifests import manifests  # noqa: PLC0415

    found = manifests(
        arguments.image, arguments.namespace, epp_cluster_role=arguments.epp_cluster_role
    )
    sys.stdout.write("---\n".join(to_yaml(item) for item in found))
    return 0


def _address(stated: str) -> str:
    """``:8081`` is every interface, as in Go; "0" and "" are off."""
    return "" if stated in ("0", "") else stated
