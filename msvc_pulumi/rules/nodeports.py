"""Ports of nodes that two Services of a run ask for: a cluster has each once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msvc_pulumi.errors import Diagnostic, FieldPath
from msvc_pulumi.plan import Plan, PlannedObject
from msvc_pulumi.rules.finding import Finding, items
from msvc_pulumi.rules.places import placed

__all__ = ["node_ports_twice"]

PORTS = FieldPath.of("spec", "ports")


def node_ports_twice(plans: Iterable[Plan]) -> Iterator[Diagnostic]:
    """A warning at every stated port of nodes that a Service before has already."""
    taken: dict[tuple[str, int], tuple[PlannedObject, FieldPath]] = {}
    for plan in plans:
        for planned in plan:
            if planned.manifest["kind"] != "Service":
                continue
            for number, port in items(planned.manifest.get("spec", {}).get("ports")):
                if not (wanted := port.get("nodePort")):
                    continue
                here = PORTS.child(number, "nodePort")
                identity = (port.get("protocol") or "TCP", wanted)
                other, there = taken.setdefault(identity, (planned, here))
                if other is planned:  # twice in one Service is said of that
                    continue
                name = other.manifest["metadata"].get("name", "")
                finding = Finding(
                    here,
                    "node-port-conflict",
                    f'Invalid value: {wanted}: the port is allocated already, to Service "{name}"',
                    "remove nodePort, and the cluster chooses one, or state another for each",
                )
                yield placed(planned, finding, [(other, (there, f'of Service "{name}"'))])
