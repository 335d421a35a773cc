"""From an HTTPRoute to the picker of the pool that it points at, as gateways follow it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from msvc_pulumi.cluster import Cluster

__all__ = ["Backend", "RouteError", "backend_of", "resolve"]

VERSIONS = {
    "inference.networking.x-k8s.io": "v1alpha2",
    "inference.networking.k8s.io": "v1",
}
DEFAULT_PICKER_PORT = 9002
Object = Mapping[str, Any]


class RouteError(Exception):
    """A request would not get through; the text says where it stops."""


@dataclass(frozen=True, slots=True)
class Backend:
    """Where requests for a path go."""

    pool: Object
    pickers: tuple[tuple[str, int], ...]
    """Addresses of endpoint pickers that are ready."""


def resolve(cluster: Cluster, namespace: str, route: str, path: str) -> Backend:
    """Raises RouteError where a reference leads nowhere or no picker is ready."""
    found = cluster.get("gateway.networking.k8s.io/v1", "HTTPRoute", route, namespace)
    if found is None:
        raise RouteError(f"there is no HTTPRoute {route}")
    reference = backend_of(found, path)
    group = reference.get("group", "")
    if group not in VERSIONS or reference["kind"] != "InferencePool":
        raise RouteError(f"HTTPRoute {route} points at a {reference.get('kind', 'Service')}")
    version = f"{group}/{VERSIONS[group]}"
    pool = cluster.get(version, "InferencePool", reference["name"], namespace)
    if pool is None:
        raise RouteError(f"there is no InferencePool {reference['name']} of {version}")
    return Backend(pool, _pickers(cluster, namespace, pool))


def backend_of(route: Object, path: str) -> Object:
    """The reference of the rule whose match is the longest; the first where several weigh alike."""
    matching: list[tuple[int, int, Object]] = []
    for number, rule in enumerate(route["spec"].get("rules") or ()):
        for match in rule.get("matches") or [{}]:
            stated = match.get("path") or {"type": "PathPrefix", "value": "/"}
            if set(match) - {"path"} or stated["type"] not in ("PathPrefix", "Exact"):
                raise RouteError(f"this gateway cannot match {match}")
            if _matches(stated, path):
                matching.append((-len(stated["value"]), number, rule))
    for _, _, rule in sorted(matching, key=lambda each: each[:2]):
        for reference in rule.get("backendRefs") or ():
            if reference.get("weight", 1):
                return dict(reference)
    raise RouteError(f"no rule of the HTTPRoute takes {path}")


def _matches(stated: Object, path: str) -> bool:
    value = stated["value"]
    if stated["type"] == "Exact":
        return bool(path == value)
    return path == value or path.startswith(value.rstrip("/") + "/")


def _pickers(cluster: Cluster, namespace: str, pool: Object) -> tuple[tuple[str, int], ...]:
    spec = pool["spec"]
    reference = spec.get("endpointPickerRef") or spec.get("extensionRef") or {}
    if "name" not in reference:
        raise RouteError("the InferencePool names no endpoint picker")
    port = (reference.get("port") or {}).get("number") or reference.get("portNumber")
    service = cluster.get("v1", "Service", reference["name"], namespace)
    if service is None:
        raise RouteError(f"there is no Service {reference['name']}")
    number = port or DEFAULT_PICKER_PORT
    name = next(
        (each.get("name", "") for each in service["spec"]["ports"] if each["port"] == number), None
    )
    if name is None:
        raise RouteError(f"Service {reference['name']} has no port {number}")
    labels = f"kubernetes.io/service-name={reference['name']}"
    slices, _ = cluster.list("discovery.k8s.io/v1", "EndpointSlice", namespace, labels=labels)
    ready = tuple(address for each in slices for address in _ready(each, name))
    if not ready:
        raise RouteError(f"Service {reference['name']} has no endpoint that is ready")
    return ready


def _ready(endpoints: Object, port_name: str) -> Iterator[tuple[str, int]]:
    ports = [each["port"] for each in endpoints["ports"] if (each.get("name") or "") == port_name]
    for endpoint in endpoints.get("endpoints") or ():
        if endpoint["conditions"].get("ready"):
            for port in ports:
                yield endpoint["addresses"][0], port
