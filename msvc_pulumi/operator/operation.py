"""`operate`: the operator as one process, from its first probe to its last word."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing

from msvc_pulumi.cluster import Cluster
from msvc_pulumi.engine.diagnosis.failures import EngineError
from msvc_pulumi.engine.state.bucket import Bucket
from msvc_pulumi.errors import Diagnostic
from msvc_pulumi.operator.controller import Controller
from msvc_pulumi.operator.ending import Ending
from msvc_pulumi.operator.executor import Executor
from msvc_pulumi.operator.leadership.leader import leading
from msvc_pulumi.operator.leadership.stateidentity import StateIdentity
from msvc_pulumi.operator.planning.planners import Planners
from msvc_pulumi.operator.serving.delegatedauth import DelegatedAuth
from msvc_pulumi.operator.serving.endpoints import Endpoints
from msvc_pulumi.operator.serving.health import Health
from msvc_pulumi.operator.serving.metrics import Metrics
from msvc_pulumi.operator.settings import Settings
from msvc_pulumi.operator.watch.ownedchildren import OwnedChildren

__all__ = ["operate"]


def operate(
    cluster: Cluster,
    settings: Settings,
    executor: Callable[[OwnedChildren, Planners], Executor],
    bucket: Bucket | None = None,
) -> None:
    """Look after the ModelServices of ``cluster`` until SIGTERM or SIGINT.

    With an election in ``settings`` it first waits until it is the only one who does; only then is
    the executor made, with what the watches will tell of objects. ``bucket`` holds the executor's
    state if it has any; all replicas share it.

    Raises:
        ClusterError: the cluster does not answer, or refuses.
        EngineError, BucketError: the state cannot be used, or an address or certificate.
    """
    metrics, health, ending = Metrics(), Health(), Ending()

    def work() -> None:
        children = OwnedChildren()
        with (
            Planners(settings.planners) as planners,
            closing(executor(children, planners)) as made,
        ):
            Controller(
                cluster,
                made,
                children,
                settings,
                planners=planners,
                metrics=metrics,
                health=health,
                ending=ending,
            ).run()

    with ExitStack() as stack:
        stack.enter_context(ending)
        refusal = None
        if settings.metrics_address and settings.metrics_secure:
            refusal = stack.enter_context(closing(DelegatedAuth(cluster))).refusal
        try:
            stack.enter_context(Endpoints(settings, metrics, health.page, refusal))
        except OSError as problem:
            raise EngineError([_not_served(problem)]) from problem
        if settings.election is None:
            work()
            return
        metrics.gauges[f'leader_election_master_status{{name="{settings.election.name}"}}'] = (
            "Whether this process leads.",
            lambda: health.leading,
        )
        with leading(
            cluster.connection,
            settings.election,
            state=StateIdentity(bucket),
            health=health,
            asked_to_end=ending.asked,
        ) as elected:
            if elected:
                work()


def _not_served(problem: OSError) -> Diagnostic:
    return Diagnostic(
        "endpoint-not-served",
        f"health or metrics cannot be served: {problem}",
        help="name free addresses of this machine (--health-probe-bind-address, "
        "--metrics-bind-address) and a readable certificate with its key (--metrics-cert-path)",
    )
