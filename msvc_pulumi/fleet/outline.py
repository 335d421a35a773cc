"""`Outline`: of a plan, what the checks between the ModelServices of a run ask first.

Most plans collide with no other, so nobody has to keep them all for that: a plan is asked for once
more where two outlines say that it matters.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import NamedTuple

from msvc_pulumi.document.source import Document
from msvc_pulumi.errors import FieldPath
from msvc_pulumi.fleet.objectnames import ObjectName, object_names
from msvc_pulumi.plan import Plan, PlannedObject

__all__ = ["Entry", "NodePort", "Outline", "node_ports"]

PORTS = FieldPath.of("spec", "ports")
SELECTING = ("prefill", "decode", "inferencePool")  # keys of what has or selects model pods


NodePort = tuple[str, int]
"""The protocol and the number of a port of nodes: a cluster has each once."""


class Outline(NamedTuple):
    """What a plan takes that another one may want.

    ``names`` are those of its objects, ``routes`` what its route takes from each of its gateways,
    ``selects_pods`` says whether labels of pods are of any importance to it.
    """

    name: str
    namespace: str
    model_name: str
    names: tuple[ObjectName, ...]
    routes: tuple[str, ...]
    node_ports: tuple[NodePort, ...]
    selects_pods: bool

    @classmethod
    def of(cls, plan: Plan) -> Outline:
        return cls(
            plan.name,
            plan.namespace,
            plan.model_name,
            tuple(object_names(plan)),
            tuple(_routes(plan)),
            tuple(identity for identity, *_ in node_ports(plan)),
            any(planned.key.startswith(SELECTING) for planned in plan),
        )


class Entry(NamedTuple):
    """One ModelService of a run: its outline, its document, if any, and a way to its plan."""

    outline: Outline
    document: Document | None
    plan: Callable[[], Plan]

    @classmethod
    def of(cls, plan: Plan) -> Entry:
        """The entry of a plan at hand."""
        first = next(iter(plan), None)
        document = first.child.overlay.document if first else None
        return cls(Outline.of(plan), document, lambda: plan)


def _routes(plan: Plan) -> Iterator[str]:
    """What the plan's route takes from each of its gateways, as text that can be compared."""
    for planned in plan:
        if planned.key != "httpRoute":
            continue
        spec = planned.manifest["spec"]
        matches = [rule.get("matches") for rule in spec.get("rules") or ()]
        for parent in spec.get("parentRefs") or ():
            whole = {
                "group": "gateway.networking.k8s.io",
                "kind": "Gateway",
                "namespace": plan.namespace,
                **parent,
                "hostnames": sorted(spec.get("hostnames") or ()),
                "matches": matches,
            }
            yield json.dumps(whole, sort_keys=True)


def node_ports(plan: Plan) -> Iterator[tuple[NodePort, PlannedObject, FieldPath]]:
    """Every port of nodes that a Service of the plan states, the Service, and the field."""
    for planned in plan:
        if planned.manifest["kind"] != "Service":
            continue
        for number, port in enumerate(planned.manifest.get("spec", {}).get("ports") or ()):
            if isinstance(port, dict) and (wanted := port.get("nodePort")):
                identity = (port.get("protocol") or "TCP", wanted)
                yield identity, planned, PORTS.child(number, "nodePort")
