"""Planned objects against the published schemas of the Kubernetes API.

Needs the packages of the extra ``validate``. What Kubernetes itself does not define is checked by
its CustomResourceDefinition (`definitions`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice
from typing import Any

from msvc_pulumi.errors import Diagnostic, FieldPath
from msvc_pulumi.plan import Plan, PlannedObject
from msvc_pulumi.rules.places import placed
from msvc_pulumi.rules.refusals import parse_version
from msvc_pulumi.rules.services import Version
from msvc_pulumi.validation import definitions

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
    is_known = parse_version(version) in known_versions()
    for plan in plans:
        for planned in plan:
            if definitions.has_definition(planned.manifest):
                for finding in definitions.problems(planned.manifest):
                    yield placed(planned, finding)
            elif is_known and _is_own(planned.manifest):
                yield from _by_schema(planned, version)


def _by_schema(planned: PlannedObject, version: str) -> Iterator[Diagnostic]:
    kind, api_version = planned.manifest["kind"], planned.manifest["apiVersion"]
    release = ".".join(map(str, parse_version(version) or ()))
    try:
        validator = _validator(kind, api_version, release)
    except FileNotFoundError:
        summary = (
            f"Couldn't find schema for kind {kind} with api version {api_version} for kubernetes "
            f"version {release}"
        )
        yield Diagnostic("no-schema", summary, field=FieldPath.of(planned.key))
        return
    for error in islice(validator.iter_errors(planned.manifest), 1):
        yield _problem(planned, FieldPath(error.path), error.message)


@cache
def _validator(kind: str, api_version: str, release: str) -> Any:
    """What checks objects of a kind, strictly.

    `kubernetes_validate.validate` would read the schema anew for each object, and all definitions.

    Raises:
        FileNotFoundError: there is no schema of the kind.
    """
    from jsonschema import Draft202012Validator  # noqa: PLC0415  large

    group, _, name = api_version.rpartition("/")
    place = f"{kind.lower()}-{group.partition('.')[0]}-{name}".replace("--", "-")
    return Draft202012Validator(_schema(place, release), registry=_registry(release))


@cache
def _registry(release: str) -> Any:
    """The definitions that the schemas of a release refer to."""
    from referencing import Registry, Resource  # noqa: PLC0415  large

    return (Resource.from_contents(_schema("_definitions", release)) @ Registry()).crawl()


def _schema(name: str, release: str) -> Any:
    from kubernetes_validate.utils import all_versions, schema_contents  # noqa: PLC0415  large

    version = [text for text in all_versions() if parse_version(text) == parse_version(release)][-1]
    file = f"kubernetes-json-schema/v{version}-local-strict/{name}.json"
    return schema_contents(file, version)


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
