"""Flags that an endpoint picker or routing sidecar no longer takes, or does not take yet.

Which flags a program takes follows from its image. Facts: the flags that the Gateway API Inference
Extension registers at v0.3 to v1.5, and the release notes of llm-d-router v0.10. Images of unknown
name or version are left alone; so is everything that is merely unusual.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from msvc_pulumi.children.child import Child
from msvc_pulumi.commandline.image import SIDECARS, Image
from msvc_pulumi.errors import Diagnostic, FieldPath
from msvc_pulumi.pattern import pattern

__all__ = [
    "KEBAB_CASE",
    "Release",
    "containers",
    "endpoint_picker",
    "flag_warnings",
    "is_routing_sidecar",
]

Version = tuple[int, int]

KEBAB_CASE: Version = (1, 0)  # the Inference Extension that spelled its flags --pool-name
ROUTER: Version = (1, 6)  # llm-d-router v0.10, which took the endpoint picker over after v1.5
SIDECAR: Version = (0, 10)
RETIRED: Version = (0, 0)  # llm-d-routing-sidecar in all its versions
SUCCESSOR: Version = (0, 1)  # before any version of llm-d-router-disagg-sidecar

# Releases of llm-d's endpoint picker by the release of the Inference Extension they are built on.
SCHEDULERS: dict[Version, Version] = {
    (0, 0): (0, 3),
    (0, 1): (0, 4),
    (0, 2): (0, 5),
    (0, 3): (1, 0),
    (0, 4): (1, 2),
    (0, 5): (1, 3),
    (0, 6): (1, 3),
    (0, 7): (1, 4),
    (0, 8): (1, 5),
    (0, 9): (1, 5),
}
CAMEL_CASE = (
    "poolName",
    "poolNamespace",
    "grpcPort",
    "grpcHealthPort",
    "metricsPort",
    "refreshMetricsInterval",
    "refreshPrometheusMetricsInterval",
    "secureServing",
    "certPath",
    "totalQueuedRequestsMetric",
    "kvCacheUsagePercentageMetric",
    "loraInfoMetric",
    "configFile",
    "configText",
    "healthChecking",
    "enablePprof",
    "modelServerMetricsPort",
    "modelServerMetricsPath",
    "modelServerMetricsScheme",
    "modelServerMetricsHttpsInsecureSkipVerify",
)
HINTS = ("destinationEndpointHintKey", "destinationEndpointHintMetadataNamespace")
SCRAPING = ("port", "path", "scheme", "https-insecure-skip-verify")
METRICS = ("total-queued-requests", "kv-cache-usage-percentage", "lora-info", "cache-info")
OBSOLETE_VARIABLE = pattern(r"PD_ENABLED|PD_PROMPT_LEN_THRESHOLD|[A-Z_]+_SCORER(_WEIGHT)?")
WORKLOADS = frozenset({"Deployment", "LeaderWorkerSet"})
TEMPLATE = FieldPath.of("spec", "template")
WORKER = FieldPath.of("spec", "leaderWorkerTemplate", "workerTemplate")
LEADER = FieldPath.of("spec", "leaderWorkerTemplate", "leaderTemplate")
_TAG = re.compile(r"v?(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class Release:
    """A known program and its version; an endpoint picker's is that of the Inference Extension.

    ``of_router`` is set where the llm-d router is the source: since it took InferenceObjective and
    InferenceModelRewrite over, its endpoint picker looks for them in llm-d's API group first.
    """

    program: str
    version: Version
    of_router: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to a flag in ``version``; ``instead`` says what to write now."""

    what: Literal["renamed", "removed", "deprecated"]
    version: Version
    instead: str


def _kebab(name: str) -> str:
    return re.sub(r"([A-Z])", r"-\1", name).lower()


ENDPOINT_PICKER = "endpoint picker"
ROUTING_SIDECAR = "routing sidecar"
CHANGES: dict[str, dict[str, Change]] = {
    ENDPOINT_PICKER: {
        **{name: Change("renamed", KEBAB_CASE, f"--{_kebab(name)}") for name in CAMEL_CASE},
        **{name: Change("removed", KEBAB_CASE, "") for name in HINTS},
        **{
            f"model-server-metrics-{name}": Change(
                "removed", ROUTER, "parameters of the metrics-data-source plugin"
            )
            for name in SCRAPING
        },
        **{
            f"{name}-metric": Change("deprecated", ROUTER, "engineConfigs of the configuration")
            for name in METRICS
        },
    },
    ROUTING_SIDECAR: {
        "connector": Change("renamed", SIDECAR, "--kv-connector"),
        "prefiller-use-tls": Change("renamed", SIDECAR, "--enable-tls=prefiller"),
        "decoder-use-tls": Change("renamed", SIDECAR, "--enable-tls=decoder"),
        "prefiller-tls-insecure-skip-verify": Change(
            "renamed", SIDECAR, "--tls-insecure-skip-verify=prefiller"
        ),
        "decoder-tls-insecure-skip-verify": Change(
            "renamed", SIDECAR, "--tls-insecure-skip-verify=decoder"
        ),
        "vllm-port": Change("deprecated", SIDECAR, "--model-server-port"),
    },
}
# Spellings that came with a release, by what to write before it.
NEW: dict[str, dict[str, tuple[Version, str]]] = {
    ENDPOINT_PICKER: {
        **{_kebab(name): (KEBAB_CASE, f"-{name}") for name in CAMEL_CASE if _kebab(name) != name},
        "pool-group": (KEBAB_CASE, ""),
        "ha-enable-leader-election": (KEBAB_CASE, ""),
    },
    ROUTING_SIDECAR: {
        "kv-connector": (SUCCESSOR, "-connector"),
        "model-server-port": (SUCCESSOR, "-vllm-port"),
    },
}


def release(image: str) -> Release | None:
    """The program in ``image``, if its name and version are known.

    A router image of another tag than a version (main, latest) is taken for the newest.
    """
    name, tag = Image.of(image)
    match = _TAG.match(tag)
    version = (int(match[1]), int(match[2])) if match else None
    if name == "llm-d-router-endpoint-picker":
        picker = SCHEDULERS.get(version or SIDECAR, ROUTER)
        return Release(ENDPOINT_PICKER, picker, of_router=True)
    if name == "llm-d-router-disagg-sidecar":
        return Release(ROUTING_SIDECAR, version or SIDECAR)
    if version is None:
        return None
    if name == "llm-d-inference-scheduler":
        known = SCHEDULERS.get(version)
        return Release(ENDPOINT_PICKER, known) if known else None
    if name == "epp":
        return Release(ENDPOINT_PICKER, version)
    return Release(ROUTING_SIDECAR, RETIRED) if name == "llm-d-routing-sidecar" else None


def is_routing_sidecar(image: str) -> bool:
    """Whether the image is llm-d's routing sidecar, from any registry and of any version."""
    return Image.of(image).name in SIDECARS


def endpoint_picker(child: Child) -> Iterator[tuple[FieldPath, Release]]:
    """The containers of ``child`` that run a known endpoint picker, and which release."""
    for path in containers(child):
        known = release(child.get(path.child("image")) or "")
        if known is not None and known.program == ENDPOINT_PICKER:
            yield path, known


def flag_warnings(children: Sequence[Child]) -> Iterator[Diagnostic]:
    """A warning for every flag and variable that its program's release does not take."""
    for child in children:
        for path in containers(child):
            known = release(child.get(path.child("image")) or "")
            if known is None:
                continue
            for number, argument in enumerate(child.get(path.child("args")) or []):
                place = path.child("args", number)
                yield from _argument(child, place, argument, known)
            yield from _variables(child, path, known)


def containers(child: Child) -> Iterator[FieldPath]:
    """Where the containers of ``child``'s pods are, initial ones first."""
    spec = child.manifest.get("spec")
    if child.kind.kind not in WORKLOADS or not isinstance(spec, dict):
        return
    group = spec.get("leaderWorkerTemplate")
    for holder, at in ((spec, TEMPLATE), (group, WORKER), (group, LEADER)):
        template = holder.get(str(at[-1])) if isinstance(holder, dict) else None
        pod = template.get("spec") if isinstance(template, dict) else None
        if not isinstance(pod, dict):
            continue
        for name in ("initContainers", "containers"):
            if isinstance(found := pod.get(name), list):
                below = at.child("spec", name)
                yield from (below.child(number) for number in range(len(found)))


def _argument(
    child: Child, place: FieldPath, argument: str, known: Release
) -> Iterator[Diagnostic]:
    if not argument.startswith("-"):
        return
    name = argument.lstrip("-").partition("=")[0]
    change = CHANGES[known.program].get(name)
    if change is not None and known.version >= change.version:
        flag = argument.partition("=")[0]
        yield child.warning(
            f"{change.what}-flag",
            f"{flag} was {change.what} in {_named(change.version)}",
            place,
            f"write {change.instead}" if change.instead else "remove it",
        )
    new = NEW[known.program].get(name)
    if new is not None and known.version < new[0]:
        yield child.warning(
            "unknown-flag",
            f"--{name} is not known before {_named(new[0])}, and the image is older",
            place,
            f"write {new[1]}, or use a newer image" if new[1] else "use a newer image",
        )


def _variables(child: Child, container: FieldPath, known: Release) -> Iterator[Diagnostic]:
    if known.program != ENDPOINT_PICKER or known.version < KEBAB_CASE:
        return
    for number, variable in enumerate(child.get(container.child("env")) or []):
        if OBSOLETE_VARIABLE.fullmatch(variable.get("name", "")):
            yield child.warning(
                "obsolete-variable",
                f"{variable['name']} is not read since {_named(KEBAB_CASE)}",
                container.child("env", number),
                "name the plugins and profiles in an EndpointPickerConfig, given by --config-file",
            )


def _named(version: Version) -> str:
    if version == SUCCESSOR:
        return "llm-d-router-disagg-sidecar"
    if version in (SIDECAR, ROUTER):
        return "llm-d-router v0.10"
    return f"v{version[0]}.{version[1]} of the Inference Extension"
