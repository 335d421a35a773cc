"""What of a plan lies outside the ModelService's namespace, or has an effect there.

Without a `Reach` whoever applies the plan does so with rights of their own, and is told only. With
one, what it does not allow is an error: the rights are somebody else's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from msvc_pulumi.children.child import Child
from msvc_pulumi.children.context import BuildContext
from msvc_pulumi.document.source import Document
from msvc_pulumi.errors import Diagnostic, FieldPath, Severity
from msvc_pulumi.target.reach import ALLOWED_NAMESPACES, Reach, allows

__all__ = ["foreign_base_config", "outreach"]

REFERENCE = FieldPath.of("spec", "baseConfigMapRef")
ENGINE = "pulumi.com/"
METADATA, SPEC = FieldPath.of("metadata"), FieldPath.of("spec")


def foreign_base_config(
    namespace: str, service: Document, base_config: Document | None, reach: Reach | None
) -> Iterator[Diagnostic]:
    """What is to be said of a BaseConfig of another namespace than the ModelService's.

    Nothing if its owner allows it, or ``reach`` does.
    """
    value = base_config.value if base_config is not None else None
    metadata = value.get("metadata") if isinstance(value, dict) else None
    other = metadata.get("namespace") if isinstance(metadata, dict) else None
    if not (namespace and isinstance(other, str) and other) or other == namespace:
        return
    if allows(value, namespace) or (reach is not None and reach.has_base_configs_of(other)):
        return
    field = REFERENCE.child("namespace")
    yield Diagnostic(
        "foreign-base-config",
        f'the BaseConfig is of namespace "{other}", and does not say that ModelServices of '
        f'"{namespace}" may use it',
        Severity.WARNING if reach is None else Severity.ERROR,
        field,
        service.span(field),
        help=f"annotate the ConfigMap with {ALLOWED_NAMESPACES}: {namespace}; without it the "
        "operator does not use it",
    )


def outreach(children: Sequence[Child], context: BuildContext) -> Iterator[Diagnostic]:
    """A warning or an error for each object elsewhere, an error for what else is not allowed."""
    reach = context.options.reach
    for child in children:
        yield from _foreign_namespace(child, context, reach)
        if reach is None:
            continue
        yield from _foreign_owners(child, context)
        yield from _of_the_engine(child)
        if child.kind.kind == "ScaledObject":
            yield from _cluster_credentials(child, reach)
        elif child.kind.kind == "Service" and not reach.external_ips:
            yield from _external_addresses(child)


def _foreign_namespace(
    child: Child, context: BuildContext, reach: Reach | None
) -> Iterator[Diagnostic]:
    metadata = child.manifest["metadata"]
    other = metadata.get("namespace", "")
    if not context.namespace or other == context.namespace:
        return
    allowed = reach is None or reach.has_objects_in(other)
    what = f'{child.kind.kind} "{metadata.get("name", "")}" lives in namespace "{other}"'
    problem = child.error(
        "foreign-namespace",
        f"{what}: the ModelService cannot own it"
        if allowed
        else f'{what}, where nothing is made for ModelServices of "{context.namespace}"',
        METADATA.child("namespace"),
        "it is deleted with the stack, but not by Kubernetes' garbage collection"
        if allowed
        else "leave the namespace out, or let the operator's --allow-object-namespaces name it",
    )
    yield replace(problem, severity=Severity.WARNING if allowed else Severity.ERROR)


def _foreign_owners(child: Child, context: BuildContext) -> Iterator[Diagnostic]:
    """Owners that would make the object another ModelService's."""
    ours = context.owner
    place = METADATA.child("ownerReferences")
    for owner in child.get(place) or ():
        group = owner.get("apiVersion", "").partition("/")[0]
        of_services = (group, owner.get("kind")) == ("llm-d.ai", "ModelService")
        if of_services and (owner.get("name"), owner.get("uid")) != (ours.name, ours.uid):
            stated = child._replace(overrides={})  # the place that is not the operator's own entry
            yield stated.error(
                "foreign-owner",
                f'{child.kind.kind} "{child.manifest["metadata"].get("name", "")}" names '
                f'ModelService "{owner.get("name", "")}" as an owner, which it is not made for',
                place,
                "leave ownerReferences to the operator",
            )


def _of_the_engine(child: Child) -> Iterator[Diagnostic]:
    """What would let one object keep an engine waiting that works for others as well."""
    annotations = METADATA.child("annotations")
    for name in child.get(annotations) or ():
        if name.startswith(ENGINE):
            yield child.error(
                "engine-annotation",
                f"annotations {ENGINE}… tell the engine what to wait for and what to take by force",
                annotations.child(name),
                "leave it out: the operator's engine is everybody's",
            )
    finalizers = METADATA.child("finalizers")
    if child.get(finalizers):
        yield child.error(
            "stated-finalizer",
            "the engine would wait for somebody to take it off before the object goes",
            finalizers,
            "leave it to the controller that takes it off to put it there",
        )


def _cluster_credentials(child: Child, reach: Reach) -> Iterator[Diagnostic]:
    """Credentials that KEDA would present to whatever address the trigger names."""
    triggers: list[dict[str, Any]] = child.get(SPEC.child("triggers")) or []
    for number, trigger in enumerate(triggers):
        reference = trigger.get("authenticationRef") or {}
        name = reference.get("name", "")
        if reference.get("kind") != "ClusterTriggerAuthentication":
            continue
        if not reach.has_trigger_authentication(name):
            yield child.error(
                "foreign-credentials",
                f'ClusterTriggerAuthentication "{name}" is not for ModelServices to use',
                SPEC.child("triggers", number, "authenticationRef"),
                "use a TriggerAuthentication, or let the operator's "
                "--allow-cluster-trigger-authentications name it",
            )


def _external_addresses(child: Child) -> Iterator[Diagnostic]:
    place = SPEC.child("externalIPs")
    if child.get(place):
        yield child.error(
            "foreign-address",
            "a Service with externalIPs takes what the whole cluster sends to these addresses",
            place,
            "leave them out, or start the operator with --allow-external-ips",
        )
