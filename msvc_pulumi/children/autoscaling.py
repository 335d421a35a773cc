"""Who sets a role's replica count, and the HorizontalPodAutoscaler or ScaledObject that does.

The ModelService's ``autoscaling`` goes before the BaseConfig's section ``<role>Autoscaler``: one of
the same kind is merged under it, one of another kind is replaced, since a target has one owner.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from msvc_pulumi.children.child import Child, Origin
from msvc_pulumi.children.context import BuildContext
from msvc_pulumi.errors import FieldPath
from msvc_pulumi.merge import policies
from msvc_pulumi.naming import Role
from msvc_pulumi.target.kinds import Kind

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
    from msvc_pulumi.children.autoscalerchecks import check  # noqa: PLC0415  few have one

    check(child, context)
    if kind == KINDS["hpa"]:
        _admit_successor(child)
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
        notes=(
            "kubectl apply takes away a count that it stated before, and 1 pod runs until the "
            "autoscaler acts: msvc diff warns of it; msvc up and the operator keep the count",
        ),
        help="remove replicas, or remove the autoscaling; the autoscaler's minimum is the floor",
    )
