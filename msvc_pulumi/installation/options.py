"""`InstallOptions`: what may differ from one installation of the operator to the next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from msvc_pulumi.errors import Diagnostic, FieldPath, SpecError
from msvc_pulumi.installation.permissions import ExecutorName
from msvc_pulumi.rules.names import dns_label

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
    """Of the operator itself."""
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
    """Secret of type kubernetes.io/tls to serve metrics with; "" is one that it signs itself."""
    resources: Mapping[str, Any] = field(default_factory=lambda: RESOURCES)
    namespaces: tuple[str, ...] = ()
    """Namespaces to look after, with rights in these only; none is all of the cluster."""
    metrics_secure: bool = True
    """Whether metrics are for those only who may get them; else HTTP for everybody."""
    network_policy: bool = True
    """Whether nothing but probes and readers of metrics gets to the pods."""
    workspace_namespace: str = ""
    """Of the executor pko's Stacks; "" is the operator's with "-workspaces" behind it."""

    def __post_init__(self) -> None:
        problems = [*self._problems()]
        if problems:
            raise SpecError(problems)

    @property
    def elects(self) -> bool:
        return self.replicas > 1

    @property
    def stores(self) -> bool:
        """Whether there is a volume for state."""
        return self.executor == "embedded" and self.storage_size not in ("", "0")

    @property
    def workspaces(self) -> str:
        """The namespace of the executor pko's Stacks."""
        return self.workspace_namespace or f"{self.namespace}-workspaces"

    def _problems(self) -> Iterator[Diagnostic]:
        if not self.image:
            yield Diagnostic("invalid-argument", "is required", field=_at("image"))
        if self.replicas < 1:
            yield _wrong(
                "must be 1 or more", "replicas", "to stop the operator, scale its Deployment"
            )
        needs_state = self.executor == "embedded" and not self.stores
        if needs_state and not (self.environment.get("PULUMI_BACKEND_URL") or self.secrets):
            yield _wrong(
                "without a volume the state would be lost with the pod",
                "storageSize",
                "name another backend: PULUMI_BACKEND_URL in the environment or a Secret",
            )
        if self.metrics_secret and not self.metrics_secure:
            yield _wrong(
                "is for HTTPS, which insecure metrics are not served with",
                "metricsSecret",
                "leave one of the two out",
            )
        yield from self._wrong_namespaces()

    def _wrong_namespaces(self) -> Iterator[Diagnostic]:
        if len(set(self.namespaces)) < len(self.namespaces):
            yield _wrong("names one twice", "namespaces", "name each once")
        named = [("namespace", self.namespace)]
        named += [("namespaces", name) for name in self.namespaces]
        if self.executor == "pko":
            named.append(("workspaceNamespace", self.workspaces))
            if self.workspaces in (self.namespace, *self.namespaces):
                yield _wrong(
                    f"{self.workspaces} is not for Stacks alone, and the operator may delete any "
                    "Secret where they are",
                    "workspaceNamespace",
                    "name one that is used for nothing else",
                )
        for key, name in named:
            if dns_label(name):
                yield _wrong(
                    f'"{name}" is no name of a namespace',
                    key,
                    "at most 63 lower-case letters, digits and dashes between them",
                )


def _wrong(summary: str, name: str, remedy: str) -> Diagnostic:
    return Diagnostic("invalid-argument", summary, field=_at(name), help=remedy)


def _at(name: str) -> FieldPath:
    return FieldPath.of(name)
