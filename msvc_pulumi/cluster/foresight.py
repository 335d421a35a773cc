"""`foresee`: what becomes of an object that is taken over, asked of the API server in dry runs."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from msvc_pulumi.cluster.claims import Place
from msvc_pulumi.cluster.client import Cluster, ClusterError
from msvc_pulumi.cluster.fieldsets import nested, solely, united, without
from msvc_pulumi.cluster.predecessors import ADOPTER, Handed, fields_of, handed
from msvc_pulumi.errors import Diagnostic, FieldPath
from msvc_pulumi.out.declaration import Declaration

__all__ = ["Foreseen", "foresee", "stated"]

INVALID = 422
ROLE = FieldPath.of("roleRef")
HOLLOW = "spec.template.spec.affinity"  # the original operator writes an empty one everywhere
SHORT = 40  # characters of a name that another one begins with
SERVERS = ("managedFields", "resourceVersion", "generation")
Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Foreseen:
    """An object as it is and as it will be; ``after`` is None where it cannot become that in place,
    and ``refusal`` what the server said. ``entries`` are those of its predecessors, whose fields
    become Pulumi's.
    """

    declaration: Declaration
    before: Object
    after: Object | None
    entries: Handed
    refusal: ClusterError | None = None
    is_replaceable: bool = False

    @property
    def kept(self) -> tuple[str, ...]:
        """Paths that nobody takes over: what is ignored, and what says nothing but would restart
        pods if it went.
        """
        return _kept(self.declaration, self.before)

    @property
    def place(self) -> Place:
        return Place.of(self.before)

    @property
    def uid(self) -> str:
        return str(self.before["metadata"]["uid"])

    @property
    def restarts(self) -> bool:
        """Whether its pods start anew."""
        if self.after is None:
            return _template(self.before) is not None
        return bool(_template(self.before) != _template(self.after))

    @property
    def compared(self) -> tuple[Object, Object]:
        """Both without what the server keeps about them; the second is what is stated where the
        server would not take it.
        """
        after = self.declaration.properties if self.after is None else self.after
        return _content(self.before), _content(after)


def stated(declaration: Declaration) -> Object:
    """What an object that exists is made: what is ignored from then on is not stated at all."""
    fields = united(nested(path) for path in declaration.ignore_changes)
    return dict(without(declaration.properties, fields)) if fields else declaration.properties


def foresee(
    cluster: Cluster, declaration: Declaration, live: Object, names: Collection[str]
) -> Foreseen:
    """What becomes of ``live``, of which the field managers ``names`` were the predecessors.

    Raises:
        ClusterError: the cluster does not answer.
    """
    entries = handed(live["metadata"], names)
    manifest = stated(declaration)
    if _role(manifest) != _role(live):  # the server would look for a role that is not there yet
        reason = Diagnostic("cluster-rejected", "another role cannot be bound", field=ROLE)
        error = ClusterError(reason, status=INVALID)
        return Foreseen(declaration, live, None, entries, error, is_replaceable=True)
    try:
        applied = cluster.apply(manifest, field_manager=ADOPTER, force=True, dry_run=True)
        own = fields_of(applied["metadata"], entries - {(ADOPTER, "Apply")})
        others = fields_of(applied["metadata"], entries - {(ADOPTER, "Apply")}, but=True)
        goes = solely(own, united([others, *map(nested, _kept(declaration, live))]))
        after = without(applied, goes)
        if goes:  # what goes may have a default
            after = cluster.amended(after)
    except ClusterError as error:
        if error.status != INVALID:
            raise
        possible = _is_possible(cluster, manifest)
        return Foreseen(declaration, live, None, entries, error, possible)
    return Foreseen(declaration, live, after, entries)


def _role(item: Mapping[str, Any]) -> tuple[str, str] | None:
    role = item.get("roleRef")
    return (str(role.get("kind")), str(role.get("name"))) if role else None


def _kept(declaration: Declaration, live: Object) -> tuple[str, ...]:
    planned, there = (_pod(item).get("affinity") for item in (declaration.properties, live))
    hollow = there == {} and planned is None
    return (*declaration.ignore_changes, *((HOLLOW,) if hollow else ()))


def _pod(item: Mapping[str, Any]) -> Mapping[str, Any]:
    return (_template(item) or {}).get("spec") or {}


def _is_possible(cluster: Cluster, manifest: Object) -> bool:
    """Whether the server takes it as a new object, so that only the change was refused."""
    metadata = manifest["metadata"]
    name = f"{metadata['name'][:SHORT].rstrip('-.')}-{secrets.token_hex(4)}"
    try:
        cluster.create({**manifest, "metadata": {**metadata, "name": name}}, dry_run=True)
    except ClusterError as error:
        if error.status != INVALID:
            raise
        return False
    return True


def _template(item: Mapping[str, Any]) -> Any:
    return (item.get("spec") or {}).get("template")  # only workloads have one


def _content(item: Mapping[str, Any]) -> Object:
    metadata = {key: value for key, value in item["metadata"].items() if key not in SERVERS}
    return {**{key: value for key, value in item.items() if key != "status"}, "metadata": metadata}
