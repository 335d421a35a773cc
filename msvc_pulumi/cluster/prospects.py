"""`prospects`: what becomes of each object that llm-d-model-service made, before anything does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from msvc_pulumi.cluster.adoption import REPLACE, Adoption
from msvc_pulumi.cluster.claims import (
    Claimant,
    Metadata,
    Place,
    claim,
    consent,
    is_given,
    object_exists,
    pulumi_manager,
)
from msvc_pulumi.cluster.client import Cluster
from msvc_pulumi.cluster.existing import existing
from msvc_pulumi.cluster.foresight import Foreseen
from msvc_pulumi.cluster.modelservices import KIND
from msvc_pulumi.cluster.predecessors import is_inherited
from msvc_pulumi.out import diff
from msvc_pulumi.out.declaration import owner_uid
from msvc_pulumi.plan import Plan
from msvc_pulumi.target.capabilities import OPTIONAL
from msvc_pulumi.target.kinds import KINDS

__all__ = ["TOLD", "Action", "Prospect", "prospects"]

Action = Literal["create", "adopt", "replace", "made", "refused", "others", "left"]
TOLD: dict[Action, str] = {
    "create": "is not there, and is made",
    "adopt": "becomes Pulumi's in place",
    "replace": "has to be deleted and made anew",
    "made": "is Pulumi's already",
    "refused": "cannot be what is planned",
    "others": "is somebody else's",
    "left": "is planned no more, and stays until its ModelService goes",
}
KINDS_OF_CHILDREN = tuple(dict.fromkeys((*KINDS.values(), *OPTIONAL)))


@dataclass(frozen=True, slots=True)
class Prospect:
    """What becomes of one object; ``command`` is what somebody can do about it."""

    service: str
    place: Place
    action: Action
    uid: str = ""
    managers: tuple[str, ...] = ()
    restarts: bool = False
    consented: bool = False
    command: str = ""
    diff: str = ""

    def plain(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "modelService": self.service,
            "apiVersion": self.place.api_version,
            "kind": self.place.kind,
            "namespace": self.place.namespace,
            "name": self.place.name,
            "uid": self.uid,
            "managers": list(self.managers),
            "action": self.action,
            "restarts": self.restarts,
            "consented": self.consented,
            "command": self.command,
            "diff": self.diff,
        }

    def __str__(self) -> str:
        text = f"{self.place.kind} {self.place.namespace}/{self.place.name} {TOLD[self.action]}"
        if self.restarts:
            text += "; its pods start anew"
        if self.consented:
            text += ", as its owner allows"
        if self.command:
            text += f"\n  {self.command}"
        return f"{text}\n{self.diff}" if self.diff else text


def prospects(cluster: Cluster, plan: Plan) -> Iterator[Prospect]:
    """What becomes of each object of ``plan``, and of what its ModelService owns beyond it.

    Raises:
        ClusterError: the cluster does not answer.
    """
    service = f"{plan.namespace}/{plan.name}"
    claimant = Claimant(plan.namespace, plan.name, owner_uid(plan))
    places = [Place.of(one.manifest) for one in plan]
    live = existing(cluster, places)
    held = {at: one for at, one in live.items() if claim(one, claimant).holds}
    ours = {at for at, one in held.items() if is_inherited(one) or not pulumi_manager(one)}
    foreseen = {one.place: one for one in Adoption.of(cluster, plan, ours).foreseen}
    for place in places:
        metadata = live.get(place)
        if metadata is None:
            yield Prospect(service, place, "create")
        elif place in foreseen:
            one = foreseen[place]
            consented = is_given(metadata, claimant, REPLACE) and one.after is None
            hint = consent(place, claimant, REPLACE)
            yield _taken(service, one, consented=consented, hint=hint)
        elif pulumi_manager(metadata):
            yield _seen(service, place, metadata, "made")
        else:
            told = object_exists(place, metadata, claimant).help
            yield replace(_seen(service, place, metadata, "others"), command=told)
    yield from _leftovers(cluster, service, claimant, {*places})


def _taken(service: str, one: Foreseen, *, consented: bool, hint: str) -> Prospect:
    found = _seen(service, one.place, one.before["metadata"], "adopt")
    if one.after is None:
        action: Action = "replace" if one.is_replaceable else "refused"
        refusal = one.refusal.diagnostics[0].summary if one.refusal else ""
        command = refusal if action == "refused" else f"{refusal}\n  {hint}"
        found = replace(found, action=action, command=refusal if consented else command)
    changes = diff.compare([one.compared[0]], [one.compared[1]])
    text = "".join(change.text for change in changes)
    return replace(found, restarts=one.restarts, consented=consented, diff=text)


def _seen(service: str, place: Place, metadata: Metadata, action: Action) -> Prospect:
    managers = dict.fromkeys(
        str(entry.get("manager", ""))
        for entry in metadata.get("managedFields") or ()
        if entry.get("subresource") != "status"
    )
    return Prospect(service, place, action, str(metadata.get("uid", "")), tuple(managers))


def _leftovers(
    cluster: Cluster, service: str, claimant: Claimant, planned: set[Place]
) -> Iterator[Prospect]:
    """What the ModelService owns and the plan does not have: nobody ever removed it."""
    for kind in KINDS_OF_CHILDREN:
        served = kind.api_version, kind.kind
        if not cluster.serves(*served):
            continue
        for items, _ in cluster.pages(*served, claimant.namespace, metadata=True):
            for item in items:
                metadata = item["metadata"]
                place = Place(*served, claimant.namespace, metadata["name"])
                owners = metadata.get("ownerReferences") or ()
                owned = any(
                    (one.get("kind"), one.get("name")) == (KIND, claimant.name) for one in owners
                )
                if owned and place not in planned:
                    command = (
                        f"kubectl delete {kind.kind.lower()} {place.name} -n {place.namespace}"
                    )
                    yield replace(_seen(service, place, metadata, "left"), command=command)
