"""What the chart makes of parallelism and accelerators: counts, resources, claims, environment."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from msvc_pulumi.helmchart.values import ChartValues

__all__ = ["Accelerators", "Parallelism"]

SIMULATOR = "llm-d-inference-sim"  # an image that holds this word gets no accelerator


@dataclass(frozen=True, slots=True)
class Parallelism:
    """A role's ``parallelism`` with what the chart works out where a size is missing."""

    tensor: int
    data: int
    data_local: int
    workers: int

    @classmethod
    def of(cls, values: ChartValues, role: str) -> Parallelism:
        at = (role, "parallelism")
        tensor, data, local, workers = (
            values.number(*at, name) for name in ("tensor", "data", "dataLocal", "workers")
        )

        def divided(name: str, by: int) -> int:
            if data % by:
                values.error(
                    "invalid-value",
                    f"Invalid value: {data}: must be a multiple of parallelism.{name}",
                    *(*at, "data"),
                    help="the chart refuses it too",
                )
            return data // by

        return cls(
            tensor=tensor or 1,
            data=data or (local or 1) * (workers if local and workers else 1),
            data_local=local or (divided("workers", workers) if data and workers else data or 1),
            workers=workers or (divided("dataLocal", local) if data and local else 1),
        )

    @property
    def devices(self) -> int:
        """Accelerators of one pod."""
        return self.data_local * self.tensor

    def arguments(self) -> list[str]:
        sizes = (
            ("--tensor-parallel-size", self.tensor),
            ("--data-parallel-size", self.data),
            ("--data-parallel-size-local", self.data_local),
        )
        return [word for option, size in sizes if size > 1 for word in (option, str(size))]

    def environment(self) -> list[dict[str, Any]]:
        sizes = (("DP_SIZE", self.data), ("TP_SIZE", self.tensor))
        named = (*sizes, ("DP_SIZE_LOCAL", self.data_local))
        return [{"name": name, "value": str(size)} for name, size in named]


@dataclass(frozen=True, slots=True)
class Accelerators:
    """The accelerators of one role's pods."""

    values: ChartValues
    role: str
    parallelism: Parallelism

    @property
    def kind(self) -> str:
        own = self.values.mapping(self.role, "accelerator")
        return str(own["type"]) if "type" in own else self._of_all("type") or "nvidia"

    def _of_all(self, name: str) -> str:
        return self.values.text("accelerator", name)

    @property
    def is_claimed(self) -> bool:
        """Whether they are claimed by dynamic allocation, not counted as a resource."""
        own = self.values.mapping(self.role, "accelerator")
        return bool(own["dra"] if "dra" in own else self.values.get("accelerator", "dra"))

    @property
    def _template(self) -> dict[str, Any]:
        return self.values.mapping("accelerator", "resourceClaimTemplates", self.kind)

    def claims(self) -> list[dict[str, Any]]:
        """``resourceClaims`` of the pods."""
        claims = self.values.mappings(self.role, "resourceClaims")
        if not self.is_claimed:
            return claims
        name = str(self._template.get("name") or self.kind)
        claim = f"{name.removesuffix('-claim-template')}-{self.role}-claim"
        own = {"name": claim, "resourceClaimTemplateName": self._template_name}
        return [own, *claims]

    @property
    def _template_name(self) -> str:
        name = self._template.get("name")
        return f"{name}-{self.role}" if name else f"{self.kind}-{self.role}-claim-template"

    def claim_template(self) -> dict[str, Any] | None:
        """The ResourceClaimTemplate that the chart makes beside the workload."""
        template = self._template
        if not self.is_claimed or not template:
            return None
        device: dict[str, Any] = {
            "deviceClassName": template.get("class") or f"gpu.{self.kind}.com",
            "count": template.get("count", self.parallelism.devices),
        }
        if template.get("selectors"):
            device["selectors"] = template["selectors"]
        request = {"name": self.kind, str(template.get("match") or "exactly"): device}
        return {
            "apiVersion": "resource.k8s.io/v1",
            "kind": "ResourceClaimTemplate",
            "metadata": {"name": self._template_name, "labels": {"llm-d.ai/role": self.role}},
            "spec": {"spec": {"devices": {"requests": [request]}}},
        }

    def resources(self, stated: Any, image: str) -> dict[str, Any]:
        """A container's resources with the accelerators it does not state itself."""
        given = stated if isinstance(stated, dict) else {}
        found = {
            kind: deepcopy(given[kind]) if isinstance(given.get(kind), dict) else {}
            for kind in ("limits", "requests")
        }
        name = self._resource(image)
        if not self.is_claimed and name and self.parallelism.devices >= 1:
            for amounts in found.values():
                amounts.setdefault(name, str(self.parallelism.devices))
        result: dict[str, Any] = {kind: amounts for kind, amounts in found.items() if amounts}
        if claims := self.claims():
            result["claims"] = [{"name": claim.get("name")} for claim in claims]
        return result

    def _resource(self, image: str) -> str:
        if self.kind == "cpu" or SIMULATOR in image:
            return ""
        return self.values.text("accelerator", "resources", self.kind) or "nvidia.com/gpu"

    def environment(self) -> list[dict[str, Any]]:
        if self.kind == "cpu":
            return []
        found = self.values.mappings("accelerator", "env", self.kind)
        return [{"name": one.get("name"), "value": str(one.get("value"))} for one in found]
