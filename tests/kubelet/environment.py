"""A container's environment and what is written with ``$(NAME)``, as the kubelet makes them.

Rules: k8s.io/kubernetes/third_party/forked/golang/expansion and the API's documentation of EnvVar.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any

from kubelet.network import API_ADDRESS, API_PORT

__all__ = ["Sources", "UnsupportedError", "environment", "expand", "field_value"]

Object = Mapping[str, Any]
Sources = Callable[[str, str], Object | None]
"""(kind, name) → the ConfigMap or Secret of the pod's namespace, None if there is none."""

_REFERENCE = re.compile(r"\$(?:\$|\(([^()]*)\))")
_KEYED = re.compile(r"metadata\.(labels|annotations)\['(.+)'\]")
SERVICE = {
    "KUBERNETES_SERVICE_HOST": API_ADDRESS,
    "KUBERNETES_SERVICE_PORT": str(API_PORT),
    "KUBERNETES_SERVICE_PORT_HTTPS": str(API_PORT),
    "KUBERNETES_PORT": f"tcp://{API_ADDRESS}:{API_PORT}",
}


class UnsupportedError(Exception):
    """The pod asks for something that this kubelet does not have, or that does not exist."""


def expand(text: str, environment: Mapping[str, str]) -> str:
    """``text`` with the values of variables; unknown ones stay as written, ``$$`` is a dollar."""

    def replaced(match: re.Match[str]) -> str:
        return "$" if match[0] == "$$" else environment.get(match[1], match[0])

    return _REFERENCE.sub(replaced, text)


def environment(
    container: Object, pod: Object, *, address: str, host_address: str, sources: Sources
) -> dict[str, str]:
    """Name → value. Raises UnsupportedError where a value is to be had in no way."""
    pod_name = pod["metadata"]["name"]
    result = {"PATH": "/usr/local/bin:/usr/bin:/bin:/app", "HOSTNAME": pod_name, **SERVICE}
    for source in container.get("envFrom") or ():
        kind = "configMap" if "configMapRef" in source else "secret"
        reference = source[f"{kind}Ref"]
        for key, value in _data(kind, reference, sources).items():
            result[source.get("prefix", "") + key] = value
    for variable in container.get("env") or ():
        found = _value(variable, pod, address, host_address, sources)
        if found is not None:
            stated = "valueFrom" not in variable
            result[variable["name"]] = expand(found, result) if stated else found
    return result


def _value(
    variable: Object, pod: Object, address: str, host_address: str, sources: Sources
) -> str | None:
    origin = variable.get("valueFrom")
    if not origin:
        return str(variable.get("value", ""))
    if "fieldRef" in origin:
        return field_value(origin["fieldRef"]["fieldPath"], pod, address, host_address)
    for kind in ("configMap", "secret"):
        if reference := origin.get(f"{kind}KeyRef"):
            data = _data(kind, reference, sources)
            if reference["key"] in data:
                return data[reference["key"]]
            if reference.get("optional"):
                return None
            raise UnsupportedError(f"{kind} {reference['name']} has no key {reference['key']}")
    raise UnsupportedError(f"env {variable['name']}: valueFrom {', '.join(origin)}")


def _data(kind: str, reference: Object, sources: Sources) -> dict[str, str]:
    found = sources("ConfigMap" if kind == "configMap" else "Secret", reference["name"])
    if found is None:
        if reference.get("optional"):
            return {}
        raise UnsupportedError(f"{kind} {reference['name']} does not exist")
    data: Mapping[str, str] = found.get("data") or {}
    if kind == "secret":
        return {key: base64.b64decode(value).decode() for key, value in data.items()}
    return dict(data)


def field_value(path: str, pod: Object, address: str, host_address: str) -> str:
    """The downward API's value of a field. Raises UnsupportedError for other fields."""
    metadata, spec = pod["metadata"], pod["spec"]
    if keyed := _KEYED.fullmatch(path):
        return str((metadata.get(keyed[1]) or {}).get(keyed[2], ""))
    values = {
        "metadata.name": metadata["name"],
        "metadata.namespace": metadata["namespace"],
        "metadata.uid": metadata["uid"],
        "spec.nodeName": spec.get("nodeName", ""),
        "spec.serviceAccountName": spec.get("serviceAccountName", "default"),
        "status.podIP": address,
        "status.podIPs": address,
        "status.hostIP": host_address,
        "status.hostIPs": host_address,
    }
    if path not in values:
        raise UnsupportedError(f"the field {path}")
    return str(values[path])
