"""``msvc operator`` and ``msvc run``: the controller, and the manifests to install it with."""

from __future__ import annotations

import argparse
import gc
import logging
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from msvc_pulumi.operator.pko.settings import WorkspaceSettings

__all__ = ["add_parser"]

LEVELS = ("debug", "info", "warn", "error", "dpanic", "panic", "fatal")  # zap's
EXECUTORS = ("embedded", "pko")
EXECUTOR_HELP = "who runs the engine: this process, or the Pulumi Kubernetes Operator"
DESCRIPTION = (
    "Watch ModelServices and make the cluster what they say, one Pulumi stack for each. State is "
    "kept in the folder that XDG_STATE_HOME names, on a volume, or where PULUMI_BACKEND_URL says: "
    "file://…, s3://… or postgres://…, with the same PULUMI_CONFIG_PASSPHRASE everywhere."
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
    _add_install_arguments(manifests)
    manifests.set_defaults(run=run_manifests, parser=manifests)
    uninstall = actions.add_parser(
        "uninstall",
        help="remove it, and all that it made",
        description="Delete all ModelServices, wait until the operator has removed what was made "
        "for them, then delete the operator and the CustomResourceDefinition.",
    )
    _add_uninstall_arguments(uninstall)
    uninstall.set_defaults(run=run_uninstall)


def _add_install_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--image", required=True, help="container image of the operator")
    add("--namespace", metavar="NAME", default="modelservice-system")
    add("--epp-cluster-role", metavar="NAME", default="", help="ClusterRole of endpoint pickers")
    add(
        "--replicas",
        type=int,
        default=1,
        metavar="N",
        help="more than one elect a leader; their volume must be ReadWriteMany (default 1)",
    )
    add(
        "--storage-size",
        metavar="SIZE",
        default="1Gi",
        help='volume for state; "0" is none (default "%(default)s")',
    )
    add("--storage-class", metavar="NAME", default="", help="(default: the cluster's)")
    many: dict[str, Any] = {"action": "append", "default": []}
    add("--executor", choices=EXECUTORS, default="embedded", help=EXECUTOR_HELP)
    add("--env", metavar="NAME=VALUE", help="environment variable of the operator", **many)
    add("--env-from-secret", metavar="NAME", help="the keys of a Secret as variables", **many)
    add("--arg", metavar="ARGUMENT", help="of `msvc operator run`: --arg=--workers=4", **many)
    add("--metrics-cert-secret", metavar="NAME", default="", help="serve metrics over HTTPS")


def _add_uninstall_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--namespace", metavar="NAME", default="modelservice-system", help="of the operator")
    add("--keep-crd", action="store_true", help="leave the CustomResourceDefinition")
    add(
        "--keep-modelservices",
        action="store_true",
        help="leave ModelServices, their objects, the definition and the state: undeploy only",
    )
    add(
        "--abandon",
        action="store_true",
        help="let Kubernetes remove the objects by their owner, if the operator cannot",
    )
    add(
        "--timeout",
        type=float,
        default=300.0,
        metavar="SECONDS",
        help="how long to wait (default %(default).0f)",
    )


def _add_run_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "-l",
        "--log-level",
        choices=LEVELS,
        default="info",
        metavar="LEVEL",
        help=f"one of {', '.join(LEVELS)} (default %(default)s)",
    )
    add("--log-format", choices=("text", "json"), default="text", help="(default %(default)s)")
    add("--epp-cluster-role", metavar="NAME", default="", help="ClusterRole of endpoint pickers")
    secrets: dict[str, Any] = {"metavar": "A,B", "action": "append", "default": []}
    add("--epp-pull-secrets", help="image pull secrets of endpoint pickers", **secrets)
    add("--pd-pull-secrets", help="image pull secrets of prefill and decode pods", **secrets)
    add("--inference-api", choices=("auto", "v1alpha2", "v1"), default="auto")
    add("--namespace", metavar="NAME", action="append", default=[], help="look only after this one")
    add("--executor", choices=EXECUTORS, default="embedded", help=EXECUTOR_HELP)
    add("--workers", type=int, metavar="N", help="updates at a time (default 2, with pko 64)")
    add(
        "--batch",
        type=int,
        metavar="N",
        help="ModelServices that share an update when many wait (default 50, with pko always 1)",
    )
    add(
        "--metrics-bind-address",
        metavar="ADDRESS",
        default="0",
        help='where /metrics is served; "0" is nowhere (default "%(default)s")',
    )
    add(
        "--health-probe-bind-address",
        metavar="ADDRESS",
        default=":8081",
        help='where /healthz and /readyz are served; "0" is nowhere (default "%(default)s")',
    )
    add(
        "--metrics-secure",
        type=_truth,
        nargs="?",
        const=True,
        default=True,
        metavar="true|false",
        help="serve /metrics over HTTPS (default true)",
    )
    add(
        "--leader-elect",
        type=_truth,
        nargs="?",
        const=True,
        default=False,
        metavar="true|false",
        help="work only while holding a Lease, so that several replicas may run; they need the "
        "same state: a volume that all can write to, or PULUMI_BACKEND_URL (default false)",
    )
    add(
        "--leader-election-namespace",
        metavar="NAME",
        default="",
        help="where the Lease is (default: the pod's namespace, or the kubeconfig's)",
    )
    add("--metrics-cert-path", metavar="FOLDER", default="", help="with the certificate for that")
    add("--metrics-cert-name", metavar="FILE", default="tls.crt", help='(default "%(default)s")')
    add("--metrics-cert-key", metavar="FILE", default="tls.key", help='(default "%(default)s")')
    _add_workspace(parser.add_argument_group("of the workspaces of --executor pko"))
    _add_original(parser.add_argument_group("of the original, without effect here"))
    parser.set_defaults(run=run_operator, capabilities="", parser=parser)


def _add_workspace(group: Any) -> None:
    """How workspaces are made. A variable MSVC_WORKSPACE_… does what the flag does."""

    def add(flag: str, default: str = "", **details: Any) -> None:
        variable = flag.removeprefix("--").replace("-", "_").upper()
        group.add_argument(flag, default=os.environ.get(f"MSVC_{variable}", default), **details)

    add("--workspace-image", metavar="IMAGE", help="image of this project (Dockerfile)")
    add("--workspace-storage", "1Gi", metavar="SIZE", help="volume of each state (default 1Gi)")
    add("--workspace-storage-class", metavar="NAME", help="class of it (default: the cluster's)")
    add("--workspace-backend", metavar="URL", help="keep state there, not in volumes")
    add(
        "--workspace-environment-secret",
        metavar="NAME",
        help="Secret in each namespace whose keys become variables, for a backend's credentials",
    )
    add(
        "--workspace-service-account",
        metavar="NAME",
        help="ServiceAccount that each namespace has (default: one is made where it is needed)",
    )
    add("--workspace-pod", metavar="FILE", help="YAML with nodeSelector, tolerations and the like")
    add(
        "--workspace-update-limit",
        "600",
        type=float,
        metavar="SECONDS",
        help="how long an update may take (default 600)",
    )


def _add_original(group: Any) -> None:
    """What a Deployment of the original may state; there is nothing here for it to act on."""
    flag: dict[str, Any] = {
        "type": _truth,
        "nargs": "?",
        "const": True,
        "default": False,
        "metavar": "true|false",
    }
    add = group.add_argument
    add("--enable-http2", help="HTTP/1.1 is all that is served (default false)", **flag)
    add("--defaults-yaml-path", metavar="FILE", default="", help="the original never read it")
    add("-t", "--toggle", action="store_true", help="the original never read it")
    no_webhook = "there is no webhook"
    add("--webhook-cert-path", metavar="FOLDER", default="", help=no_webhook)
    add("--webhook-cert-name", metavar="FILE", default="tls.crt", help='(default "%(default)s")')
    add("--webhook-cert-key", metavar="FILE", default="tls.key", help='(default "%(default)s")')


def run_operator(arguments: argparse.Namespace) -> int:
    from msvc_pulumi.cli.generate import options  # noqa: PLC0415
    from msvc_pulumi.cluster import Cluster  # noqa: PLC0415
    from msvc_pulumi.engine.session import Session  # noqa: PLC0415
    from msvc_pulumi.engine.storage import open_bucket  # noqa: PLC0415
    from msvc_pulumi.operator import logs  # noqa: PLC0415
    from msvc_pulumi.operator.embedded import EmbeddedExecutor  # noqa: PLC0415
    from msvc_pulumi.operator.lease import Election  # noqa: PLC0415
    from msvc_pulumi.operator.operation import operate  # noqa: PLC0415
    from msvc_pulumi.operator.settings import Settings  # noqa: PLC0415

    # A fleet is a great many long-lived values: looking through them for garbage took as long again
    # as planning did.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    certificate = None
    if _address(arguments.metrics_bind_address) and arguments.metrics_secure:
        if not arguments.metrics_cert_path:
            arguments.parser.error("state --metrics-cert-path, or --metrics-secure=false")
        folder = Path(arguments.metrics_cert_path)
        certificate = folder / arguments.metrics_cert_name, folder / arguments.metrics_cert_key
    elsewhere = arguments.executor == "pko"
    workspace = _workspace(arguments) if elsewhere else None
    logs.configure(arguments.log_level, arguments.log_format)
    settings = Settings(
        plan=options(arguments),
        namespaces=tuple(arguments.namespace),
        workers=arguments.workers or (64 if elsewhere else 2),
        batch=arguments.batch or Settings().batch,
        metrics_address=_address(arguments.metrics_bind_address),
        metrics_certificate=certificate,
        health_address=_address(arguments.health_probe_bind_address),
        election=Election(arguments.leader_election_namespace) if arguments.leader_elect else None,
    )
    if workspace is not None:
        from msvc_pulumi.operator.pko.executor import PkoExecutor  # noqa: PLC0415  not for both

        # Its workers only wait: one that waits for several would hold the quick ones up, and what
        # Pulumi's operator runs goes on without this one.
        settings = replace(settings, batch=1, drain=0.0)
        with Cluster.connect() as cluster:
            operate(cluster, settings, lambda: PkoExecutor(cluster, workspace))
        return 0
    with Session.open(progress=logging.getLogger(__name__).info) as session:
        bucket = open_bucket(session.backend.url, session.environment)
        operate(session.cluster, settings, lambda: EmbeddedExecutor(session), bucket)
    return 0


def _workspace(arguments: argparse.Namespace) -> WorkspaceSettings:
    """Settings of workspaces. Raises LoadError."""
    from msvc_pulumi.cli.generate import options  # noqa: PLC0415
    from msvc_pulumi.operator.pko.settings import WorkspaceSettings, read_pod  # noqa: PLC0415

    if not arguments.workspace_image:
        arguments.parser.error("--executor pko needs --workspace-image")
    return WorkspaceSettings(
        arguments.workspace_image,
        plan=options(arguments),
        namespaces=tuple(arguments.namespace),
        service_account=arguments.workspace_service_account,
        backend=arguments.workspace_backend,
        environment_secret=arguments.workspace_environment_secret,
        storage=arguments.workspace_storage,
        storage_class=arguments.workspace_storage_class or None,
        pod=read_pod(Path(arguments.workspace_pod)) if arguments.workspace_pod else {},
        update_limit=arguments.workspace_update_limit,
    )


def run_manifests(arguments: argparse.Namespace) -> int:
    from msvc_pulumi.document.emitter import to_yaml  # noqa: PLC0415
    from msvc_pulumi.installation.manifests import manifests  # noqa: PLC0415
    from msvc_pulumi.installation.options import InstallOptions  # noqa: PLC0415

    for item in arguments.env:
        if "=" not in item:
            arguments.parser.error(f"--env {item}: state NAME=VALUE")
    found = manifests(
        InstallOptions(
            arguments.image,
            arguments.namespace,
            epp_cluster_role=arguments.epp_cluster_role,
            executor=arguments.executor,
            replicas=arguments.replicas,
            storage_size=arguments.storage_size,
            storage_class=arguments.storage_class,
            arguments=tuple(arguments.arg),
            environment=dict(item.split("=", 1) for item in arguments.env),
            secrets=tuple(arguments.env_from_secret),
            metrics_secret=arguments.metrics_cert_secret,
        )
    )
    sys.stdout.write("---\n".join(to_yaml(item) for item in found))
    return 0


def run_uninstall(arguments: argparse.Namespace) -> int:
    from msvc_pulumi.cluster import Cluster  # noqa: PLC0415
    from msvc_pulumi.operator.uninstalling import uninstall  # noqa: PLC0415

    with Cluster.connect() as cluster:
        uninstall(
            cluster,
            arguments.namespace,
            keep_definition=arguments.keep_crd,
            keep_model_services=arguments.keep_modelservices,
            abandon=arguments.abandon,
            timeout=arguments.timeout,
            progress=lambda text: print(text, file=sys.stderr),
        )
    return 0


def _address(stated: str) -> str:
    """``:8081`` is every interface, as in Go; "0" and "" are off."""
    return "" if stated in ("0", "") else stated


def _truth(text: str) -> bool:
    """A boolean as Go's flags take it."""
    if text.lower() in ("1", "t", "true"):
        return True
    if text.lower() in ("0", "f", "false"):
        return False
    raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")
