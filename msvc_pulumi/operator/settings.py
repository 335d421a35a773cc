"""`Settings`: what an operator is told when it starts."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from msvc_pulumi.target.options import PlanOptions

__all__ = ["Election", "Settings"]


@dataclass(frozen=True, slots=True)
class Election:
    """The Lease to hold, and times in seconds; the defaults are controller-runtime's."""

    namespace: str = ""
    """"" is the namespace of the pod, or of the kubeconfig."""
    name: str = "modelservice-operator"
    lease_duration: float = 15.0
    """How long the others wait for a leader that does not renew."""
    renew_deadline: float = 10.0
    """How long a leader goes on that cannot renew."""
    retry_period: float = 2.0


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of one operator; times are in seconds."""

    plan: PlanOptions = field(default_factory=PlanOptions)
    namespaces: tuple[str, ...] = ()
    """Namespaces to look after; none means all."""
    workers: int = 2
    """Updates that run at the same time."""
    batch: int = 50
    """ModelServices that share one update when many wait."""
    planners: int | None = None
    """Processes that plan, None for one a core."""
    election: Election | None = None
    """The lease to hold while working, None for a process that knows to be the only one."""
    retry_first: float = 5.0
    retry_longest: float = 300.0
    deletion_limit: float = 600.0
    """How long a deletion is tried before it is left to the garbage collector."""
    deletion_attempts: int = 3
    """How often at least."""
    drain: float = 20.0
    """How long running updates may take to end when the operator is asked to."""
    metrics_address: str = ""
    """host:port of the metrics endpoint, "" for none."""
    metrics_certificate: tuple[Path, Path] | None = None
    """Files of the certificate and its key; with one, metrics are served over HTTPS."""
    metrics_secure: bool = False
    """Whether metrics are for those only whom the cluster knows and lets read them, over HTTPS with
    a certificate of the process's own if none is stated."""
    health_address: str = ""
    """host:port of the health endpoints, "" for none."""
