"""The endpoint picker, its pool and its Service: whether they find one another.

Facts: the flags of the Gateway API Inference Extension's endpoint picker, v0.3 to v1.5, and of the
llm-d router's. From v1.0 on it watches pools of ``inference.networking.k8s.io`` unless told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msvc_pulumi.children.gocontainer import Told
from msvc_pulumi.children.inference import OLD_GROUP
from msvc_pulumi.children.pickerflags import GRPC_PORT, flags, grpc_port, leads_to, pickers
from msvc_pulumi.errors import Diagnostic, FieldPath
from msvc_pulumi.plan import Plan, PlannedObject
from msvc_pulumi.rules.finding import advice, required
from msvc_pulumi.rules.places import placed
from msvc_pulumi.rules.workloads import Pods

__all__ = ["picker_problems"]

NAME = FieldPath.of("metadata", "name")
SPEC = FieldPath.of("spec")
PORTS = SPEC.child("ports")
REFERENCES = (SPEC.child("endpointPickerRef"), SPEC.child("extensionRef"))


def picker_problems(plan: Plan, pods: Sequence[Pods]) -> Iterator[Diagnostic]:  # noqa: ARG001
    """Warnings where pool, picker and Service of the plan do not meet."""
    found = {planned.key: planned for planned in plan}
    pool = found.get("inferencePool")
    picker, service = found.get("eppDeployment"), found.get("eppService")
    if pool is None:
        return
    told = flags(picker.child) if picker is not None else {}
    if picker is not None:
        yield from _group(pool, picker, told.get("pool-group"))
    reference = next((path for path in REFERENCES if path.find(pool.manifest)), None)
    if reference is None:
        return
    stated = reference.find(pool.manifest)
    yield from _replaced_name(pool, reference, stated)
    if stated.get("kind", "Service") != "Service":
        return
    if service is not None:
        yield from _port(pool, reference, stated, service, picker, told)
    else:
        if reference == REFERENCES[0] and "port" not in stated:
            remedy = "state the port of the endpoint picker's Service"
            yield placed(pool, required(reference.child("port"), "", remedy))
        yield _no_picker(pool, stated, has_picker=picker is not None)


def _group(pool: PlannedObject, picker: PlannedObject, told: Told | None) -> Iterator[Diagnostic]:
    group = pool.manifest["apiVersion"].partition("/")[0]
    where = [(pool, (FieldPath.of("apiVersion"), f"the pool is one of {group}"))]
    remedy = f"write --pool-group={group}"
    if told is not None:
        if told.value in (group, "") or "$(" in told.value:
            return
        summary = (
            f'the endpoint picker watches InferencePools of "{told.value}", the pool is one of '
            f'"{group}": it is never ready'
        )
        place = told.value_place
    else:
        here = next(pickers(picker.child), None)
        if here is None or here.known is None:
            return
        place = here.image_place
        if group != OLD_GROUP:
            converted = pool.origin(FieldPath.of("apiVersion")).kind == "converted"
            if not converted and here.known.refuses("pool-group"):
                summary = (
                    f'this endpoint picker watches v1alpha2 only, the pool is one of "{group}"'
                )
                remedy = "use llm-d-inference-scheduler v0.3 or later, or a pool of v1alpha2"
                finding = advice(
                    place, "picker-group-mismatch", f"{summary}: it is never ready", remedy
                )
                yield placed(picker, finding, where)
            return
        if not here.known.takes("pool-group"):
            return
        summary = (
            f"this endpoint picker watches InferencePools of v1 unless it is told otherwise, the "
            f'pool is one of "{group}": it is never ready'
        )
        remedy = f"add --pool-group={group}, or use --inference-api v1"
    yield placed(picker, advice(place, "picker-group-mismatch", summary, remedy), where)


def _replaced_name(
    pool: PlannedObject, reference: FieldPath, stated: dict[str, Any]
) -> Iterator[Diagnostic]:
    base = pool.child.base
    theirs = [path.child("name") for path in REFERENCES if base and path.find(base.value)]
    for path in theirs:
        name = path.find(base.value) if base else None
        if base is None or not name or name == stated.get("name"):
            continue
        own = advice(
            reference.child("name"),
            "picker-name-replaced",
            f'the pool refers to "{stated.get("name")}", the Service of this plan\'s endpoint '
            f'picker, and not to "{name}"',
            "write {{ .EPPServiceName }}, or remove the name",
        )
        diagnostic = placed(pool, own)
        yield Diagnostic(
            own.code,
            own.summary,
            diagnostic.severity,
            base.field(path),
            base.span(path),
            help=own.help,
        )


def _port(  # noqa: PLR0917
    pool: PlannedObject,
    reference: FieldPath,
    stated: dict[str, Any],
    service: PlannedObject,
    picker: PlannedObject | None,
    told: Mapping[str, Told],
) -> Iterator[Diagnostic]:
    """The port of the Service that gateways ask, and whether the picker answers behind it."""
    if stated.get("name") != service.manifest["metadata"].get("name"):
        return
    v1 = reference == REFERENCES[0]
    path = reference.child("port", "number") if v1 else reference.child("portNumber")
    number = path.find(pool.manifest)
    default = number is None
    number = GRPC_PORT if number is None else number
    ports = PORTS.find(service.manifest) or []
    if not ports:
        return  # no Service, which is said already
    known = ", ".join(str(port.get("port")) for port in ports)
    here = next((n for n, port in enumerate(ports) if port.get("port") == number), None)
    if here is None:
        said = f"{number}, the default of v1alpha2" if default else str(number)
        finding = advice(
            reference if default else path,
            "picker-port-mismatch",
            f"the pool asks its endpoint picker at port {said}, and the Service has none of that "
            "number: every request fails",
            f"ports of the Service: {known or 'none'}",
        )
        yield placed(pool, finding, [(service, (PORTS, "the Service's ports"))])
        return
    child = picker.child if picker else None
    target, wanted = leads_to(ports[here], child), grpc_port(told)
    if picker is not None and "grpc-port" in told and target != wanted:
        finding = advice(
            PORTS.child(here),
            "picker-port-mismatch",
            f"port {number} of the Service leads to {target or 'no port of the endpoint picker'}, "
            f"which answers gateways at {wanted}: every request fails",
            f"write targetPort: {wanted}",
        )
        yield placed(
            service, finding, [(picker, (told["grpc-port"].value_place, f"listens on {wanted}"))]
        )


def _no_picker(pool: PlannedObject, stated: dict[str, Any], *, has_picker: bool) -> Diagnostic:
    name = stated.get("name", "")
    missing = "eppService" if has_picker else "eppDeployment and no eppService"
    finding = advice(
        SPEC,
        "pool-without-picker",
        f'the pool\'s endpoint picker is the Service "{name}", and the BaseConfig '
        f"has no {missing}: unless somebody else makes it, requests fail",
        f"give the BaseConfig the section{'' if has_picker else 's eppDeployment and'} eppService",
    )
    return placed(pool, finding)
