"""``msvc validate --policy``: its options, and what it adds to what is found."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from msvc_pulumi.document.inputs import Inputs, base_config_for
from msvc_pulumi.errors import Diagnostic, Diagnostics, Severity
from msvc_pulumi.plan import Plan

if TYPE_CHECKING:
    from msvc_pulumi.policies.review import Need

__all__ = ["Outcome", "add_policy_arguments", "policy_findings"]


def add_policy_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which policies count."""
    parser.add_argument(
        "--policy",
        metavar="NAME[=SEVERITY],…",
        nargs="?",
        const="all",
        action="append",
        type=_chosen,
        default=[],
        help="policies to look at as well, all without a NAME; SEVERITY is error, warning or off",
    )
    parser.add_argument(
        "--skip-policy",
        metavar="NAME,…",
        action="append",
        type=_skipped,
        default=[],
        help="policies not to look at",
    )


def _chosen(text: str) -> str:
    """``text`` as the value of ``--policy``; wrong usage where it names no policy."""
    return _listed(text, [text])


def _skipped(text: str) -> str:
    """``text`` as the value of ``--skip-policy``, whose names have no severity."""
    return _listed(text, [], [text])


def _listed(text: str, *lists: Sequence[str]) -> str:
    from msvc_pulumi.policies.selection import selection  # noqa: PLC0415  few runs have policies

    try:
        selection(*lists)
    except ValueError as problem:
        raise argparse.ArgumentTypeError(str(problem)) from None
    if not text.strip(" ,"):  # a variable of a script that is not set
        raise argparse.ArgumentTypeError("names no policy")
    return text


class Outcome(NamedTuple):
    """What the policies found, how many were looked at, and what was not, with the reasons."""

    problems: list[Diagnostic]
    checked: int
    unchecked: list[str]


def policy_findings(
    arguments: argparse.Namespace, plans: Sequence[Plan], inputs: Inputs
) -> Outcome:
    """What the policies of the command line find in ``plans``, those of ``inputs`` in order.

    Raises:
        ClusterError: it is to be asked, and does not answer.
    """
    from msvc_pulumi.policies.catalogue import POLICIES  # noqa: PLC0415
    from msvc_pulumi.policies.review import review  # noqa: PLC0415
    from msvc_pulumi.policies.selection import selection  # noqa: PLC0415

    levels = selection(arguments.policy, arguments.skip_policy)
    asking = [] if arguments.server else [name for name in levels if POLICIES[name].needs_cluster]
    levels = {name: level for name, level in levels.items() if name not in asking}
    unchecked = [f"{name} (--server asks the cluster)" for name in asking]
    needs: list[Need] = []
    problems: list[Diagnostic] = []
    for plan, service in zip(plans, inputs.model_services, strict=True):
        base = base_config_for(service, inputs.base_configs, Diagnostics())
        documents = [service] if base is None else [service, base]
        result = review(plan, levels, documents)
        problems += result.found
        needs += result.needs
        unchecked += result.waived
    if needs:
        missing, unasked = _missing(needs)
        problems += missing
        unchecked += unasked
    if arguments.strict:
        problems = [replace(problem, severity=Severity.ERROR) for problem in problems]
    return Outcome(problems, len(levels), unchecked)


def _missing(needs: Sequence[Need]) -> tuple[list[Diagnostic], list[str]]:
    from msvc_pulumi.cluster import Cluster  # noqa: PLC0415  an HTTP client is slow to import
    from msvc_pulumi.cluster.secrets import missing_secrets  # noqa: PLC0415

    with Cluster.connect() as cluster:
        return missing_secrets(cluster, needs)
