"""``msvc validate``: find every mistake before anything is applied."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from msvc_pulumi.cli import diagnostics as printed
from msvc_pulumi.cli import results
from msvc_pulumi.cli.generate import add_input_arguments, named_inputs, options
from msvc_pulumi.cli.policies import add_policy_arguments, policy_findings
from msvc_pulumi.counted import counted
from msvc_pulumi.errors import Diagnostic, Diagnostics, PlanError, Severity
from msvc_pulumi.fleet.fleetplan import plan_inputs
from msvc_pulumi.plan import Plan
from msvc_pulumi.report import visible
from msvc_pulumi.rules.refusals import parse_version

__all__ = ["add_parser"]


def add_parser(commands: Any) -> None:
    parser: argparse.ArgumentParser = commands.add_parser(
        "validate",
        help="check ModelServices and BaseConfigs",
        description="Run the whole pipeline and check the objects by the rules and schemas of the "
        "Kubernetes API. Prints only what is wrong, and what was not checked.",
    )
    add_input_arguments(parser)
    parser.add_argument(
        "--kubernetes-version",
        metavar="X.Y",
        type=_version,
        default="",
        help="release whose rules and schemas the objects are checked by (default: the newest "
        "tested; what only older ones refuse is then a warning)",
    )
    parser.add_argument(
        "--server",
        action="store_true",
        help="ask the cluster of KUBECONFIG as well, by a dry run that stores nothing",
    )
    add_policy_arguments(parser)
    printed.add_arguments(parser)
    parser.set_defaults(run=run, usage_error=parser.error)


def _version(text: str) -> str:
    if text and parse_version(text) is None:
        raise argparse.ArgumentTypeError(f'"{text}" is no release such as 1.33')
    return text.removeprefix("v")


def run(arguments: argparse.Namespace) -> int:
    if arguments.skip_policy and not arguments.policy:
        arguments.usage_error("--skip-policy is of no use without --policy")
    inputs = named_inputs(arguments)
    version = arguments.kubernetes_version
    with results.counted(arguments, len(inputs.model_services)) as planned:
        fleet = plan_inputs(
            inputs,
            options(arguments),
            strict=arguments.strict,
            kubernetes_version=version,
            planned=planned,
        )
    found = Diagnostics([_refused(item) for item in fleet.warnings])
    checked, unchecked = ["the API server's rules"], list[str]()
    display = results.progress(arguments)
    with display.task("checking by the schemas"):
        _by_schemas(fleet.plans, version, found, checked, unchecked)
    if arguments.server:
        with display.task("asking the cluster"):
            _by_server(fleet.plans, found, checked, unchecked)
    if arguments.policy:
        with display.task("looking at the policies"):
            outcome = policy_findings(arguments, fleet.plans, inputs)
        found.extend(outcome.problems)
        checked.append(counted(outcome.checked, "policy", "policies"))
        unchecked.extend(outcome.unchecked)
    found.raise_errors(PlanError)
    printed.show(found, arguments)
    objects = sum(len(plan) for plan in fleet.plans)
    text = f"valid: {counted(len(fleet.plans), 'ModelService')}, {counted(objects, 'object')}"
    text += f"; checked: {', '.join(checked)}"
    text += f"; not checked: {', '.join(map(visible, unchecked))}" if unchecked else ""
    data = {
        "valid": True,
        "modelServices": len(fleet.plans),
        "objects": objects,
        "checked": checked,
        "notChecked": unchecked,
    }
    results.write(arguments, data, f"{text}\n")
    return 0


def _refused(item: Diagnostic) -> Diagnostic:
    """What an API server takes no object for is an error here, and a warning elsewhere."""
    return replace(item, severity=Severity.ERROR) if item.refused else item


def _by_schemas(
    plans: Sequence[Plan],
    stated: str,
    found: Diagnostics,
    checked: list[str],
    unchecked: list[str],
) -> None:
    from msvc_pulumi.validation import schemas as validate  # noqa: PLC0415  its schemas are large

    version = stated or validate.KUBERNETES_VERSION
    try:
        _add(found, map(_refused, validate.validate(plans, version)))
    except ImportError:
        unchecked.append("the Kubernetes schemas (not installed)")
        found.add(
            Diagnostic(
                "no-schemas",
                "the Kubernetes schemas are not installed; only rules were checked",
                Severity.WARNING,
                help="pip install 'msvc-pulumi[validate]'",
            )
        )
        return
    known = validate.known_versions()
    if parse_version(version) in known:
        checked.append(f"the schemas of Kubernetes {version} and of custom resources")
    else:
        checked.append("the schemas of custom resources")
        first, last = (".".join(map(str, release)) for release in (known[0], known[-1]))
        unchecked.append(f"the schemas of Kubernetes {version} (here are {first} to {last})")
    unchecked.extend(validate.without_schema(plans))


def _by_server(
    plans: Sequence[Plan], found: Diagnostics, checked: list[str], unchecked: list[str]
) -> None:
    from msvc_pulumi.cluster import Cluster  # noqa: PLC0415  an HTTP client is slow to import
    from msvc_pulumi.cluster.admission import ask  # noqa: PLC0415

    with Cluster.connect() as cluster:
        admission = ask(cluster, plans)
    _add(found, map(_refused, admission.refused))
    checked.append("the cluster")
    unchecked[:] = admission.unchecked  # it has the schemas of all kinds that it serves


def _add(found: Diagnostics, more: Iterable[Diagnostic]) -> None:
    """Add what is not said already of the same field or one in it."""
    known = [item.field for item in found if item.is_error]
    for item in more:
        if not any(_within(field, item.field) or _within(item.field, field) for field in known):
            found.add(item)


def _within(inner: Sequence[object], outer: Sequence[object]) -> bool:
    return len(outer) > 0 and tuple(inner[: len(outer)]) == tuple(outer)
