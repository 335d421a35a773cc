"""One container of the chart: the part for the ModelService and the part for the BaseConfig."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from msvc_pulumi.helmchart.accelerators import Accelerators
from msvc_pulumi.helmchart.model import PLACE, Model
from msvc_pulumi.helmchart.tracing import Tracing
from msvc_pulumi.helmchart.values import ChartValues

__all__ = ["PROXY_PORT", "SERVER_PORT", "Containers", "as_text"]

SERVER_PORT, PROXY_PORT = "app_port", "internal_port"
# Fields that the chart takes as they are, in the order in which it writes them.
PLAIN = ("securityContext", "imagePullPolicy", "livenessProbe", "readinessProbe", "startupProbe")
PLAIN_BEHIND = ("workingDir", "stdin", "tty")
# The chart writes these itself behind extraConfig, so those of extraConfig never count.
OWN = ("env", "resources")


def as_text(argument: Any) -> str:
    """An argument that a template prints as it is."""
    return str(argument).replace("{{", '{{ "{{" }}')


@dataclass(frozen=True, slots=True)
class Containers:
    """How the containers of one role are taken apart."""

    values: ChartValues
    role: str
    model: Model
    accelerators: Accelerators
    tracing: Tracing
    port: str
    """Name of the port that the model server listens on."""

    def split(self, number: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """Container ``number`` of the role: for the ModelService, for the BaseConfig."""
        at = (self.role, "containers", number)
        stated = self.values.mapping(*at)
        extra = self.values.rendered_mapping(*at, "extraConfig")
        name = self.values.text(*at, "name") or "vllm"
        image = str(extra.get("image") or self.values.text(*at, "image"))
        if not image:
            self.values.error(
                "required", "Required value", *at, "image", help="the chart refuses it too"
            )
        mounted = bool(stated.get("mountModelVolume"))
        server: dict[str, Any] = {"name": name, "image": image}
        server.update(self._command(at, extra))
        environment = [
            *self.values.rendered_mappings(*at, "env"),
            *self.accelerators.parallelism.environment(),
            *self.model.environment(mounted=mounted),
            *self.accelerators.environment(),
            *self.tracing.environment(self.role),
        ]
        server["env"] = _last_of_each(environment)
        if resources := self.accelerators.resources(stated.get("resources"), image):
            server["resources"] = resources
        if mounted and self.model.is_mounted_as_here:
            server["mountModelVolume"] = True
        return server, {"name": name, **self._rest(at, stated, extra, mounted=mounted)}

    def _rest(
        self, at: tuple[str | int, ...], stated: dict[str, Any], extra: Any, *, mounted: bool
    ) -> dict[str, Any]:
        own = {*OWN, "name", "image", "command", "args"}
        rest = {key: value for key, value in extra.items() if key not in own}
        rest |= {key: stated[key] for key in PLAIN if stated.get(key)}
        if ports := self.values.rendered_mappings(*at, "ports"):
            rest["ports"] = ports
        mounts = [*self.values.mappings(*at, "volumeMounts")]
        if mounted and not self.model.is_mounted_as_here:
            mounts.append(self.model.mount())
        if mounts:
            rest["volumeMounts"] = mounts
        return rest | {key: stated[key] for key in PLAIN_BEHIND if stated.get(key)}

    def _command(self, at: tuple[str | int, ...], extra: dict[str, Any]) -> dict[str, Any]:
        kind = self.values.text(*at, "modelCommand") or "custom"
        own = [as_text(argument) for argument in self.values.sequence(*at, "args")]
        if kind == "custom":
            return self._custom(at, own, extra)
        if kind not in ("vllmServe", "imageDefault"):
            self.values.error(
                "unsupported-value",
                f'Unsupported value: "{kind}": supported values: "vllmServe", "imageDefault", '
                '"custom"',
                *at,
                "modelCommand",
                help="the chart refuses it too",
            )
        if self.model.scheme == "oci":
            self.values.warning("not-carried-over", PLACE, "modelArtifacts", "uri")
        model = [self.model.argument] if kind == "vllmServe" else ["--model", self.model.argument]
        args = [
            *model,
            *("--port", f'{{{{ "{self.port}" | getPort }}}}'),
            *self.accelerators.parallelism.arguments(),
            *("--served-model-name", "{{ .ModelName }}"),
            *self.tracing.arguments(),
            *own,
        ]
        command = ["vllm", "serve"] if kind == "vllmServe" else extra.get("command")
        return {**({"command": command} if command else {}), "args": args}

    def _custom(
        self, at: tuple[str | int, ...], args: list[str], extra: dict[str, Any]
    ) -> dict[str, Any]:
        command = self.values.sequence(*at, "command")
        if not command:
            self.values.error(
                "required",
                "Required value: a container whose modelCommand is custom has a command",
                *at,
                "command",
                help="the chart refuses it too",
            )
        args = args or [as_text(argument) for argument in _listed(extra.get("args"))]
        words = [str(word) for word in command]
        return {"command": words, **({"args": args} if args else {})}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _last_of_each(environment: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """``environment`` without what a later variable of the same name replaces in a container."""
    found: dict[str, dict[str, Any]] = {}
    for variable in environment:
        name = str(variable.get("name"))
        found.pop(name, None)
        found[name] = variable
    return list(found.values())
