"""Planned objects against the published schemas of the Kubernetes API.

Needs the packages of the extra ``validate``. What Kubernetes itself does not define is checked by
its CustomResourceDefinition (`definitions`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msvc_pulumi import definitions
from msvc_pulumi.errors import Diagnostic, FieldPath
from msvc_pulumi.plan import Plan, PlannedObject
from msvc_pulumi.rules.places import placed
from msvc_pulumi.rules.refusals import parse_version
from msvc_pulumi.rules.services import Version

__all__ = ["KUBERNETES_VERSION", "known_versions", "validate", "without_schema"]

KUBERNETES_VERSION = "1.36"  # the newest release that the tests run against
OWN_GROUPS = ("", "apps", "autoscaling", "policy", "rbac.authorization.k8s.io")


def validate(plans: Iterable[Plan], version: str = KUBERNETES_VERSION) -> Iterator[Diagnostic]:
    """What an API server of ``version`` would find wrong with the objects' shape.

    Of Kubernetes' own objects only the first mistake is known, and none of a version that is not
    among `known_versions`.

    Raises:
        ImportError: a package of the extra is not installed.
    """
    import kubernetes_validate  # noqa: PLC0415  large, and only this command needs it

    is_known = parse_version(version) in known_versions()
    for plan in plans:
        for planned in plan:
            if definitions.has_definition(planned.manifest):
                for finding in definitions.problems(planned.manifest):
                    yield placed(planned, finding)
            elif is_known and _is_own(planned.manifest):
                try:
                    kubernetes_validate.validate(planned.manifest, version, strict=True)
                except kubernetes_validate.ValidationError as error:
                    yield _problem(planned, FieldPath(error.path), error.message)
                except kubernetes_validate.SchemaNotFoundError as error:
                    yield Diagnostic("no-schema", error.message, field=FieldPath.of(planned.key))


def known_versions() -> list[Version]:
    """The releases of Kubernetes whose schemas are here, oldest first.

    Raises:
        ImportError: a package of the extra is not installed.
    """
    from kubernetes_validate.utils import all_versions  # noqa: PLC0415  large

    return sorted(found for text in all_versions() if (found := parse_version(text)) is not None)


def _is_own(manifest: dict[str, Any]) -> bool:
    return manifest["apiVersion"].rpartition("/")[0] in OWN_GROUPS


def without_schema(plans: Iterable[Plan]) -> list[str]:
    """The kinds among the planned objects that have no published schema here."""
    kinds = {
        planned.manifest["kind"]: None
        for plan in plans
        for planned in plan
        if not _is_own(planned.manifest) and not definitions.has_definition(planned.manifest)
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
