"""The chart's model: what its URI gives for arguments, environment, volume and mount."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from msvc_pulumi.artifacts import MODEL_VOLUME_NAME, MOUNT_PATH
from msvc_pulumi.document.source import Source, parse
from msvc_pulumi.errors import Diagnostics
from msvc_pulumi.helmchart.values import ChartValues

__all__ = ["Model"]

AT = "modelArtifacts"
# A claim that is written to; the ModelService's own volume of it stays read-only.
WRITABLE = f"{MODEL_VOLUME_NAME}-writable"
PLACE = "an oci:// model has no argument in the chart; it is read from where it is mounted"


@dataclass(frozen=True)
class Model:
    """``modelArtifacts`` of the values.

    Where the model is mounted as a ModelService mounts it, `is_mounted_as_here`, the ModelService
    says so; elsewhere volume, mount and environment are written out as the chart has them.
    """

    values: ChartValues
    name: str
    scheme: str
    rest: str
    mount_path: str
    read_only: bool
    secret: str

    @classmethod
    def of(cls, values: ChartValues) -> Model:
        uri = str(values.rendered(AT, "uri") or "")
        scheme, separator, rest = uri.partition("://")
        if not separator or scheme not in ("hf", "pvc", "pvc+hf", "oci"):
            values.error(
                "unsupported-uri",
                f'Invalid value: "{uri}": must begin with hf://, pvc://, pvc+hf:// or oci://',
                AT,
                "uri",
                help="the chart knows these four",
            )
        # The chart writes it into YAML as it is: quotes in it are YAML's there.
        rest = _unquoted(rest)
        return cls(
            values,
            values.text(AT, "name"),
            scheme,
            rest,
            values.text(AT, "mountPath") or MOUNT_PATH,
            values.get(AT, "readOnly") is not False,
            values.text(AT, "authSecretName"),
        )

    @property
    def _parts(self) -> list[str]:
        """Of a claim, its name and the path in it."""
        return self.rest.split("/")

    @property
    def _pull_policy(self) -> str:
        return self.values.text(AT, "imagePullPolicy") or "Always"

    @property
    def uri(self) -> str:
        return f"{self.scheme}://{self.rest}"

    @cached_property
    def is_mounted_as_here(self) -> bool:
        return self.mount_path.rstrip("/") == MOUNT_PATH and self._volume_name != WRITABLE

    @property
    def argument(self) -> str:
        """The model as an argument of its server: a template of a ModelService's args."""
        if self.scheme in ("hf", "pvc+hf"):
            return "{{ .HFModelName }}"
        if self.is_mounted_as_here:
            return "{{ .MountedModelPath }}"
        if self.scheme == "oci":
            return self.mount_path
        return "/".join((self.mount_path, *self._parts[1:]))

    def section(self) -> dict[str, Any]:
        """``spec.modelArtifacts`` of the ModelService."""
        section: dict[str, Any] = {"uri": self.uri}
        if self.scheme == "hf" and self.values.get(AT, "size") is not None:
            section["size"] = self.values.get(AT, "size")
        if self.scheme in ("hf", "pvc+hf") and self.secret:
            section["authSecretName"] = self.secret
        if self.scheme == "oci":
            section["pullPolicy"] = self._pull_policy
        return section

    def environment(self, *, mounted: bool) -> list[dict[str, Any]]:
        """What a container is told of the model, beyond what a ModelService's mount tells it."""
        by_mount = mounted and self.is_mounted_as_here
        found: list[dict[str, Any]] = []
        if mounted and not by_mount and self.scheme == "hf":
            found.append({"name": "HF_HOME", "value": self.mount_path})
        if mounted and not by_mount and self.scheme == "pvc+hf":
            # The chart puts the cache there whatever mountPath says.
            cache = "/".join((MOUNT_PATH, *self._parts[1:-2]))
            found.append({"name": "HF_HUB_CACHE", "value": cache})
        if self.secret and not (by_mount and self.scheme in ("hf", "pvc+hf")):
            reference = {"secretKeyRef": {"name": self.secret, "key": "HF_TOKEN"}}
            found.append({"name": "HF_TOKEN", "valueFrom": reference})
        return found

    def volume(self) -> dict[str, Any]:
        """The pod's volume, where the ModelService does not make it."""
        source: dict[str, Any]
        if self.scheme == "hf":
            source = {"emptyDir": {"sizeLimit": self.values.text(AT, "size") or "0"}}
        elif self.scheme == "oci":
            source = {"image": {"reference": self.rest, "pullPolicy": self._pull_policy}}
        else:
            claim = {"claimName": self._parts[0], "readOnly": self.read_only}
            source = {"persistentVolumeClaim": claim}
        return {"name": self._volume_name, **source}

    @property
    def _volume_name(self) -> str:
        writes = self.scheme.startswith("pvc") and not self.read_only
        return WRITABLE if writes else MODEL_VOLUME_NAME

    def mount(self) -> dict[str, Any]:
        """The container's mount, where the ModelService does not make it."""
        mount: dict[str, Any] = {"name": self._volume_name, "mountPath": self.mount_path}
        if self.scheme == "oci":
            return {**mount, "readOnly": True}
        return {**mount, "readOnly": self.read_only} if self.scheme != "hf" else mount


def _unquoted(text: str) -> str:
    if text[:1] not in ("'", '"'):
        return text
    documents = parse(Source("uri", text), diagnostics=Diagnostics())
    value = documents[0].value if documents else text
    return value if isinstance(value, str) else text
