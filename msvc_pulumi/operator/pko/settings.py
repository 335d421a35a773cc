"""`WorkspaceSettings`: what the workspaces are made of that run the stacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from msvc_pulumi.errors import Diagnostic, FieldPath, LoadError
from msvc_pulumi.target.options import PlanOptions

__all__ = ["WorkspaceSettings", "read_pod"]

# What of a pod is a matter of where it runs. The rest is the program's and the agent's.
POD_FIELDS = (
    "affinity",
    "dnsConfig",
    "dnsPolicy",
    "hostAliases",
    "imagePullSecrets",
    "nodeSelector",
    "priorityClassName",
    "runtimeClassName",
    "schedulerName",
    "tolerations",
    "topologySpreadConstraints",
)


@dataclass(frozen=True, slots=True)
class WorkspaceSettings:
    """Settings of all workspaces of one operator; times are in seconds."""

    image: str
    plan: PlanOptions = field(default_factory=PlanOptions)
    """The options that the program plans with, the same as the controller's."""
    namespaces: tuple[str, ...] = ()
    """Namespaces that the operator looks after; none means all."""
    namespace: str = "modelservice-system-workspaces"
    """Where Stacks are and all that is around them, and nothing else: there the operator may delete
    any Secret, ServiceAccount and pod."""
    service_account: str = ""
    """A ServiceAccount of that namespace that has all it needs; "" makes one for each namespace
    with ModelServices."""
    backend: str = ""
    """URL of a backend for the state, "" for a volume of each stack's own."""
    environment_secret: str = ""
    """Secret of that namespace whose keys become variables, such as a backend's credentials."""
    storage: str = "1Gi"
    storage_class: str | None = None
    """StorageClass of the volumes, None for the cluster's default."""
    pod: Mapping[str, Any] = field(default_factory=dict)
    """Fields of core/v1 PodSpec that say where workspaces run."""
    update_limit: float = 600.0
    """How long an update may run before its pod is replaced."""
    start_limit: float = 300.0
    """How long a workspace may take until its first update before that counts as a failure."""
    patience: float = 30.0
    """How long a worker waits for one update before it looks after others for a while."""


def read_pod(file: Path) -> dict[str, Any]:
    """The pod fields that ``file`` states. Raises LoadError."""
    try:
        stated = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as problem:
        raise LoadError([_wrong(file, f"cannot be read: {problem}")]) from problem
    if not isinstance(stated, dict):
        raise LoadError([_wrong(file, "is no mapping of fields of a pod's spec")])
    unknown = [
        _wrong(file, "is not for workspaces to state", str(name))
        for name in stated
        if name not in POD_FIELDS
    ]
    if unknown:
        raise LoadError(unknown)
    return stated


def _wrong(file: Path, summary: str, *path: str) -> Diagnostic:
    return Diagnostic(
        "workspace-pod",
        summary if path else f"{file} {summary}",
        field=FieldPath.of(*path),
        help=f"state fields of core/v1 PodSpec: {', '.join(POD_FIELDS)}",
    )
