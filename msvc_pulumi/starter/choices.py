"""What somebody chooses before there are files: `Choices`."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = [
    "AUTOSCALING",
    "GATEWAY",
    "PROMETHEUS",
    "ROUTING",
    "SOURCES",
    "Choices",
    "name_of",
    "source_of",
]

# Where a model is, by the scheme of its URI, with the URI to begin with.
SOURCES = {
    "hf": "hf://ibm-granite/granite-3.3-2b-instruct",
    "oci": "oci://registry.example.com/models/granite-3.3-2b-instruct:1.0::/models/granite",
    "pvc": "pvc://models/granite-3.3-2b-instruct",
}
ROUTING = ("none", "v1alpha2", "v1")
AUTOSCALING = ("none", "hpa", "keda")
GATEWAY = "inference-gateway"
PROMETHEUS = "http://prometheus-server.monitoring:9090"


@dataclass(frozen=True, slots=True)
class Choices:
    """A model and how it is served.

    ``model`` is the URI, ``served_as`` its name in requests; an empty ``size``, ``secret`` or
    ``namespace`` is not stated. ``gpus`` are those of one pod.
    """

    name: str
    model: str
    served_as: str
    gpus: int = 1
    size: str = ""
    secret: str = ""
    prefill: bool = False
    routing: str = "none"
    gateway: str = GATEWAY
    autoscaling: str = "none"
    prometheus: str = PROMETHEUS
    namespace: str = ""

    @property
    def source(self) -> str:
        """Where the model is, one of `SOURCES`."""
        return source_of(self.model)

    @property
    def is_in_hub_layout(self) -> bool:
        """Whether the server is told the model's name on Hugging Face, and not a path."""
        return self.model.partition("://")[0].endswith("hf")

    @property
    def roles(self) -> tuple[str, ...]:
        return ("prefill", "decode") if self.prefill else ("decode",)


def source_of(model: str) -> str:
    """Where the model at a URI is; one of `SOURCES` if its scheme is known."""
    return model.partition("://")[0].partition("+")[0]


def name_of(model: str) -> tuple[str, str]:
    """The name of a ModelService for the model at a URI, and the model's name in requests."""
    scheme, _, rest = model.partition("://")
    if scheme.startswith("oci"):
        rest = rest.partition("::")[0].partition("@")[0]
    *others, last = rest.rstrip("/").split("/")
    if scheme.startswith("oci"):
        last = last.partition(":")[0]
    served_as = "/".join([*others[-1:], last]) if scheme.endswith("hf") else last
    name = re.sub(r"[^a-z0-9]+", "-", last.lower())[:40].strip("-")
    return name or "model", served_as or "model"
