"""Routing sidecars: whether the pod starts, and whether gateway and endpoint picker reach them.

Facts: the sources of the routing sidecar 0.0.4 to 0.10 (``secure-proxy``, the headers it reads) and
of llm-d's endpoint picker (the headers it writes), and pairs of them that were run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from msvc_pulumi.children.flags import is_routing_sidecar
from msvc_pulumi.children.gocontainer import GoContainer
from msvc_pulumi.children.pickerflags import pickers
from msvc_pulumi.commandline.goprograms import Candidates
from msvc_pulumi.errors import Diagnostic, FieldPath
from msvc_pulumi.plan import Plan, PlannedObject
from msvc_pulumi.rules.finding import Place, advice, items
from msvc_pulumi.rules.places import placed
from msvc_pulumi.rules.workloads import Pods, selected_pods

__all__ = ["endless_init_containers", "sidecar_problems"]

PORT = 8000  # where every release listens unless it is told otherwise
SPEC = FieldPath.of("spec")
PREFILL = ("prefillDeployment", "prefillLeaderWorkerSet")
# The header that names the prefill pod: x-prefiller-url up to these releases, and from them on
# x-prefiller-host-port. Sidecars from 0.2 up to 0.4 read both.
PICKER_WRITES_HOST_PORT = (0, 2)
SIDECAR_READS_HOST_PORT = (0, 2)
SIDECAR_READS_NO_URL = (0, 4)


class Sidecar(NamedTuple):
    """A routing sidecar in the pods of a workload."""

    pod: Pods
    words: GoContainer
    known: Candidates


def endless_init_containers(plan: Plan, pods: Sequence[Pods]) -> Iterator[Diagnostic]:  # noqa: ARG001
    """A warning for every routing sidecar that is an ordinary init container."""
    for pod in pods:
        for number, container in items(pod.spec.get("initContainers")):
            if container.get("restartPolicy") == "Always":
                continue
            if not is_routing_sidecar(container.get("image") or ""):
                continue
            planned, place = pod.workload, pod.at.child("initContainers", number)
            stated = planned.child.merged_from_base(place.child("name")) is None
            remedy = "state restartPolicy: Always, which makes it a sidecar"
            if stated and planned.origin(place).kind == "model service":
                remedy = (
                    "state the container in the BaseConfig with restartPolicy: Always, which "
                    "makes it a sidecar; a ModelService has no such field"
                )
            finding = advice(
                place,
                "sidecar-never-ends",
                f'the init container "{container.get("name", "")}" serves requests and never '
                "ends: the pod waits for it for ever, and its containers do not start",
                remedy,
            )
            yield placed(planned, finding)


def sidecar_problems(plan: Plan, pods: Sequence[Pods]) -> Iterator[Diagnostic]:
    """Warnings of sidecars that answer no request, or never ask a prefill pod."""
    sidecars = [*_sidecars(pods)]
    if not sidecars:
        return
    found = {planned.key: planned for planned in plan}
    for sidecar in sidecars:
        yield from _encrypted(sidecar, plan, found)
    picker = found.get("eppDeployment")
    if picker is not None and any(key in found for key in PREFILL):
        for sidecar in sidecars:
            yield from _generations(sidecar, picker)


def _sidecars(pods: Sequence[Pods]) -> Iterator[Sidecar]:
    for pod in pods:
        for kind in ("initContainers", "containers"):
            for number, container in items(pod.spec.get(kind)):
                if is_routing_sidecar(container.get("image") or ""):
                    here = GoContainer.of(pod.workload.child, pod.at.child(kind, number))
                    if here.known is not None:
                        yield Sidecar(pod, here, here.known)


def _encrypted(
    sidecar: Sidecar, plan: Plan, found: dict[str, PlannedObject]
) -> Iterator[Diagnostic]:
    """A sidecar that speaks TLS where gateways speak HTTP."""
    words = sidecar.words
    stated = words.last("secure-proxy")
    if words.is_open or words.last("configuration", "configuration-file") is not None:
        return
    if not (sidecar.known.is_known and sidecar.known.takes("secure-proxy")):
        return
    if stated is not None and (stated.is_open or not stated.is_on):
        return
    port = words.last("port")
    number = int(port.value) if port is not None and port.value.isdecimal() else PORT
    asking = (
        None if port is not None and port.is_open else _asking(sidecar.pod, number, plan, found)
    )
    if asking is None:
        return
    others: list[tuple[PlannedObject, Place]] = [asking]
    finding = advice(
        sidecar.words.image_place if stated is None else stated.place,
        "sidecar-speaks-tls",
        f"{sidecar.known.title()} serves HTTPS at port {number} unless it is told otherwise, and "
        "gateways ask by HTTP: every request is answered 400",
        "add --secure-proxy=false" if stated is None else "write --secure-proxy=false",
    )
    yield placed(sidecar.pod.workload, finding, others)


def _asking(
    pod: Pods, number: int, plan: Plan, found: dict[str, PlannedObject]
) -> tuple[PlannedObject, Place] | None:
    """What sends a gateway's requests to the pods' port: their pool, or a Service of the route."""
    pool = found.get("inferencePool")
    if pool is not None and selected_pods([pod], pool.manifest):
        one = SPEC.child("targetPortNumber").find(pool.manifest)
        if one == number:
            return pool, (SPEC.child("targetPortNumber"), "the pool's port")
        for index, port in items(SPEC.child("targetPorts").find(pool.manifest)):
            if port.get("number") == number:
                return pool, (SPEC.child("targetPorts", index), "the pool's port")
    names = {reference.get("name") for reference in _backends(found.get("httpRoute"))}
    for planned in plan:
        manifest = planned.manifest
        if manifest["kind"] != "Service" or manifest["metadata"].get("name") not in names:
            continue
        if not selected_pods([pod], manifest):
            continue
        for index, port in items(SPEC.child("ports").find(manifest)):
            target = port.get("targetPort") or port.get("port")
            is_https = "https" in (port.get("appProtocol") or port.get("name") or "")
            if not is_https and _resolved(target, pod) == number:
                return planned, (SPEC.child("ports", index), "the Service's port")
    return None


def _backends(route: PlannedObject | None) -> Iterator[dict[str, Any]]:
    """The Services that the route refers to."""
    if route is None:
        return
    for _, rule in items(SPEC.child("rules").find(route.manifest)):
        for _, reference in items(rule.get("backendRefs")):
            if reference.get("kind", "Service") == "Service":
                yield reference


def _resolved(target: Any, pod: Pods) -> Any:
    """A port's number, also where a container's port of that name has it."""
    if not isinstance(target, str):
        return target
    for kind in ("initContainers", "containers"):
        for _, container in items(pod.spec.get(kind)):
            for _, port in items(container.get("ports")):
                if port.get("name") == target:
                    return port.get("containerPort")
    return None


def _generations(sidecar: Sidecar, picker: PlannedObject) -> Iterator[Diagnostic]:
    """A picker that names the prefill pod in a header that the sidecar does not read."""
    here = next(pickers(picker.child), None)
    if here is None or here.known is None or here.known.program.name != "llm-d":
        return
    writes, reads = here.known, sidecar.known
    if not (writes.is_known and reads.is_known):
        return
    if writes.are_before(PICKER_WRITES_HOST_PORT) and reads.are_since(SIDECAR_READS_NO_URL):
        written, read = "x-prefiller-url", "x-prefiller-host-port"
        remedy = "use llm-d-inference-scheduler v0.2 or later, or llm-d-routing-sidecar v0.3"
    elif writes.are_since(PICKER_WRITES_HOST_PORT) and reads.are_before(SIDECAR_READS_HOST_PORT):
        written, read = "x-prefiller-host-port", "x-prefiller-url"
        remedy = "use llm-d-routing-sidecar v0.2 or later"
    else:
        return
    finding = advice(
        sidecar.words.image_place,
        "prefill-never-asked",
        f"{writes.title()} names the prefill pod in the header {written}, and {reads.title()} "
        f"reads {read} only: requests succeed, and no prefill pod is ever asked",
        remedy,
    )
    label = (here.image_place, "the endpoint picker")
    yield placed(sidecar.pod.workload, finding, [(picker, label)])
