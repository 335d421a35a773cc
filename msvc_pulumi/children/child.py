"""One child resource: what it is, its manifest, and where each of its fields came from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, Protocol

from msvc_pulumi.document.source import Document
from msvc_pulumi.errors import Diagnostic, Diagnostics, FieldPath, Label, Severity, Span
from msvc_pulumi.merge.strategies import Rules, SideName
from msvc_pulumi.merge.walker import Clash, Merged, merge
from msvc_pulumi.target.kinds import KINDS, Kind

__all__ = ["Base", "Child", "Origin", "Overlay", "Owner", "build_child"]

Manifest = dict[str, Any]


class Owner(NamedTuple):
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


class Origin(NamedTuple):
    """Who set a field: ``kind`` for people, ``span`` for where they did.

    ``place`` is the span, or finds it when somebody asks. ``field`` is the field they set, where it
    is not the one that the merge would find.
    """

    kind: Literal["base config", "model service", "generated", "converted"]
    place: Span | Callable[[], Span | None] | None = None
    field: FieldPath | None = None

    @property
    def span(self) -> Span | None:
        return self.place() if callable(self.place) else self.place


class Overlay(NamedTuple):
    """What the ModelService asks of one child.

    ``stated`` maps a path in ``value`` to the ModelService field it repeats, or to None for what
    is generated below a stated path; everything else in ``value`` is generated.
    """

    value: Manifest
    document: Document | None
    stated: Mapping[FieldPath, FieldPath | None] = MappingProxyType({})

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
        place = partial(self.document.span, source) if self.document else None
        return Origin("model service", place)


def _nearest(table: Mapping[FieldPath, Any], path: FieldPath) -> FieldPath | None:
    """The longest prefix of ``path`` that is in ``table``."""
    for length in range(len(path), -1, -1):
        prefix = FieldPath(path[:length])
        if prefix in table:
            return prefix
    return None


class Base(Protocol):
    """The BaseConfig's side of a child: its object, and where each field of it is."""

    @property
    def value(self) -> Any: ...

    def span(self, path: FieldPath) -> Span | None:
        """Where the field is written."""

    def field(self, path: FieldPath) -> FieldPath:
        """The field as the user knows it, from the root of the BaseConfig."""


class Child(NamedTuple):
    """A child resource before it is part of a plan.

    ``key`` is the original's section key; ``overrides`` are origins of fields set after the merge.
    """

    key: str
    kind: Kind
    manifest: Manifest
    base: Base | None
    overlay: Overlay
    sources: Mapping[FieldPath, tuple[SideName, FieldPath]]
    overrides: dict[FieldPath, Origin]

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
        return Origin("base config", partial(self.base.span, there) if self.base else None)

    def converted(self, path: FieldPath) -> Origin:
        """The origin of what is made from the field at ``path``."""
        return Origin("converted", self.origin(path).span, self.field(path))

    def field(self, path: FieldPath) -> FieldPath:
        """The field a user has to look at for ``path``: of the document that set it."""
        override = _nearest(self.overrides, path)
        if override is not None and (known := self.overrides[override].field) is not None:
            return known.child(*path[len(override) :])
        found = _nearest(self.sources, path)
        if found is not None:
            side, start = self.sources[found]
            there = start.child(*path[len(found) :])
            stated = self.overlay.field(there) if side == "overlay" else None
            if stated is not None:
                return stated
            if side == "base" and self.base is not None:
                return self.base.field(there)
        return FieldPath((self.key, *path))

    def error(self, code: str, summary: str, path: FieldPath, advice: str) -> Diagnostic:
        """What is wrong with the field at ``path``, told where it was set."""
        field, span = self.field(path), self.origin(path).span
        return Diagnostic(code, summary, field=field, span=span, help=advice)

    def warning(
        self, code: str, summary: str, path: FieldPath, advice: str, *related: Label
    ) -> Diagnostic:
        """The same of what is not sure to be wrong."""
        found = self.error(code, summary, path, advice)
        return replace(found, severity=Severity.WARNING, related=related)

    def merged_from_base(self, path: FieldPath) -> tuple[FieldPath, Origin, Span | None] | None:
        """The BaseConfig's own field of a list's item at ``path``, if it had the item already.

        Of fields that the ModelService states as well `field` and `origin` know its side only.
        """
        source = self.sources.get(path.parent)
        if self.base is None or source is None or source[0] != "base":
            return None
        there = source[1].child(path[-1])
        span = self.base.span(there)
        return self.base.field(there), Origin("base config", span), span

    def put(self, path: FieldPath, value: Any, origin: Origin | None = None) -> None:
        """Set the field at ``path``; what the manifest shares with its sources stays as it is.

        Without ``origin`` whoever set the field before is still said to have set it.
        """
        holder = self._own(path.parent)
        holder[path[-1]] = value
        if origin is not None:
            self.overrides[path] = origin

    def drop(self, path: FieldPath) -> None:
        """Take the field at ``path``, a mapping's member, away if it is there."""
        self._own(path.parent).pop(path[-1], None)

    def get(self, path: FieldPath) -> Any:
        """The value at ``path`` of the manifest, None where there is none."""
        return path.find(self.manifest)

    def _own(self, path: FieldPath) -> Any:
        """The mapping or list at ``path``, after copying everything on the way to it."""
        here: Any = self.manifest
        for step in path:
            inner = here.get(step) if isinstance(here, dict) else here[step]
            here[step] = [*inner] if isinstance(inner, list) else {**(inner or {})}
            here = here[step]
        return here


def build_child(
    key: str,
    base: Base | None,
    overlay: Overlay,
    rules: Rules,
    *,
    owner: Owner,
    diagnostics: Diagnostics,
    kind: Kind | None = None,
) -> Child:
    """The child ``key``: ``overlay`` merged onto ``base``, owned by ``owner``.

    It is of ``kind``, else of the kind that ``KINDS`` has for its key. Reports clashing shapes as
    ``merge-type`` with both places.
    """
    kind = kind or KINDS[key]
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


def _explain(clash: Clash, base: Base | None, overlay: Overlay) -> Diagnostic:
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
