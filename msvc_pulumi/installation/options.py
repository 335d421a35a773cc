"""`InstallOptions`: what may differ from one installation of the operator to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from msvc_pulumi.errors import Diagnostic, FieldPath, SpecError
from msvc_pulumi.installation.permissions import ExecutorName

__all__ = ["InstallOptions"]

RESOURCES = {
    "requests": {"cpu": "200m", "memory": "384Mi"},
    "limits": {"memory": "2Gi"},
}


@dataclass(frozen=True, slots=True)
class InstallOptions:
    """Raises SpecError for what does not go together."""

    image: str
    namespace: str = "modelservice-system"
    epp_cluster_role: str = ""
    """ClusterRole to bind to endpoint pickers, instead of a Role for each."""
    replicas: int = 1
    """More than one elect a leader."""
    executor: ExecutorName = "embedded"
    storage_size: str = "1Gi"
    """Of the volume for state; "0" for none, when the environment names another backend."""
    storage_class: str = ""
    """"" is the cluster's default. With several replicas all nodes must be able to write."""
    arguments: tuple[str, ...] = ()
    """More arguments of `msvc operator run`."""
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    """Secrets whose keys become environment variables."""
    metrics_secret: str = ""
    """Secret of type kubernetes.io/tls to serve metrics with; "" is plain HTTP."""
    resources: Mapping[str, Any] = field(default_factory=lambda: RESOURCES)

    def __post_init__(self) -> None:
        problems = []
        if not self.image:
            problems.append(Diagnostic("invalid-argument", "is required", field=_at("image")))
        if self.replicas < 1:
            problems.append(
                Diagnostic(
                    "invalid-argument",
                    "must be 1 or more",
                    field=_at("replicas"),
                    help="to stop the operator, scale its Deployment",
                )
            )
        needs_state = self.executor == "embedded" and not self.stores
        if needs_state and not (self.environment.get("PULUMI_BACKEND_URL") or self.secrets):
            problems.append(
                Diagnostic(
                    "invalid-argument",
                    "without a volume the state would be lost with the pod",
                    field=_at("storageSize"),
                    help="name another backend: PULUMI_BACKEND_URL in the environment or a Secret",
                )
            )
        if problems:
            raise SpecError(problems)

    @property
    def elects(self) -> bool:
        return self.replicas > 1

    @property
    def stores(self) -> bool:
        """Whether there is a volume for state."""
        return self.executor == "embedded" and self.storage_size not in ("", "0")


def _at(name: str) -> FieldPath:
    return FieldPath.of(name)
