"""``msvc up``, ``preview``, ``drift``, ``destroy`` and ``pulumi``: ModelServices on a cluster, by
Pulumi.
"""

from __future__ import annotations

import argparse
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from msvc_pulumi.cli import diagnostics as printed
from msvc_pulumi.cli import drift, outcome, results
from msvc_pulumi.errors import Diagnostic, ModelServiceError, SpecError
from msvc_pulumi.rules.exactness import refuse_inexact
from msvc_pulumi.target.kinds import DEPLOYMENT, KINDS, LEADER_WORKER_SET

if TYPE_CHECKING:
    from msvc_pulumi.engine.processes.process import Run
    from msvc_pulumi.engine.readiness import Workload
    from msvc_pulumi.engine.session import Session
    from msvc_pulumi.engine.stack import Stack
    from msvc_pulumi.plan import Plan
    from msvc_pulumi.progress import Display

__all__ = ["add_parser"]

DEFAULT_STACK = "dev"
# Options that say what becomes of files, and without files nothing.
OF_FILES = ("baseconfig", "namespace", "epp_cluster_role", "epp_pull_secrets", "pd_pull_secrets")
WORKLOADS = (DEPLOYMENT, LEADER_WORKER_SET)
WAIT_SECONDS = 600.0
PATIENCE = 180.0  # seconds that a busy cluster is waited for
DRIFTED = 4  # exit code that no error has
ABSENCE = 60.0  # seconds that one is waited for which is gone in the middle of a command
TRIES = 4  # at a cluster that the engine lost and that answers again
BEGINNING = 2.0  # seconds that an API server which has just begun takes to know its ranges

T = TypeVar("T")


def add_parser(commands: Any) -> None:
    from msvc_pulumi.cli.generate import add_input_arguments  # noqa: PLC0415

    for name, action, what in (
        ("up", run_up, "make the cluster what ModelServices say"),
        ("preview", run_preview, "say what `up` would change"),
        ("drift", run_drift, "say what was changed behind the back of `up`"),
        ("destroy", run_destroy, "delete what `up` made"),
    ):
        parser: argparse.ArgumentParser = commands.add_parser(
            name,
            help=what,
            description=f"{what.capitalize()}. With -m the ModelServices of those files, without "
            "those that the Pulumi project in this folder names in its stack's configuration.",
        )
        add_input_arguments(parser, required=False, served="what the cluster says")
        _add_stack(parser)
        if name == "up":
            parser.add_argument(
                "--skip-preview", action="store_true", help="do not check all changes first"
            )
            parser.add_argument(
                "--wait",
                metavar="SECONDS",
                type=float,
                nargs="?",
                const=WAIT_SECONDS,
                help=f"until all pods are available (default: {WAIT_SECONDS:.0f} s)",
            )
        if name in ("up", "preview"):
            parser.add_argument(
                "--refresh",
                action="store_true",
                help="look at the cluster first, and restore what was changed there",
            )
            parser.add_argument(
                "--force-conflicts",
                action="store_true",
                help="take over fields that somebody else has set since",
            )
            parser.add_argument(
                "--expect-no-changes", action="store_true", help="fail if anything would change"
            )
        if name == "drift":
            parser.add_argument(
                "--exit-code",
                action="store_true",
                help=f"exit with {DRIFTED} if there is drift",
            )
        printed.add_arguments(parser)
        parser.set_defaults(run=action, parser=parser)
    _add_pulumi(commands)


def _add_stack(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--stack",
        metavar="NAME",
        help=f"stack to work on (default: {DEFAULT_STACK}; with -m, the name of the ModelService)",
    )


def _add_pulumi(commands: Any) -> None:
    parser: argparse.ArgumentParser = commands.add_parser(
        "pulumi",
        help="run any pulumi command on the state that `up` keeps",
        description="Run pulumi with the backend, passphrase and plugins of `msvc up`, as in "
        "`msvc pulumi stack --show-urns --stack dev`; in the folder of a Pulumi program of your "
        "own on that program.",
    )
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="...")
    parser.set_defaults(run=run_pulumi)


def run_up(arguments: argparse.Namespace) -> int:
    display = results.progress(arguments)
    _check_usage(arguments)
    with _session(display) as session:
        stack, plans = _stack(session, arguments)
        refuse_inexact(plans or ())
        wanted = {plan.namespace for plan in plans or ()} | {stack.configured("namespace")}
        for name in session.ensure_namespaces(wanted):
            display(f"created namespace {name}")
        flags = _flags(arguments, "skip_preview", "refresh", "expect_no_changes")
        stack, found = drift.restoring(stack, arguments, display)
        stack = stack.forced() if arguments.force_conflicts else stack
        done = _again(session, lambda: stack.up(*flags), display)
        _tell(done, display)
        if arguments.wait is not None:
            from msvc_pulumi.engine.readiness import wait_available  # noqa: PLC0415

            workloads = list(_workloads(stack))
            with display.task("waiting for pods", expected=0.0) as task:
                wait_available(
                    session.cluster,
                    workloads,
                    timeout=arguments.wait,
                    progress=display,
                    missing=lambda left: task.count(
                        len(workloads) - left, len(workloads), "workloads are available"
                    ),
                )
        drift.warn(stack, done, arguments, display)
        outcome.tell(arguments, "up", stack, done, found)
    return 0


def run_preview(arguments: argparse.Namespace) -> int:
    display = results.progress(arguments)
    _check_usage(arguments)
    with _session(display) as session:
        stack, plans = _stack(session, arguments)
        refuse_inexact(plans or ())
        flags = _flags(arguments, "refresh", "expect_no_changes")
        stack, found = drift.restoring(stack, arguments, display)
        stack = stack.forced() if arguments.force_conflicts else stack
        done = _again(session, lambda: stack.preview(*flags), display)
        drift.warn(stack, done, arguments, display)
        outcome.tell(arguments, "preview", stack, done, found)
    return 0


def run_drift(arguments: argparse.Namespace) -> int:
    display = results.progress(arguments)
    _check_usage(arguments)
    with _session(display) as session:
        stack, _ = _stack(session, arguments)
        found = drift.look(stack, display)
    text = drift.text(stack.name, found)
    results.write(arguments, drift.plain(stack.name, found), text)
    return DRIFTED if arguments.exit_code and drift.is_drift(found) else 0


def run_destroy(arguments: argparse.Namespace) -> int:
    display = results.progress(arguments)
    _check_usage(arguments)
    with _session(display) as session:
        stack, _ = _stack(session, arguments)
        done = _again(session, stack.destroy, display)
        _tell(done, display)
        stack.remove()
        display(f"removed the stack {stack.name}")  # the engine says that it stays
        outcome.tell(arguments, "destroy", stack, done)
    return 0


def _tell(done: Run, display: Display) -> None:
    """What was removed beside the engine's own work."""
    for place in done.removed:
        display(f"deleted {place.kind} {place.name}, which an interrupted run had made")


def run_pulumi(arguments: argparse.Namespace) -> int:
    from msvc_pulumi.engine.project import current_folder, find_program  # noqa: PLC0415

    with _session(results.progress(arguments)) as session:
        stack = session.stack(DEFAULT_STACK, project=find_program(current_folder()))
        return stack.call(*arguments.arguments)


def _check_usage(arguments: argparse.Namespace) -> None:
    """Wrong usage is told before a cluster is asked for."""
    if arguments.modelservice:
        return
    for option in OF_FILES:
        if getattr(arguments, option):
            arguments.parser.error(f"--{option.replace('_', '-')} needs -m")


def _session(display: Display) -> Session:
    from msvc_pulumi.cluster import Patience  # noqa: PLC0415  `generate` must not load it
    from msvc_pulumi.engine.session import Session  # noqa: PLC0415

    patience = Patience(PATIENCE, display)
    with display.task("looking at the cluster and for Pulumi's plugins"):
        session = Session.open(progress=display, patience=patience)
    patience.absent = ABSENCE  # it was there, so it may be about to come back
    return session


def _again(session: Session, action: Callable[[], T], display: Display) -> T:
    """What ``action`` returns; done again where the engine lost a cluster that is still there, or
    found one that had just begun.
    """
    from msvc_pulumi.engine.backend import cluster_identity  # noqa: PLC0415

    for _ in range(TRIES - 1):
        try:
            return action()
        except ModelServiceError as error:
            codes = {item.code for item in error.diagnostics}
            if "service-range-full" in codes:
                display(f"{error}; it may have just begun, so once more")
                time.sleep(BEGINNING)
                continue
            if "cluster-unreachable" not in codes:
                raise
            try:
                cluster_identity(session.cluster)  # waits for an answer
            except ModelServiceError:
                raise error from None  # which names what was not done
            display(f"{error}; now it does, so once more")
    return action()


def _stack(session: Session, arguments: argparse.Namespace) -> tuple[Stack, list[Plan] | None]:
    """The stack to work on, and the plans if files were named; their warnings are printed."""
    is_json = results.is_json(arguments)
    opened = partial(session.stack, output=subprocess.DEVNULL if is_json else None, steps=is_json)
    if not arguments.modelservice:
        from msvc_pulumi.engine.project import current_folder, find_project  # noqa: PLC0415

        project = find_project(current_folder())
        return opened(arguments.stack or DEFAULT_STACK, project=project), None
    from msvc_pulumi.cli.generate import named_inputs  # noqa: PLC0415
    from msvc_pulumi.cli.servedkinds import ServedKinds  # noqa: PLC0415
    from msvc_pulumi.fleet.fleetplan import plan_inputs  # noqa: PLC0415

    inputs = named_inputs(arguments)
    served = ServedKinds(session.cluster, arguments)
    with results.counted(arguments, len(inputs.model_services)) as planned:
        fleet = plan_inputs(inputs, served.options, strict=arguments.strict, planned=planned)
    plans = list(fleet.plans)
    # The engine shows those of each plan itself, to people.
    told = fleet.warnings if is_json else fleet.general
    printed.show([*served.contradictions(plans), *told], arguments)
    return opened(_name(arguments, plans), plans=plans), plans


def _name(arguments: argparse.Namespace, plans: list[Plan]) -> str:
    """The stack's name: two files given one after the other must not undo each other."""
    if arguments.stack:
        return str(arguments.stack)
    if len(plans) > 1:
        problem = Diagnostic(
            "stack-unnamed",
            "several ModelServices make one stack, and it has no name",
            help="name it with --stack",
        )
        raise SpecError([problem])
    return f"{plans[0].namespace}.{plans[0].name}"


def _workloads(stack: Stack) -> Iterator[Workload]:
    """Every workload that the stack's program exports."""
    from msvc_pulumi.engine.readiness import Workload  # noqa: PLC0415

    for service in stack.outputs().values():
        for key, name in service["children"].items():
            if key in KINDS and KINDS[key] in WORKLOADS:
                yield Workload(KINDS[key], service["namespace"], name)


def _flags(arguments: argparse.Namespace, *names: str) -> list[str]:
    return [f"--{name.replace('_', '-')}" for name in names if getattr(arguments, name)]
