"""One child resource: what it is, its manifest, and where each of its fields came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from msvc_pulumi.baseconfig import Section
from msvc_pulumi.errors import Diagnostic, Diagnostics, FieldPath, Label, Span
from msvc_pulumi.merge import Clash, Merged, Rules, SideName, merge
from msvc_pulumi.source import Document

__all__ = ["KINDS", "Child", "Kind", "Origin", "Overlay", "Owner", "build_child"]

Manifest = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """A Kubernetes kind as manifests name it; ``type_name`` is its entry in the schema."""

    api_version: str
    kind: str

    @property
    def type_name(self) -> str:
        group = self.api_version if "/" in self.api_version else f"core/{self.api_version}"
        return f"{group}.{self.kind}"


DEPLOYMENT = Kind("apps/v1", "Deployment")
SERVICE = Kind("v1", "Service")
SERVICE_ACCOUNT = Kind("v1", "ServiceAccount")

# The keys are the original's (BaseConfig data keys and `generate` sections, struct tags of
# internal/controller/child_resources.go); a Role has no counterpart there.
KINDS: dict[str, Kind] = {
    "configMaps": Kind("v1", "ConfigMap"),
    "pdServiceAccount": SERVICE_ACCOUNT,
    "prefillDeployment": DEPLOYMENT,
    "prefillService": SERVICE,
    "decodeDeployment": DEPLOYMENT,
    "decodeService": SERVICE,
    "eppServiceAccount": SERVICE_ACCOUNT,
    "eppRole": Kind("rbac.authorization.k8s.io/v1", "Role"),
    "eppRoleBinding": Kind("rbac.authorization.k8s.io/v1", "RoleBinding"),
    "eppDeployment": DEPLOYMENT,
    "eppService": SERVICE,
    "inferencePool": Kind("inference.networking.x-k8s.io/v1alpha2", "InferencePool"),
    "inferenceModel": Kind("inference.networking.x-k8s.io/v1alpha2", "InferenceModel"),
    "httpRoute": Kind("gateway.networking.k8s.io/v1", "HTTPRoute"),
}


@dataclass(frozen=True, slots=True)
class Owner:
    """The ModelService as its children refer to it; ``uid`` is empty outside a cluster."""

    name: str
    namespace: str
    uid: str = ""

    def adopt(self, manifest: Manifest) -> None:
        """Put this owner into ``manifest``: an entry of the same group, kind and name is replaced.

        An owner with a namespace cannot own objects of another namespace; those stay unowned, as
        controller-runtime's ``SetOwnerReference`` leaves them.
        """
        metadata = manifest["metadata"]
        if self.namespace and metadata.get("namespace", "") != self.namespace:
            return
        reference = {
            "apiVersion": "llm-d.ai/v1alpha1",
            "kind": "ModelService",
            "name": self.name,
            "uid": self.uid,
        }
        owners = [*metadata.get("ownerReferences", ())]
        for number, other in enumerate(owners):
            if _same_owner(other, reference):
                owners[number] = reference
                break
        else:
            owners.append(reference)
        metadata["ownerReferences"] = owners


def _same_owner(left: Manifest, right: Manifest) -> bool:
    def identity(reference: Manifest) -> tuple[Any, Any, Any]:
        group = reference.get("apiVersion", "").rpartition("/")[0]
        return group, reference.get("kind"), reference.get("name")

    return identity(left) == identity(right)


@dataclass(frozen=True, slots=True)
class Origin:
    """Who set a field: ``kind`` for people, ``span`` for where they did."""

    kind: Literal["base config", "model service", "generated", "converted"]
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Overlay:
    """What the ModelService asks of one child.

    ``stated`` maps a path in ``value`` to the ModelService field it repeats, or to None for what
    is generated below a stated path; everything else in ``value`` is generated.
    """

    value: Manifest
    document: Document | None
    stated: Mapping[FieldPath, FieldPath | None] = field(default_factory=dict)

    def field(self, path: FieldPath) -> FieldPath | None:
        """The ModelService field behind ``path``, or None if the value is generated."""
        found = _nearest(self.stated, path)
        if found is None or (source := self.stated[found]) is None:
            return None
        return source.child(*path[len(found) :])

    def origin(self, path: FieldPath) -> Origin:
        source = self.field(path)
        if source is None:
            return Origin("generated")
        return Origin("model service", self.document.span(source) if self.document else None)


def _nearest(table: Mapping[FieldPath, Any], path: FieldPath) -> FieldPath | None:
    """The longest prefix of ``path`` that is in ``table``."""
    for length in range(len(path), -1, -1):
        prefix = FieldPath(path[:length])
        if prefix in table:
            return prefix
    return None


@dataclass(frozen=True, slots=True)
class Child:
    """A child resource before it is part of a plan.

    ``key`` is the original's section key; ``overrides`` are origins of fields set after the merge.
    """

    key: str
    kind: Kind
    manifest: Manifest
    base: Section | None
    overlay: Overlay
    sources: Mapping[FieldPath, tuple[SideName, FieldPath]]
    overrides: dict[FieldPath, Origin] = field(default_factory=dict)

    def origin(self, path: FieldPath) -> Origin:
        """Who set the field at ``path``, and where."""
        override = _nearest(self.overrides, path)
        found = _nearest(self.sources, path)
        if override is not None and (found is None or len(override) >= len(found)):
            return self.overrides[override]
        if found is None:
            return Origin("generated")
        side, start = self.sources[found]
        there = start.child(*path[len(found) :])
        if side == "overlay":
            return self.overlay.origin(there)
        return Origin("base config", self.base.span(there) if self.base else None)


def build_child(
    key: str,
    base: Section | None,
    overlay: Overlay,
    rules: Rules,
    *,
    owner: Owner,
    diagnostics: Diagnostics,
) -> Child:
    """The child ``key``: ``overlay`` merged onto ``base``, of its own kind, owned by ``owner``.

    Reports clashing shapes as ``merge-type`` with both places.
    """
    kind = KINDS[key]
    whole = Overlay(
        {"apiVersion": kind.api_version, "kind": kind.kind, **overlay.value},
        overlay.document,
        overlay.stated,
    )
    merged: Merged = merge(base.value if base else {}, whole.value, rules)
    diagnostics.extend(_explain(clash, base, whole) for clash in merged.clashes)
    manifest = {**merged.value, "metadata": {**merged.value.get("metadata", {})}}
    owner.adopt(manifest)
    generated = FieldPath.of("metadata", "ownerReferences")
    return Child(key, kind, manifest, base, whole, merged.sources, {generated: Origin("generated")})


def _explain(clash: Clash, base: Section | None, overlay: Overlay) -> Diagnostic:
    source = overlay.field(clash.overlay)
    span = overlay.document.span(source) if overlay.document and source else None
    base_span = base.span(clash.base) if base else None
    return Diagnostic(
        "merge-type",
        clash.message,
        field=source or clash.overlay,
        span=span,
        label="overlay",
        related=(Label(base_span, "base"),) if base_span else (),
        help="state the field with the same shape as the BaseConfig does",
    )
