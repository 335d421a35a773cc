"""Who sets a role's replica count, and the HorizontalPodAutoscaler or ScaledObject that does.

The ModelService's ``autoscaling`` goes before the BaseConfig's section ``<role>Autoscaler``: one of
the same kind is merged under it, one of another kind is replaced, since a target has one owner.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from msvc_pulumi.children.child import Child, Origin
from msvc_pulumi.children.context import BuildContext
from msvc_pulumi.errors import FieldPath
from msvc_pulumi.kinds import Kind
from msvc_pulumi.merge import policies
from msvc_pulumi.naming import Role

__all__ = ["build", "replica_owner"]

ReplicaOwner = Literal["model service", "autoscaler", "somebody else"]

KINDS = {
    "hpa": Kind("autoscaling/v2", "HorizontalPodAutoscaler"),
    "keda": Kind("keda.sh/v1alpha1", "ScaledObject"),
}
SPEC = FieldPath.of("spec")
DEFAULTED_REPLICAS = 1  # what the API server fills in, so nobody need have stated it
# KEDA refuses a ScaledObject for a target that another HorizontalPodAutoscaler has, unless that one
# says by this annotation that it does not mind (apis/keda/v1alpha1/scaledobject_webhook.go).
HPA_OWNERSHIP = "validations.keda.sh/hpa-ownership"
KEDA_MAXIMUM = 100  # KEDA's maxReplicaCount where none is stated


def replica_owner(role: Role, context: BuildContext) -> ReplicaOwner:
    """Who sets the replica count of the role's workload."""
    section = context.role(role)
    stated = section.autoscaling if section else None
    if stated is not None:
        return "somebody else" if stated.owner == "external" else "autoscaler"
    return "autoscaler" if f"{role}Autoscaler" in context.base_config else "model service"


def build(role: Role, context: BuildContext, workload: Child) -> Iterator[Child]:
    """The autoscaler of ``workload``, if the role has one; reports what it could not work with."""
    _warn_of_replicas(role, context)
    section = context.role(role)
    scaling = section.autoscaling if section else None
    base = context.base_config.get(f"{role}Autoscaler")
    at = FieldPath.of("spec", role, "autoscaling")
    spec: dict[str, Any] = {}
    stated: dict[FieldPath, FieldPath | None] = {}
    if scaling is not None:
        if scaling.owner == "external":
            return
        kind = KINDS[scaling.owner]
        spec = dict((scaling.hpa if scaling.owner == "hpa" else scaling.keda) or {})
        stated = {SPEC.child(name): at.child(scaling.owner, name) for name in spec}
        if base is not None and Kind.of(base.type_name) != kind:
            base = None
    elif base is not None:
        kind = Kind.of(base.type_name)
    else:
        return
    spec["scaleTargetRef"] = {
        "apiVersion": workload.kind.api_version,
        "kind": workload.kind.kind,
        "name": workload.manifest["metadata"]["name"],
    }
    metadata = context.metadata(context.names.autoscaler(role), context.pod_labels(role))
    value = {"metadata": metadata, "spec": spec}
    key = f"{role}Autoscaler"
    child = context.child_on(base, key, value, policies.OBJECT, stated, kind=kind)
    checks = _Checks(child, context)
    if kind == KINDS["hpa"]:
        checks.horizontal_pod_autoscaler()
        _admit_successor(child)
    else:
        checks.scaled_object()
    yield child


def _admit_successor(child: Child) -> None:
    """Let KEDA's admission take a ScaledObject for the target while this autoscaler is still there:
    a switch to KEDA makes the new object before the old one goes.
    """
    path = FieldPath.of("metadata", "annotations", HPA_OWNERSHIP)
    if child.get(path) is None:
        child.put(path, "false", Origin("generated"))


def _warn_of_replicas(role: Role, context: BuildContext) -> None:
    section = context.role(role)
    if section is None or section.replicas in (None, DEFAULTED_REPLICAS):
        return
    if replica_owner(role, context) == "model service":
        return
    path = FieldPath.of("spec", role, "replicas")
    whose = "autoscaling" if section.autoscaling else f"the BaseConfig's {role}Autoscaler"
    context.diagnostics.warning(
        "replicas-ignored",
        f"replicas: {section.replicas} is ignored: {whose} sets the number of pods",
        field=path,
        span=context.document.span(path),
        help="remove replicas, or remove the autoscaling; the autoscaler's minimum is the floor",
    )


@dataclass(frozen=True, slots=True)
class _Checks:
    """What the API server, or the autoscaler's own admission, would reject, at its place."""

    child: Child
    context: BuildContext

    def horizontal_pod_autoscaler(self) -> None:
        minimum, maximum = SPEC.child("minReplicas"), SPEC.child("maxReplicas")
        if not self._is_stated(maximum):
            return
        self._at_least(maximum, 1)
        self._in_order(minimum, maximum, self.child.get(maximum))
        metrics = self.child.get(SPEC.child("metrics")) or []
        away = any(metric.get("type") in ("External", "Object") for metric in metrics)
        if self.child.get(minimum) == 0 and not away:
            self._out_of_range(
                minimum,
                "0: scaling to none needs an Object or External metric",
                "without pods nothing measures Resource and Pods metrics; keda can scale to none",
            )
        if not metrics:
            self.context.diagnostics.warning(
                "autoscaler-without-metrics",
                "no metrics: the API server scales on 80 % of the requested CPU",
                field=_own_field(self.child, SPEC.child("metrics")),
                span=self.child.origin(maximum).span,
                help="CPU says little about a model server; state metrics, or use keda",
            )

    def scaled_object(self) -> None:
        minimum, maximum = SPEC.child("minReplicaCount"), SPEC.child("maxReplicaCount")
        self._is_stated(SPEC.child("triggers"))
        self._at_least(minimum, 0)
        self._at_least(maximum, 1)
        limit = self.child.get(maximum)
        self._in_order(minimum, maximum, KEDA_MAXIMUM if limit is None else limit)
        idle = SPEC.child("idleReplicaCount")
        stated, floor = self.child.get(idle), self.child.get(minimum) or 0
        if stated is not None and stated >= floor:
            self._out_of_range(
                idle,
                f"{stated}: must be less than minReplicaCount, which is {floor}",
                "KEDA goes down to it when no trigger is active; only 0 makes sense",
            )

    def _is_stated(self, path: FieldPath) -> bool:
        """Whether the field is there; an empty list is not."""
        if self.child.get(path) not in (None, []):
            return True
        field = _own_field(self.child, path)
        base_span = self.child.base.span(path) if self.child.base else None
        self.context.diagnostics.error(
            "required",
            "Required value",
            field=field,
            span=self.context.document.span(field) if field[0] == "spec" else base_span,
            help=f"{self.child.kind.kind} needs {path[-1]}, here or in the BaseConfig's "
            f"{self.child.key}",
        )
        return False

    def _at_least(self, path: FieldPath, least: int) -> None:
        value = self.child.get(path)
        if value is not None and value < least:
            self._out_of_range(path, f"{value}: must be greater than or equal to {least}")

    def _in_order(self, minimum: FieldPath, maximum: FieldPath, limit: int) -> None:
        value = self.child.get(minimum)
        if value is not None and value > limit >= 1:
            summary = f"{value}: must not be greater than {maximum[-1]}, which is {limit}"
            self._out_of_range(minimum, summary)

    def _out_of_range(self, path: FieldPath, problem: str, advice: str = "") -> None:
        self.context.diagnostics.error(
            "out-of-range",
            f"Invalid value: {problem}",
            field=self.child.field(path),
            span=self.child.origin(path).span,
            help=advice,
        )


def _own_field(child: Child, path: FieldPath) -> FieldPath:
    """The field to state for ``path``: in the ModelService if that states an autoscaler at all."""
    role = child.key.removesuffix("Autoscaler")
    if child.overlay.stated or child.base is None:
        member = "hpa" if child.kind == KINDS["hpa"] else "keda"
        return FieldPath.of("spec", role, "autoscaling", member, *path[1:])
    return child.base.field(path)
