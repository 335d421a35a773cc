"""The Plan: every child of one ModelService, named, ordered, and ready to apply.

`plan_model_service` is the whole pipeline as one pure function. The dry run, the Pulumi component
and the operator all use it, so the dry run is what gets applied.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from msvc_pulumi.api.v1alpha1 import ModelService, load_model_service
from msvc_pulumi.artifacts import ModelArtifact, parse_artifact, unused_fields
from msvc_pulumi.children import configmaps, epp, inference, pd, routing
from msvc_pulumi.children.argumentchecks import argument_warnings
from msvc_pulumi.children.child import Child, Origin
from msvc_pulumi.children.context import BuildContext
from msvc_pulumi.children.flags import flag_warnings
from msvc_pulumi.children.outreach import foreign_base_config, outreach
from msvc_pulumi.children.served import SkippedObject, served
from msvc_pulumi.document.source import Document
from msvc_pulumi.errors import (
    Diagnostic,
    Diagnostics,
    FieldPath,
    InterpolationError,
    MergeError,
    PlanError,
    Severity,
    SpecError,
)
from msvc_pulumi.interpolation.baseconfig import load_base_config
from msvc_pulumi.interpolation.interpolate import Interpolation
from msvc_pulumi.naming import ChildNames
from msvc_pulumi.target.options import PlanOptions

__all__ = ["Plan", "PlanOptions", "PlannedObject", "SkippedObject", "plan_model_service"]

# Which children a child needs before it is any use; a key stands for all items of a list.
EDGES: dict[str, tuple[str, ...]] = {
    "prefillDeployment": ("configMaps", "pdServiceAccount"),
    "prefillLeaderWorkerSet": ("configMaps", "pdServiceAccount"),
    "decodeDeployment": ("configMaps", "pdServiceAccount"),
    "decodeLeaderWorkerSet": ("configMaps", "pdServiceAccount"),
    "prefillAutoscaler": ("prefillDeployment", "prefillLeaderWorkerSet"),
    "decodeAutoscaler": ("decodeDeployment", "decodeLeaderWorkerSet"),
    "eppRoleBinding": ("eppServiceAccount", "eppRole"),
    "eppDeployment": ("configMaps", "eppServiceAccount", "eppRoleBinding", "inferencePool"),
    "inferencePool": ("eppService",),
    "inferenceModel": ("inferencePool",),
    "inferenceObjective": ("inferencePool",),
    "inferenceModelRewrite": ("inferencePool",),
    "httpRoute": ("inferencePool",),
}


@dataclass(frozen=True, slots=True)
class PlannedObject:
    """One object to apply.

    ``key`` is the original's section key, ``configMaps[0]`` for list items. ``depends_on`` holds
    keys of this plan. ``ignore_changes`` are paths that something else owns once the object exists.
    """

    key: str
    manifest: dict[str, Any]
    depends_on: tuple[str, ...]
    ignore_changes: tuple[str, ...]
    child: Child = field(repr=False, compare=False)

    def origin(self, path: FieldPath) -> Origin:
        """Who set the field at ``path`` of the manifest, and where."""
        return self.child.origin(path)


@dataclass(frozen=True, slots=True)
class Plan:
    """The objects of one ModelService in dependency order, with the warnings found on the way.

    ``skipped`` are those that the cluster could not take, for want of their kind.
    """

    name: str
    namespace: str
    objects: tuple[PlannedObject, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    skipped: tuple[SkippedObject, ...] = ()
    model_name: str = ""

    def __iter__(self) -> Iterator[PlannedObject]:
        return iter(self.objects)

    def __len__(self) -> int:
        return len(self.objects)

    @property
    def hash(self) -> str:
        """Hexadecimal SHA-256 of everything that would be applied; equal plans need no work."""
        from hashlib import sha256  # noqa: PLC0415  slow to import, and not every plan is hashed

        content = [(o.key, o.manifest, o.depends_on, o.ignore_changes) for o in self.objects]
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return sha256(text.encode()).hexdigest()


def plan_model_service(
    model_service: Mapping[str, Any] | Document,
    base_config: Mapping[str, Any] | Document | None = None,
    options: PlanOptions | None = None,
) -> Plan:
    """The plan for a ModelService and its BaseConfig.

    Documents carry positions into diagnostics; plain mappings are accepted where there is no file.

    Raises:
        SpecError: a document is not a valid ModelService or BaseConfig, or ``options.reach`` does
            not allow the BaseConfig.
        InterpolationError: a template fails, or a rendered section is not the object it should be.
        MergeError: the two documents contradict each other.
        PlanError: two children would be the same object, or ``options.reach`` allows not all.
    """
    options = options or PlanOptions()
    diagnostics = Diagnostics()
    document = _document(model_service, "modelservice", diagnostics)
    base_document = None
    if base_config is not None:
        base_document = _document(base_config, "baseconfig", diagnostics)
    diagnostics.raise_errors(SpecError)

    service = load_model_service(document, diagnostics)
    diagnostics.raise_errors(SpecError)
    assert service is not None  # noqa: S101  load_model_service returns None only with errors
    service = service.in_namespace(options.namespace)
    diagnostics.extend(
        foreign_base_config(service.namespace, document, base_document, options.reach)
    )
    diagnostics.raise_errors(SpecError)
    artifact = _artifact(service, document, diagnostics)

    names = ChildNames(service.name)
    interpolation = Interpolation.of(service, names, artifact, diagnostics, document)
    containers = interpolation.containers(service, document)
    base = load_base_config(base_document, interpolation, diagnostics)
    diagnostics.raise_errors(InterpolationError)

    context = BuildContext(
        service, document, base, containers, names, artifact, options, diagnostics
    )
    children = [
        *configmaps.build(context),
        *pd.build(context),
        *epp.build(context),
        *routing.build(context),
    ]
    children = inference.convert(children, context)
    diagnostics.extend(flag_warnings(children))
    diagnostics.extend(argument_warnings(children, service.spec.args_policy, diagnostics))
    diagnostics.raise_errors(MergeError)
    children, skipped = served(children, options.capabilities, diagnostics)
    unowned = "" if options.owner_uid else service.metadata.uid
    objects = _planned(children, unowned=unowned, decoupled=service.spec.decouple_scaling)
    diagnostics.extend(_duplicates(objects))
    diagnostics.extend(outreach(children, context))
    diagnostics.raise_errors(PlanError)
    model_name = service.spec.routing.model_name
    found = tuple(diagnostics)
    return Plan(service.name, service.namespace, objects, found, skipped, model_name)


def _document(value: Mapping[str, Any] | Document, name: str, diagnostics: Diagnostics) -> Document:
    if isinstance(value, Document):
        return value
    from msvc_pulumi.document.plainvalues import plain_value  # noqa: PLC0415  no file needs it

    found = Diagnostics()
    document = Document.of(plain_value(value, found), name)
    found.located(document.span)
    diagnostics.extend(found)
    return document


def _artifact(service: ModelService, document: Document, diagnostics: Diagnostics) -> ModelArtifact:
    artifacts = service.spec.model_artifacts
    artifact = parse_artifact(
        artifacts.uri,
        auth_secret_name=artifacts.auth_secret_name,
        size=artifacts.size,
        pull_policy=artifacts.pull_policy or "",
    )
    if isinstance(artifact, Diagnostic):
        diagnostics.add(artifact.at(document.span(artifact.field)))
        raise SpecError(diagnostics)
    if artifact.problem is not None:
        placed = artifact.problem.at(document.span(artifact.problem.field))
        if service.mounts_model:
            diagnostics.add(placed)
            raise SpecError(diagnostics)
        note = "no container mounts the model, so this does no harm"
        diagnostics.add(replace(placed, severity=Severity.WARNING, notes=(*placed.notes, note)))
    stated = artifacts.model_dump(by_alias=True, exclude={"uri"})
    for unused in unused_fields(artifacts.uri, stated):
        diagnostics.add(unused.at(document.span(unused.field)))
    return artifact


def _planned(children: list[Child], *, unowned: str, decoupled: bool) -> tuple[PlannedObject, ...]:
    """The children as planned objects, each after everything it depends on."""
    keys = [child.key for child in children]
    of_kind: dict[str, list[str]] = {}
    for key in keys:
        of_kind.setdefault(key.partition("[")[0], []).append(key)
    objects = {
        child.key: PlannedObject(
            child.key,
            applicable(child.manifest, unowned),
            _edges(child.key, keys, of_kind),
            _ignored(child, decoupled=decoupled),
            child,
        )
        for child in children
    }
    ordered: dict[str, PlannedObject] = {}
    for key in keys:
        _put_in_order(key, objects, ordered)
    return tuple(ordered.values())


def _put_in_order(
    key: str, objects: Mapping[str, PlannedObject], ordered: dict[str, PlannedObject]
) -> None:
    """Put the object behind everything it depends on. (A closure would keep the plan for ever.)"""
    if key not in ordered:
        for other in objects[key].depends_on:
            _put_in_order(other, objects, ordered)
        ordered[key] = objects[key]


def _edges(key: str, keys: Sequence[str], of_kind: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The keys that ``key`` depends on, in the order of all."""
    wanted = EDGES.get(key, ())
    found = {other for name in wanted for other in of_kind.get(name, ())}
    return tuple(other for other in keys if other in found) if found else ()


def _ignored(child: Child, *, decoupled: bool) -> tuple[str, ...]:
    """The replica count of a workload that states none, or hands it over once it exists.

    Where nobody states a count the plan has no opinion of it: neither an autoscaler's nor the last
    one applied may be reset (docs/decisions/0003-replica-ownership.md).
    """
    if child.kind.kind not in ("Deployment", "LeaderWorkerSet"):
        return ()
    handed_over = decoupled and child.key != "eppDeployment"
    if handed_over or "replicas" not in child.manifest.get("spec", {}):
        return ("spec.replicas",)
    return ()


def applicable(manifest: dict[str, Any], unowned: str = "") -> dict[str, Any]:
    """``manifest`` without what only a server may set: status, times, owners without a uid.

    ``unowned`` is the uid of an owner that is left out as well: a ModelService read from a file
    may be gone from the cluster, and what it owns would go with it.
    """
    result = {key: value for key, value in manifest.items() if key != "status"}
    metadata = {k: v for k, v in manifest["metadata"].items() if k != "creationTimestamp"}
    owners = [
        owner
        for owner in metadata.pop("ownerReferences", ())
        if owner.get("uid", "") not in ("", unowned)
    ]
    if owners:
        metadata["ownerReferences"] = owners
    result["metadata"] = metadata
    return result


def _duplicates(objects: tuple[PlannedObject, ...]) -> Iterator[Diagnostic]:
    seen: dict[tuple[Any, ...], str] = {}
    for planned in objects:
        metadata = planned.manifest["metadata"]
        kind = planned.manifest["kind"]
        identity = (kind, metadata.get("namespace", ""), metadata.get("name", ""))
        if not identity[2]:  # the server refuses it, or names it
            continue
        first = seen.setdefault(identity, planned.key)
        if first != planned.key:
            path = FieldPath.of("metadata", "name")
            yield Diagnostic(
                "plan-duplicate",
                f'{kind} "{identity[2]}" is planned twice, as {first} and as {planned.key}',
                span=planned.origin(path).span,
                help="rename or remove one of them",
            )
