"""A chart's values as documents of this project."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from msvc_pulumi.api.modelservice import API_VERSION, KIND
from msvc_pulumi.document.emitter import to_yaml
from msvc_pulumi.document.source import Source, parse
from msvc_pulumi.errors import Diagnostic, SpecError
from msvc_pulumi.helmchart.container import PROXY_PORT, SERVER_PORT
from msvc_pulumi.helmchart.defaults import ROLES
from msvc_pulumi.helmchart.model import Model
from msvc_pulumi.helmchart.proxy import has_proxy
from msvc_pulumi.helmchart.role import Role
from msvc_pulumi.helmchart.values import CHART, ChartValues
from msvc_pulumi.rules.names import dns_subdomain

__all__ = ["Conversion", "convert", "full_name"]

LONGEST = 55  # of a name, so that the chart's -prefill fits behind it


@dataclass(frozen=True, slots=True)
class Conversion:
    """What the chart's values become.

    ``beside`` are objects that neither document holds, to be applied as they are; ``warnings`` say
    what could not be carried over.
    """

    model_service: dict[str, Any]
    base_config: dict[str, Any]
    beside: tuple[dict[str, Any], ...]
    warnings: tuple[Diagnostic, ...]


def full_name(values: ChartValues) -> str:
    """What the chart calls its objects, without their role."""
    override = values.text("fullnameOverride")
    name = values.text("nameOverride") or CHART
    release = values.release
    full = override or (release if name in release else f"{release}-{name}")
    return full[:LONGEST].removesuffix("-")


def convert(values: ChartValues, *, name: str = "") -> Conversion:
    """The ModelService and BaseConfig that make the chart's pods.

    Unless ``name`` says another, the ModelService has the chart's own, so that workloads keep
    theirs. Raises SpecError for values that the chart refuses too.
    """
    name = name or full_name(values)
    if problem := dns_subdomain(name):
        key = "fullnameOverride" if values.text("fullnameOverride") else "nameOverride"
        summary = f'no object can have the name "{name}": {problem}'
        values.error("invalid-name", summary, key, help="state another by --name")
    model = Model.of(values)
    _report(values)
    spec: dict[str, Any] = {
        "baseConfigMapRef": {"name": f"{name}-base"},
        "routing": {"modelName": model.name, "ports": _ports(values)},
        "modelArtifacts": model.section(),
    }
    data: dict[str, str] = {}
    beside: list[dict[str, Any]] = []
    for role in (Role(values, name, model) for name in ROLES):
        if not role.exists:
            continue
        spec[role.name], templates = role.split()
        data |= {key: _as_template(value) for key, value in templates.items()}
        beside += role.beside(f"{name}-{role.name}")
    extra = range(len(values.sequence("extraObjects")))
    beside += [_extra_object(values, number) for number in extra]
    if any(item.is_error for item in values.diagnostics.items):
        raise SpecError(values.diagnostics)
    metadata = {"namespace": values.namespace} if values.namespace else {}
    return Conversion(
        {
            "apiVersion": API_VERSION,
            "kind": KIND,
            "metadata": {"name": name, **metadata},
            "spec": spec,
        },
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": f"{name}-base", **metadata},
            "data": data,
        },
        tuple(_placed(item, metadata) for item in beside),
        tuple(values.diagnostics),
    )


def _ports(values: ChartValues) -> list[dict[str, Any]]:
    ports = [{"name": SERVER_PORT, "port": values.number("routing", "servicePort") or 8000}]
    if has_proxy(values):
        target = values.number("routing", "proxy", "targetPort") or 8200
        ports.append({"name": PROXY_PORT, "port": target})
    return ports


def _as_template(section: dict[str, Any]) -> str:
    """A section's YAML text as a template that prints it."""
    return to_yaml(section, sort_keys=False).replace("{{", '{{ "{{" }}')


def _extra_object(values: ChartValues, number: int) -> dict[str, Any]:
    """An object of ``extraObjects``; the chart takes texts of YAML too."""
    value = values.rendered("extraObjects", number)
    if isinstance(value, str):
        documents = parse(Source("extraObjects", value), diagnostics=values.diagnostics)
        value = documents[0].value if documents else None
    if isinstance(value, dict):
        return value
    values.error(
        "invalid-type", "must be an object", "extraObjects", number, help="the chart refuses it too"
    )
    return {}


def _placed(item: dict[str, Any], metadata: dict[str, Any]) -> dict[str, Any]:
    return {**item, "metadata": {**(item.get("metadata") or {}), **metadata}} if metadata else item


def _report(values: ChartValues) -> None:
    """Say what has no counterpart here."""
    if values.text("serviceAccountOverride"):
        values.not_carried(
            "pods run under a ServiceAccount of the ModelService's own",
            "serviceAccountOverride",
            help="bind what the other one may do to it, "
            "or set spec.template.spec.serviceAccountName in the BaseConfig's sections",
        )
    if values.get("requester", "enable"):
        values.not_carried(
            "there is no requester; decode is a workload like prefill",
            "requester",
            "enable",
            help="keep the chart for dual pods",
        )
    if values.get("common"):
        values.not_carried("nothing reads it but the chart's library", "common")
    if values.get("enabled") is False:
        values.not_carried("a ModelService exists or does not", "enabled")
