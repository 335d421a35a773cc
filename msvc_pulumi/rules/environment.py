"""Environment variables of a container.

Rules: ``pkg/apis/core/validation/validation.go`` (``ValidateEnv``, ``ValidateEnvFrom``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msvc_pulumi.errors import FieldPath
from msvc_pulumi.rules.finding import Finding, invalid, items, repeated, required, unsupported
from msvc_pulumi.rules.names import config_map_key, dns_subdomain, environment_name

__all__ = ["environment"]

SOURCES = ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef")
FIELDS = (
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
)
RESOURCES = tuple(
    f"{kind}.{name}"
    for kind in ("limits", "requests")
    for name in ("cpu", "memory", "ephemeral-storage")
)
HUGE_PAGES = ("limits.hugepages-", "requests.hugepages-")


def environment(container: dict[str, Any], at: FieldPath) -> Iterator[Finding]:
    if variables := container.get("env"):
        here = at.child("env")
        yield from repeated(variables, here, ("name",))
        for number, variable in items(variables):
            yield from _variable(variable, here.child(number))
    for number, source in items(container.get("envFrom")):
        yield from _source(source, at.child("envFrom", number))


def _variable(variable: dict[str, Any], at: FieldPath) -> Iterator[Finding]:
    name = variable.get("name") or ""
    if not name:
        yield required(at.child("name"))
    elif problem := environment_name(name):
        yield invalid(at.child("name"), name, problem)
    stated = variable.get("valueFrom")
    if stated is None:
        return
    here = at.child("valueFrom")
    chosen = [source for source in SOURCES if stated.get(source) is not None]
    if not chosen:
        known = ", ".join(f"`{source}`" for source in SOURCES[:4])
        yield invalid(here, "", f"must specify one of: {known}")
    elif variable.get("value"):
        other = (at.child("value"), "the value")
        problem = "may not be specified when `value` is not empty"
        yield invalid(here, "", problem, "state value or valueFrom", other)
    elif len(chosen) > 1:
        others = [(here.child(source), "a source") for source in chosen[1:]]
        problem = "may not have more than one field specified at a time"
        yield invalid(here, "", problem, "keep one of them", *others)
    for source in chosen:
        reference, place = stated[source], here.child(source)
        if source in ("configMapKeyRef", "secretKeyRef"):
            yield from _reference(reference, place, "invalid-value")
            yield from _key(reference, place)
        elif source == "fieldRef":
            yield from _field(reference, place)
        elif source == "resourceFieldRef":
            resource = reference.get("resource", "")
            if not resource:
                yield required(place.child("resource"))
            elif resource not in RESOURCES and not resource.startswith(HUGE_PAGES):
                yield unsupported(place.child("resource"), resource, RESOURCES)


def _source(source: dict[str, Any], at: FieldPath) -> Iterator[Finding]:
    chosen = [name for name in ("configMapRef", "secretRef") if source.get(name) is not None]
    if not chosen:
        yield invalid(at, "", "must specify one of: `configMapRef` or `secretRef`")
    elif len(chosen) > 1:
        problem = "may not have more than one field specified at a time"
        yield invalid(at, "", problem, "make two entries of it")
    prefix = source.get("prefix") or ""
    if problem := environment_name(prefix):
        yield invalid(at.child("prefix"), prefix, problem)
    for name in chosen:
        yield from _reference(source[name], at.child(name), "required")


def _reference(reference: dict[str, Any], at: FieldPath, code: str) -> Iterator[Finding]:
    name = reference.get("name") or ""
    remedy = "" if name else "state a name, or remove the reference"
    if not name and code == "required":
        yield required(at.child("name"), "", remedy)
    elif problem := dns_subdomain(name):
        yield invalid(at.child("name"), name, problem, remedy)


def _key(reference: dict[str, Any], at: FieldPath) -> Iterator[Finding]:
    key = reference.get("key") or ""
    if not key:
        yield required(at.child("key"))
    elif problem := config_map_key(key):
        yield invalid(at.child("key"), key, problem)


def _field(reference: dict[str, Any], at: FieldPath) -> Iterator[Finding]:
    path = reference.get("fieldPath") or ""
    if not path:
        yield required(at.child("fieldPath"))
    elif path not in FIELDS and not path.startswith(("metadata.labels[", "metadata.annotations[")):
        yield unsupported(at.child("fieldPath"), path, FIELDS)
