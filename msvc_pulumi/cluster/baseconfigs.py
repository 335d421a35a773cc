"""Whether a ModelService may have the BaseConfig that it refers to: `unavailable` says why not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msvc_pulumi.cluster.modelservices import Reference
from msvc_pulumi.errors import Diagnostic, FieldPath
from msvc_pulumi.target.reach import ALLOWED_NAMESPACES, Reach, allows

__all__ = ["NOT_ALLOWED", "NOT_FOUND", "unavailable"]

REFERENCE = FieldPath.of("spec", "baseConfigMapRef")
NOT_FOUND, NOT_ALLOWED = "base-config-not-found", "base-config-not-allowed"


def unavailable(
    reference: Reference, found: Mapping[str, Any] | None, namespace: str, reach: Reach | None
) -> Diagnostic | None:
    """Why a ModelService of ``namespace`` cannot have ``found``, the ConfigMap it refers to; None
    if it can.

    Of another namespace's ConfigMap the answer does not tell whether there is one, unless that says
    that it may be used. Without a ``reach`` all that can be read may be used.
    """
    asked = reach is not None and reference.namespace != namespace
    if asked and not (reach and reach.has_base_configs_of(reference.namespace)):
        if found is not None and allows(found, namespace):
            return None
        return Diagnostic(
            NOT_ALLOWED,
            f'there is no ConfigMap "{reference.name}" in namespace "{reference.namespace}" that '
            f'says that ModelServices of "{namespace}" may use it',
            field=REFERENCE,
            help=f"its owner allows it with the annotation {ALLOWED_NAMESPACES}: {namespace}, the "
            f"operator's with --allow-base-config-namespaces {reference.namespace}",
        )
    if found is not None:
        return None
    return Diagnostic(
        NOT_FOUND,
        f"there is no ConfigMap {reference.namespace}/{reference.name}",
        field=REFERENCE,
        help="make it, or correct the reference",
    )
