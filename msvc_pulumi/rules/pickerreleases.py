"""What an endpoint picker's release makes of its probes and what it is told.

Facts: the sources of the Gateway API Inference Extension v0.3 to v1.5 and of llm-d's picker 0.0.1
to 0.10 (``cmd/epp``: health, flags, shutdown), and what those that were run did.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msvc_pulumi.children.gocontainer import GoContainer, Told
from msvc_pulumi.children.pickerflags import (
    HEALTH_PORT,
    LIVENESS,
    READINESS,
    flags,
    is_of_router,
    is_on,
    pickers,
    stated_port,
)
from msvc_pulumi.children.pickerrights import elects_leader
from msvc_pulumi.errors import Diagnostic, FieldPath
from msvc_pulumi.pattern import pattern
from msvc_pulumi.plan import Plan, PlannedObject
from msvc_pulumi.rules.finding import Finding, advice
from msvc_pulumi.rules.places import placed
from msvc_pulumi.rules.workloads import Pods

__all__ = ["picker_release_problems"]

TEMPLATE = FieldPath.of("spec", "template")
GRACE = TEMPLATE.child("spec", "terminationGracePeriodSeconds")
EXTERNAL_PROCESSOR = "envoy.service.ext_proc.v3.ExternalProcessor"
ONE_NAME_ONLY = (0, 1)  # llm-d-inference-scheduler, before which the health service knew one name
DRAINING = (0, 10)  # llm-d-router, which serves on after SIGTERM
DRAIN_SECONDS = GRACE_SECONDS = 30
UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
ASKING = ("livenessProbe", "startupProbe", "readinessProbe")
SCRAPE = "prometheus.io/scrape"
ROUTERS_KIND, OLD_KIND = "llm-d.ai/v1alpha1", "inference.networking.x-k8s.io/v1alpha1"
_CONFIG = pattern(r"^apiVersion:[ \t]*[\"']?([^\s\"'#]+)", re.MULTILINE)
_DURATION = pattern(r"(\d+(?:\.\d*)?|\.\d+)(h|ms|m|s|us|µs|ns)")


def picker_release_problems(plan: Plan, pods: Sequence[Pods]) -> Iterator[Diagnostic]:  # noqa: ARG001
    """Warnings of what the picker of the plan is not ready for, or not for long."""
    found = {planned.key: planned for planned in plan}
    picker = found.get("eppDeployment")
    if picker is None:
        return
    told = flags(picker.child)
    here = next(pickers(picker.child), None)
    if here is None or here.known is None:
        return
    for finding in (*_probes(here, told), *_grace(picker, here, told)):
        yield placed(picker, finding)
    for holder in (picker, found.get("eppService")):
        if holder is not None:
            yield from (placed(holder, item) for item in _metrics(holder, here, told))
    yield from _configuration(plan, picker, here, told)


def _probes(here: GoContainer, told: Mapping[str, Told]) -> Iterator[Finding]:
    """Probes that ask where nobody answers, or for what a standby never says."""
    known = here.known
    elects = elects_leader(known, told)
    port = stated_port(told, "grpc-health-port", HEALTH_PORT)
    for name in ASKING:
        grpc = (here.container.get(name) or {}).get("grpc")
        if not grpc:
            continue
        at = here.path.child(name, "grpc")
        service = grpc.get("service") or ""
        place = at.child("service") if "service" in grpc else at
        is_open = "grpc-health-port" in told and "$" in told["grpc-health-port"].value
        if grpc.get("port") not in (port, None) and not (is_open or here.is_open):
            yield advice(
                at.child("port"),
                "picker-probe",
                f"the endpoint picker answers probes at port {port}, not at {grpc['port']}: "
                f"{_outcome(name)}",
                f"write port: {port}",
            )
        elif known and known.program.name == "llm-d" and known.are_before(ONE_NAME_ONLY):
            if service != EXTERNAL_PROCESSOR:
                yield advice(
                    place,
                    "picker-probe",
                    f'{known.title()} does not know the service "{service}": {_outcome(name)}',
                    f"write service: {EXTERNAL_PROCESSOR}",
                )
        elif elects and service not in (LIVENESS, READINESS, EXTERNAL_PROCESSOR, ""):
            yield advice(
                place,
                "picker-probe",
                f'with leader election no replica knows the service "{service}": {_outcome(name)}',
                f"write service: {READINESS if name == 'readinessProbe' else LIVENESS}",
            )
        elif elects and name != "readinessProbe" and service != LIVENESS:
            yield advice(
                place,
                "picker-probe",
                f'with leader election only the leader answers to "{service}": the others are '
                "restarted for ever",
                f"write service: {LIVENESS}",
            )


def _outcome(probe: str) -> str:
    return "it is never ready" if probe == "readinessProbe" else "it is restarted for ever"


def _grace(picker: PlannedObject, here: GoContainer, told: Mapping[str, Told]) -> Iterator[Finding]:
    """A picker that is killed before it has served what it still serves after SIGTERM."""
    known = here.known
    if (
        known is None
        or known.program.name != "llm-d"
        or not (known.is_known and known.are_since(DRAINING))
    ):
        return
    drain = _seconds(told["drain-timeout"].value) if "drain-timeout" in told else DRAIN_SECONDS
    stated = GRACE.find(picker.manifest)
    grace = GRACE_SECONDS if stated is None else stated
    if drain is None or drain <= 0 or not isinstance(grace, int) or grace > drain:
        return
    place = GRACE if stated is not None else here.image_place
    yield advice(
        place,
        "picker-grace-period",
        f"{known.title()} serves on for {drain:g} s after SIGTERM, and is killed after {grace} s",
        f"write terminationGracePeriodSeconds: {int(drain) + 15}",
    )


def _seconds(text: str) -> float | None:
    """A duration of Go's in seconds; None for what is none."""
    if text == "0":
        return 0.0
    if len(text) > 40 or not re.fullmatch(r"(?:[\d.]+[a-zµ]+)+", text):
        return None
    return sum(float(number) * UNITS[unit] for number, unit in _DURATION.findall(text))


def _metrics(
    holder: PlannedObject, here: GoContainer, told: Mapping[str, Told]
) -> Iterator[Finding]:
    """Metrics that somebody wants to scrape, and that only known tokens get."""
    known = here.known
    if known is None or not known.is_known or here.is_open:
        return
    if not is_on(told, "metrics-endpoint-auth", default=True):
        return
    optional = known.takes("metrics-endpoint-auth")
    account = TEMPLATE.child("spec", "serviceAccountName").find(here.child.manifest)
    for at in (FieldPath.of("metadata"), TEMPLATE.child("metadata")):
        notes = at.child("annotations").find(holder.manifest) or {}
        if str(notes.get(SCRAPE, "")).lower() != "true":
            continue
        remedy = (
            "bind a ClusterRole that may create tokenreviews and subjectaccessreviews to "
            f'"{account}", and let the scraper send a token of somebody who may get /metrics'
        )
        yield advice(
            at.child("annotations", SCRAPE),
            "picker-metrics-auth",
            "the endpoint picker asks the API server about who wants its metrics, for which no "
            "Role is enough: every scrape is answered 401, or 500",
            f"{remedy}; or add --metrics-endpoint-auth=false" if optional else remedy,
        )


def _configuration(
    plan: Plan, picker: PlannedObject, here: GoContainer, told: Mapping[str, Told]
) -> Iterator[Diagnostic]:
    """A configuration of the llm-d router's kind for a picker that is older."""
    known = here.known
    if known is None or is_of_router(known) or known.is_later:
        return
    if known.program.name == "llm-d" and not known.are_before((0, 9)):
        return
    for planned, place, text in _configurations(plan, picker, told):
        stated = _CONFIG.search(text)
        if stated is None or stated[1] != ROUTERS_KIND or "EndpointPickerConfig" not in text:
            continue
        finding = advice(
            place,
            "picker-config-kind",
            f"{known.title()} does not know EndpointPickerConfig of {ROUTERS_KIND}, and ends",
            f"write apiVersion: {OLD_KIND}, or use llm-d-router v0.9 or later",
        )
        yield placed(planned, finding, [(picker, (here.image_place, "the endpoint picker"))])


def _configurations(
    plan: Plan, picker: PlannedObject, told: Mapping[str, Told]
) -> Iterator[tuple[PlannedObject, FieldPath, str]]:
    if "config-text" in told:
        yield picker, told["config-text"].value_place, told["config-text"].value
    if "config-file" not in told:
        return
    name = told["config-file"].value.rpartition("/")[2]
    for planned in plan:
        if planned.manifest["kind"] == "ConfigMap":
            data: dict[str, Any] = planned.manifest.get("data") or {}
            if isinstance(text := data.get(name), str):
                yield planned, FieldPath.of("data", name), text
