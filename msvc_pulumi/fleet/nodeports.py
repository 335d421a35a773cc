"""Ports of nodes that two Services of a run ask for: a cluster has each once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msvc_pulumi.errors import Diagnostic, FieldPath
from msvc_pulumi.fleet.outline import Entry, NodePort, node_ports
from msvc_pulumi.plan import PlannedObject
from msvc_pulumi.rules.finding import Finding
from msvc_pulumi.rules.places import placed

__all__ = ["node_ports_twice"]

_Holder = tuple[PlannedObject, FieldPath]


def node_ports_twice(fleet: Iterable[Entry]) -> Iterator[Diagnostic]:
    """A warning at every stated port of nodes that a Service before has already."""
    taken: dict[NodePort, Entry] = {}
    for entry in fleet:
        wanted = entry.outline.node_ports
        holders = [taken.setdefault(port, entry) for port in wanted]
        if len(set(wanted)) < len(wanted) or any(holder is not entry for holder in holders):
            yield from _twice(entry, taken)


def _twice(entry: Entry, taken: dict[NodePort, Entry]) -> Iterator[Diagnostic]:
    own: dict[NodePort, _Holder] = {}
    for identity, planned, here in node_ports(entry.plan()):
        first = taken[identity]
        if first is entry:
            other, there = own.setdefault(identity, (planned, here))
        else:
            ports = node_ports(first.plan())
            other, there = next((o, at) for its, o, at in ports if its == identity)
        if other is planned:  # twice in one Service is said of that
            continue
        name = other.manifest["metadata"].get("name", "")
        finding = Finding(
            here,
            "node-port-conflict",
            f'Invalid value: {identity[1]}: the port is allocated already, to Service "{name}"',
            "remove nodePort, and the cluster chooses one, or state another for each",
        )
        yield placed(planned, finding, [(other, (there, f'of Service "{name}"'))])
