"""Whose an existing object is: `claim` says whether a ModelService may have it.

What carries our owner reference, what this stack recorded when it made it, and what its owner gave
away is taken over. Everything else stays as it is, and `object_exists` names it. The consent is an
annotation of the object: who may write ModelServices is not who may write other people's objects.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, NamedTuple

from msvc_pulumi.cluster.modelservices import KIND
from msvc_pulumi.errors import Diagnostic
from msvc_pulumi.out.declaration import MADE_FOR

__all__ = [
    "ADOPT",
    "CREATOR",
    "OBJECT_EXISTS",
    "PULUMI",
    "Claim",
    "Claimant",
    "Metadata",
    "Place",
    "claim",
    "consent",
    "first_entry",
    "is_given",
    "object_exists",
    "pulumi_manager",
]

ADOPT = "llm-d.ai/adopt"
"""Annotation of an object: the ModelService that may have it, ``name`` or ``namespace/name``."""
OBJECT_EXISTS = "object-exists"

GROUP = "llm-d.ai/"
CREATOR = "pulumi-kubernetes"
"""Field manager of what Pulumi creates; its plugin takes those fields into its own with the first
update, and removes what is not stated then. An apply has it with something behind it.
"""
PULUMI = (CREATOR, "pulumi-resource-kubernetes")
"""Field managers of creations, now and in earlier releases."""
Metadata = Mapping[str, Any]


class Place(NamedTuple):
    """Where an object is; no two are in one place."""

    api_version: str
    kind: str
    namespace: str
    name: str

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> Place:
        """The place of a manifest or of an object."""
        metadata = item["metadata"]
        space, name = metadata.get("namespace") or "", metadata.get("name") or ""
        return cls(item["apiVersion"], item["kind"], space, name)

    @property
    def identity(self) -> tuple[str, str, str, str | None]:
        """The same as the arguments of a `Cluster`'s methods."""
        return self.api_version, self.kind, self.name, self.namespace or None


@dataclass(frozen=True, slots=True)
class Claimant:
    """The ModelService that wants an object; no uid if it was read from a file."""

    namespace: str
    name: str
    uid: str = ""


class Claim(Enum):
    """What a ModelService may do with an existing object, and why."""

    OWN = auto()
    GIVEN = auto()
    LEFTOVER = auto()
    """Of a ModelService of this name that is gone, and therefore about to go itself."""
    OTHERS = auto()

    @property
    def holds(self) -> bool:
        """Whether the object is the ModelService's to change and delete."""
        return self in (Claim.OWN, Claim.GIVEN)


def claim(
    metadata: Metadata,
    claimant: Claimant,
    *,
    recorded: Collection[str] = (),
    tried: bool = False,
) -> Claim:
    """The claim of ``claimant`` to the object with that ``metadata``.

    ``recorded`` are the uids of all that its stack made, as its state has them. ``tried`` says that
    a run which did not come to its end may have made an object in this place, where there was none
    or its own before it; then Pulumi must have made it.
    """
    owners = [
        owner
        for owner in metadata.get("ownerReferences") or ()
        if owner.get("kind") == KIND and str(owner.get("apiVersion", "")).startswith(GROUP)
    ]
    own = [owner for owner in owners if _is_named(owner, metadata, claimant)]
    if any(not claimant.uid or owner.get("uid") == claimant.uid for owner in own):
        return Claim.OWN
    if len(own) < len(owners):
        return Claim.OTHERS  # consent to two ModelServices would let them fight
    if metadata.get("uid") in recorded:
        return Claim.OWN
    if claimant.uid and _annotation(metadata, MADE_FOR) == claimant.uid:
        return Claim.OWN
    if tried and pulumi_manager(metadata):
        return Claim.OWN
    if is_given(metadata, claimant):
        return Claim.GIVEN
    return Claim.LEFTOVER if own else Claim.OTHERS


def is_given(metadata: Metadata, claimant: Claimant, annotation: str = ADOPT) -> bool:
    """Whether the object's annotation gives it to ``claimant``."""
    stated = _annotation(metadata, annotation).strip()
    names = {f"{claimant.namespace}/{claimant.name}"}
    if metadata.get("namespace", claimant.namespace) == claimant.namespace:
        names.add(claimant.name)
    return stated != "" and stated in names


def consent(place: Place, claimant: Claimant, annotation: str) -> str:
    """The command by which an object's owner gives it by that annotation to ``claimant``."""
    name = claimant.name
    if place.namespace != claimant.namespace:
        name = f"{claimant.namespace}/{name}"
    space = f" -n {place.namespace}" if place.namespace else ""
    return f"kubectl annotate {place.kind.lower()} {place.name}{space} {annotation}={name}"


def first_entry(metadata: Metadata) -> Mapping[str, Any] | None:
    """The entry of ``managedFields`` that was written first, None if there is none: a server that
    truncates has all earlier managers as one, and says when.
    """
    entries = [item for item in metadata.get("managedFields") or () if not item.get("subresource")]
    return min(entries, key=lambda item: str(item.get("time") or ""), default=None)


def pulumi_manager(metadata: Metadata) -> str:
    """The field manager by which some Pulumi program wrote the object, "" if none did; nothing says
    which program.
    """
    for entry in metadata.get("managedFields") or ():
        manager = str(entry.get("manager", ""))
        if manager in PULUMI or manager.startswith(f"{CREATOR}-"):
            return manager
    return ""


def object_exists(
    place: Place, metadata: Metadata, claimant: Claimant, found: Claim = Claim.OTHERS
) -> Diagnostic:
    """The error that names the object, who made it and what can be done; ``found`` is no claim to
    it.
    """
    what = f'{place.kind} "{place.name}" is in namespace "{place.namespace}" already'
    if found is Claim.LEFTOVER:
        return Diagnostic(
            OBJECT_EXISTS,
            f'{what}, left from an earlier ModelService "{claimant.name}"',
            notes=(_history(metadata),),
            help="Kubernetes deletes what has lost its owner, and then it is made anew; "
            f"to keep it, {_give(place, claimant)}",
        )
    owner = next(iter(_owners(metadata)), "")
    whose = f"belongs to {owner}" if owner else "was not made for this ModelService"
    way = "rename the ModelService, or delete the object if nobody needs it"
    if not owner.startswith(KIND):
        way = f"{way}; if it is to be taken over, and later deleted, {_give(place, claimant)}"
    return Diagnostic(OBJECT_EXISTS, f"{what}, and {whose}", notes=(_history(metadata),), help=way)


def _is_named(owner: Mapping[str, Any], metadata: Metadata, claimant: Claimant) -> bool:
    if metadata.get("namespace", claimant.namespace) != claimant.namespace:
        return False
    return bool(owner.get("name") == claimant.name or owner.get("uid") == claimant.uid != "")


def _annotation(metadata: Metadata, name: str) -> str:
    value = (metadata.get("annotations") or {}).get(name)
    return value if isinstance(value, str) else ""


def _owners(metadata: Metadata) -> list[str]:
    owners = [item for item in metadata.get("ownerReferences") or () if item.get("name")]
    ranked = sorted(owners, key=lambda item: not item.get("controller"))
    return [f'{item.get("kind", "")} "{item["name"]}"' for item in ranked]


def _history(metadata: Metadata) -> str:
    """Who made it, as far as the server knows."""
    made = metadata.get("creationTimestamp") or "an unknown time"
    first = first_entry(metadata)
    if first is None:
        return f"made at {made}; by whom is not recorded"
    manager, operation = first.get("manager") or "unknown", first.get("operation") or "Update"
    when = first.get("time") or made
    return f'made at {made}; field manager "{manager}" (operation {operation}) wrote it at {when}'


def _give(place: Place, claimant: Claimant) -> str:
    return f"its owner can say so: {consent(place, claimant, ADOPT)}"
