"""The chart's tracing: arguments and environment of model servers and of the routing proxy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from msvc_pulumi.helmchart.values import ChartValues

__all__ = ["Tracing"]

NAMES = {"decode": "vllmDecode", "prefill": "vllmPrefill", "proxy": "routingProxy"}


@dataclass(frozen=True, slots=True)
class Tracing:
    """``tracing`` of the values; nothing where it is not enabled."""

    values: ChartValues

    def environment(self, who: str) -> list[dict[str, Any]]:
        """Variables for the containers of ``who``: decode, prefill or proxy."""
        if not self.values.get("tracing", "enabled"):
            return []
        variables = {
            "OTEL_SERVICE_NAME": self.values.text("tracing", "serviceNames", NAMES[who]),
            "OTEL_EXPORTER_OTLP_ENDPOINT": self.values.text("tracing", "otlpEndpoint"),
            "OTEL_TRACES_EXPORTER": "otlp",
            "OTEL_TRACES_SAMPLER": self.values.text("tracing", "sampling", "sampler"),
            "OTEL_TRACES_SAMPLER_ARG": self.values.text("tracing", "sampling", "samplerArg"),
        }
        return [{"name": name, "value": value} for name, value in variables.items()]

    def arguments(self) -> list[str]:
        """Arguments of a model server whose command line the chart writes."""
        if not self.values.get("tracing", "enabled"):
            return []
        return [
            *("--otlp-traces-endpoint", self.values.text("tracing", "otlpEndpoint")),
            *(
                "--collect-detailed-traces",
                self.values.text("tracing", "vllm", "collectDetailedTraces"),
            ),
        ]
