"""``msvc operator`` and ``msvc run``: the controller, and the manifests to install it with."""

from __future__ import annotations

import argparse
import gc
import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msvc_pulumi.cli import results
from msvc_pulumi.cli.operatorarguments import (
    add_install_arguments,
    add_run_arguments,
    add_uninstall_arguments,
)

if TYPE_CHECKING:
    from msvc_pulumi.operator.pko.settings import WorkspaceSettings
    from msvc_pulumi.target.options import PlanOptions

__all__ = ["add_parser", "plan_options"]

PATIENCE = 180.0  # seconds that a busy cluster is waited for
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
    add_run_arguments(run)
    run.set_defaults(run=run_operator, capabilities="", parser=run, extra="operator")
    alias = commands.add_parser(
        "run",
        help="the same as `operator run`, the original's name for it",
        description=DESCRIPTION,
    )
    add_run_arguments(alias)
    alias.set_defaults(run=run_operator, capabilities="", parser=alias, extra="operator")
    manifests = actions.add_parser(
        "manifests",
        help="print what installs it",
        description="CustomResourceDefinition, ServiceAccount, roles with exactly what the "
        "controller does, NetworkPolicy, Deployment, Service and PodDisruptionBudget, for `kubectl "
        "apply --server-side -f -`. With --namespace it has Roles in these namespaces, which must "
        "be there. Three things no namespace can grant: the uid of kube-system, which "
        "names the cluster in the state; TokenReview and SubjectAccessReview, which ask who reads "
        "metrics; with --executor pko the same two for workspaces. Metrics are read over HTTPS by "
        "whoever is bound to the ClusterRole that ends in -metrics-reader, from namespaces with "
        "the label metrics=enabled.",
    )
    add_install_arguments(manifests)
    results.add_format(manifests)
    manifests.set_defaults(run=run_manifests, parser=manifests)
    uninstall = actions.add_parser(
        "uninstall",
        help="remove it, and all that it made",
        description="Delete all ModelServices, wait until the operator has removed what was made "
        "for them, then delete the operator and the CustomResourceDefinition.",
    )
    add_uninstall_arguments(uninstall)
    results.add_format(uninstall)
    uninstall.set_defaults(run=run_uninstall)


def run_operator(arguments: argparse.Namespace) -> int:
    from msvc_pulumi.cluster import Cluster  # noqa: PLC0415
    from msvc_pulumi.engine.session import Session  # noqa: PLC0415
    from msvc_pulumi.engine.state.storage import open_bucket  # noqa: PLC0415
    from msvc_pulumi.operator.heap import share_heap  # noqa: PLC0415
    from msvc_pulumi.operator.operation import operate  # noqa: PLC0415
    from msvc_pulumi.operator.serving import logs  # noqa: PLC0415
    from msvc_pulumi.operator.settings import Election, Settings  # noqa: PLC0415
    from msvc_pulumi.operator.stacks.embedded import EmbeddedExecutor  # noqa: PLC0415
    from msvc_pulumi.operator.stacks.inspection import Inspector  # noqa: PLC0415

    # A fleet is a great many long-lived values: looking through them for garbage took as long again
    # as planning did.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    share_heap()
    certificate = None
    if arguments.metrics_cert_path and arguments.metrics_secure:
        folder = Path(arguments.metrics_cert_path)
        certificate = folder / arguments.metrics_cert_name, folder / arguments.metrics_cert_key
    elsewhere = arguments.executor == "pko"
    workspace = _workspace(arguments) if elsewhere else None
    logs.configure(arguments.log_level, arguments.log_format)
    settings = Settings(
        plan=plan_options(arguments),
        namespaces=tuple(dict.fromkeys(arguments.namespace)),
        workers=arguments.workers or (64 if elsewhere else 2),
        batch=arguments.batch or Settings().batch,
        planners=arguments.planners,
        metrics_address=arguments.metrics_bind_address,
        metrics_certificate=certificate,
        metrics_secure=arguments.metrics_secure,
        health_address=arguments.health_probe_bind_address,
        election=Election(arguments.leader_election_namespace) if arguments.leader_elect else None,
    )
    if workspace is not None:
        from msvc_pulumi.operator.pko.executor import PkoExecutor  # noqa: PLC0415  not for both

        # Its workers only wait: one that waits for several would hold the quick ones up, and what
        # Pulumi's operator runs goes on without this one.
        settings = replace(settings, batch=1, drain=0.0)
        with Cluster.connect() as cluster:
            operate(
                cluster,
                settings,
                lambda children, planners: PkoExecutor(
                    cluster, workspace, Inspector(cluster, children), planners
                ),
            )
        return 0
    with Session.open(progress=logging.getLogger(__name__).info) as session:
        bucket = open_bucket(session.backend.url, session.environment)
        operate(
            session.cluster,
            settings,
            lambda children, _: EmbeddedExecutor(session, Inspector(session.cluster, children)),
            bucket,
        )
    return 0


def plan_options(arguments: argparse.Namespace) -> PlanOptions:
    """The plan options that the arguments state. Raises LoadError."""
    from msvc_pulumi.cli.generate import names, options  # noqa: PLC0415
    from msvc_pulumi.target.reach import Reach  # noqa: PLC0415

    def stated(values: list[str]) -> tuple[str, ...]:
        return tuple(name.strip() for name in names(values) if name.strip())

    reach = Reach(
        base_configs=stated(arguments.allow_base_config_namespaces),
        objects=stated(arguments.allow_object_namespaces),
        trigger_authentications=stated(arguments.allow_cluster_trigger_authentications),
        external_ips=arguments.allow_external_ips,
    )
    return replace(options(arguments), reach=reach)


def _workspace(arguments: argparse.Namespace) -> WorkspaceSettings:
    """Settings of workspaces. Raises LoadError."""
    from msvc_pulumi.operator.pko.settings import WorkspaceSettings, read_pod  # noqa: PLC0415

    if not arguments.workspace_image:
        arguments.parser.error("--executor pko needs --workspace-image")
    return WorkspaceSettings(
        arguments.workspace_image,
        plan=plan_options(arguments),
        namespaces=tuple(dict.fromkeys(arguments.namespace)),
        namespace=arguments.workspace_namespace,
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
            arguments.operator_namespace,
            epp_cluster_role=arguments.epp_cluster_role,
            executor=arguments.executor,
            replicas=arguments.replicas,
            storage_size=arguments.storage_size,
            storage_class=arguments.storage_class,
            arguments=tuple(arguments.arg),
            environment=dict(item.split("=", 1) for item in arguments.env),
            secrets=tuple(arguments.env_from_secret),
            metrics_secret=arguments.metrics_cert_secret,
            namespaces=tuple(dict.fromkeys(arguments.namespace)),
            metrics_secure=arguments.metrics_secure,
            network_policy=arguments.network_policy,
            workspace_namespace=arguments.workspace_namespace,
        )
    )
    listed = {"apiVersion": "v1", "kind": "List", "items": found}
    results.write(arguments, listed, "---\n".join(to_yaml(item) for item in found))
    return 0


def run_uninstall(arguments: argparse.Namespace) -> int:
    from msvc_pulumi.cluster import Cluster, Patience  # noqa: PLC0415
    from msvc_pulumi.operator.uninstalling import uninstall  # noqa: PLC0415

    display = results.progress(arguments)
    patience = Patience(PATIENCE, display)
    with Cluster.connect(patience=patience) as cluster, display.task("uninstalling"):
        uninstall(
            cluster,
            arguments.operator_namespace,
            namespaces=tuple(dict.fromkeys(arguments.namespace)),
            keep_definition=arguments.keep_crd,
            keep_model_services=arguments.keep_modelservices,
            abandon=arguments.abandon,
            timeout=arguments.timeout,
            progress=display,
        )
    results.write(arguments, {"uninstalled": arguments.operator_namespace})
    return 0
