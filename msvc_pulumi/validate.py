"""Planned objects against the published schemas of the Kubernetes API.

Needs the package kubernetes-validate (extra ``validate``). Kinds that Kubernetes itself does not
define are checked by the type table when they are read; they have no published schema here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msvc_pulumi.errors import Diagnostic, FieldPath
from msvc_pulumi.plan import Plan, PlannedObject

__all__ = ["KUBERNETES_VERSION", "validate", "without_schema"]

KUBERNETES_VERSION = "1.36"  # the newest release that the tests run against
OWN_GROUPS = ("", "apps", "autoscaling", "policy", "rbac.authorization.k8s.io")


def validate(plans: Iterable[Plan], version: str = KUBERNETES_VERSION) -> Iterator[Diagnostic]:
    """What an API server of ``version`` would find wrong with the objects' shape, one per object.

    Raises:
        ImportError: kubernetes-validate is not installed.
    """
    import kubernetes_validate  # noqa: PLC0415  large, and only this command needs it

    for plan in plans:
        for planned in plan:
            group = planned.manifest["apiVersion"].rpartition("/")[0]
            if group not in OWN_GROUPS:
                continue
            try:
                kubernetes_validate.validate(planned.manifest, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                yield _problem(planned, FieldPath(error.path), error.message)
            except kubernetes_validate.SchemaNotFoundError as error:
                yield Diagnostic("no-schema", error.message, field=FieldPath.of(planned.key))


def without_schema(plans: Iterable[Plan]) -> list[str]:
    """The kinds among the planned objects that have no published schema here."""
    kinds = {
        planned.manifest["kind"]: None
        for plan in plans
        for planned in plan
        if planned.manifest["apiVersion"].rpartition("/")[0] not in OWN_GROUPS
    }
    return [f"{kind} (no schema)" for kind in kinds]


def _problem(planned: PlannedObject, path: FieldPath, message: Any) -> Diagnostic:
    origin = planned.origin(path)
    return Diagnostic(
        "invalid-object",
        f"{planned.manifest['kind']} {planned.manifest['metadata'].get('name', '')}: {message}",
        field=planned.child.field(path),
        span=origin.span,
        help=f"set by {origin.kind}",
        refused=True,
    )
