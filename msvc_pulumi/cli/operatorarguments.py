"""The arguments of ``msvc operator run``, ``manifests`` and ``uninstall``."""

from __future__ import annotations

import argparse
import os
from typing import Any

__all__ = ["add_install_arguments", "add_run_arguments", "add_uninstall_arguments"]

LEVELS = ("debug", "info", "warn", "error", "dpanic", "panic", "fatal")  # zap's
EXECUTORS = ("embedded", "pko")
MAX_PORT = 65535
EXECUTOR_HELP = "who runs the engine: this process, or the Pulumi Kubernetes Operator"


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
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
    add(
        "--namespace",
        metavar="NAME",
        action="append",
        default=[],
        help="look only after this one; repeatable",
    )
    add("--executor", choices=EXECUTORS, default="embedded", help=EXECUTOR_HELP)
    add("--workers", type=int, metavar="N", help="updates at a time (default 2, with pko 64)")
    add(
        "--batch",
        type=int,
        metavar="N",
        help="ModelServices that share an update when many wait (default 50, with pko always 1)",
    )
    add(
        "--planners",
        type=_count,
        metavar="N",
        help="processes that render templates and plan (default one for each core, 2 to 4)",
    )
    add(
        "--metrics-bind-address",
        metavar="ADDRESS",
        type=_address,
        default="0",
        help='where /metrics is served: :8443 for HTTPS, :8080 for HTTP, "0" is nowhere '
        '(default "%(default)s")',
    )
    add(
        "--health-probe-bind-address",
        metavar="ADDRESS",
        type=_address,
        default=":8081",
        help='where /healthz and /readyz are served; "0" is nowhere (default "%(default)s")',
    )
    add(
        "--metrics-secure",
        **_flag(default=True),
        help="serve /metrics over HTTPS, and only to those who may get it as the cluster says "
        "(TokenReview, SubjectAccessReview); false is HTTP for everybody (default true)",
    )
    add(
        "--leader-elect",
        **_flag(default=False),
        help="work only while holding a Lease, so that several replicas may run; they need the "
        "same state: a volume that all can write to, or PULUMI_BACKEND_URL (default false)",
    )
    add(
        "--leader-election-namespace",
        metavar="NAME",
        default="",
        help="where the Lease is (default: the pod's namespace, or the kubeconfig's)",
    )
    add(
        "--metrics-cert-path",
        metavar="FOLDER",
        default="",
        help="with the certificate for that (default: one that the process signs itself)",
    )
    add("--metrics-cert-name", metavar="FILE", default="tls.crt", help='(default "%(default)s")')
    add("--metrics-cert-key", metavar="FILE", default="tls.key", help='(default "%(default)s")')
    _add_reach(parser.add_argument_group("what ModelServices may reach outside their namespace"))
    _add_workspace(parser.add_argument_group("of the workspaces of --executor pko"))
    _add_original(parser.add_argument_group("of the original, without effect here"))


def _add_reach(group: Any) -> None:
    """What is allowed to all, for installations that relied on it; by default nothing is."""
    names: dict[str, Any] = {"metavar": "A,B|*", "action": "append", "default": []}
    add = group.add_argument
    add(
        "--allow-base-config-namespaces",
        help="namespaces whose BaseConfigs all ModelServices may use; others' owners allow it by "
        "the annotation llm-d.ai/allowed-namespaces",
        **names,
    )
    add(
        "--allow-object-namespaces",
        help="namespaces in which ConfigMaps of any BaseConfig may be made",
        **names,
    )
    add(
        "--allow-cluster-trigger-authentications",
        help="ClusterTriggerAuthentications of KEDA that ScaledObjects may name",
        **names,
    )
    add("--allow-external-ips", action="store_true", help="let Services have externalIPs")


def _add_workspace(group: Any) -> None:
    """How workspaces are made. A variable MSVC_WORKSPACE_… does what the flag does."""

    def add(flag: str, default: str = "", **details: Any) -> None:
        variable = flag.removeprefix("--").replace("-", "_").upper()
        group.add_argument(flag, default=os.environ.get(f"MSVC_{variable}", default), **details)

    add("--workspace-image", metavar="IMAGE", help="image of this project (Dockerfile)")
    add(
        "--workspace-namespace",
        "modelservice-system-workspaces",
        metavar="NAME",
        help="namespace of Stacks and all that is around them (default %(default)s)",
    )
    add("--workspace-storage", "1Gi", metavar="SIZE", help="volume of each state (default 1Gi)")
    add("--workspace-storage-class", metavar="NAME", help="class of it (default: the cluster's)")
    add("--workspace-backend", metavar="URL", help="keep state there, not in volumes")
    add(
        "--workspace-environment-secret",
        metavar="NAME",
        help="Secret in that namespace whose keys become variables, for a backend's credentials",
    )
    add(
        "--workspace-service-account",
        metavar="NAME",
        help="ServiceAccount of that namespace (default: one is made for each with ModelServices)",
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
    flag = _flag(default=False)
    add = group.add_argument
    add("--enable-http2", help="HTTP/1.1 is all that is served (default false)", **flag)
    add("--defaults-yaml-path", metavar="FILE", default="", help="the original never read it")
    add("-t", "--toggle", action="store_true", help="the original never read it")
    no_webhook = "there is no webhook"
    add("--webhook-cert-path", metavar="FOLDER", default="", help=no_webhook)
    add("--webhook-cert-name", metavar="FILE", default="tls.crt", help='(default "%(default)s")')
    add("--webhook-cert-key", metavar="FILE", default="tls.key", help='(default "%(default)s")')


def add_install_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--image", required=True, help="container image of the operator")
    _add_places(add, "look after this one, with rights in the named ones only (default: all)")
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
    add(
        "--metrics-cert-secret",
        metavar="NAME",
        default="",
        help="of type kubernetes.io/tls, to serve metrics with (default: it signs one itself)",
    )
    add(
        "--metrics-secure",
        help="metrics over HTTPS, for those who may get them; false is HTTP for everybody "
        "(default true)",
        **_flag(default=True),
    )
    add(
        "--network-policy",
        help="let nothing in but probes, and metrics' readers from namespaces with the label "
        "metrics=enabled (default true)",
        **_flag(default=True),
    )
    add(
        "--workspace-namespace",
        metavar="NAME",
        default="",
        help="of the executor pko's Stacks, which is made, and for nothing else (default: the "
        "operator's with -workspaces behind it)",
    )


def add_uninstall_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    _add_places(
        add, "where its ModelServices are, if nothing of it is left that says so (default: all)"
    )
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


def _add_places(add: Any, help_of_namespace: str) -> None:
    add(
        "--operator-namespace",
        metavar="NAME",
        default="modelservice-system",
        help="of the operator itself (default %(default)s)",
    )
    many: dict[str, Any] = {"action": "append", "default": []}
    add("--namespace", metavar="NAME", help=f"{help_of_namespace}; repeatable", **many)


def _flag(*, default: bool) -> dict[str, Any]:
    return {
        "type": _truth,
        "nargs": "?",
        "const": True,
        "default": default,
        "metavar": "true|false",
    }


def _address(text: str) -> str:
    """``host:port``, or ``:port`` for every interface as in Go; "0" and "" are "", nowhere."""
    if text in ("0", ""):
        return ""
    port = text.rpartition(":")[2]
    if ":" not in text or not port.isascii() or not port.isdigit() or int(port) > MAX_PORT:
        raise argparse.ArgumentTypeError(f'{text!r} is neither host:port nor :port nor "0"')
    return text


def _count(text: str) -> int:
    """A number of things that there have to be."""
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a positive number")


def _truth(text: str) -> bool:
    """A boolean as Go's flags take it."""
    if text.lower() in ("1", "t", "true"):
        return True
    if text.lower() in ("0", "f", "false"):
        return False
    raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")
