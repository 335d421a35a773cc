"""Counters of the operator in Prometheus' text format, version 0.0.4."""

from __future__ import annotations

import threading
from collections.abc import Callable

__all__ = ["Metrics"]

HELP = {
    "msvc_engine_runs_total": ("counter", "Updates that the engine was started for."),
    "msvc_engine_run_services_total": ("counter", "ModelServices in those updates."),
    "msvc_engine_run_seconds_total": ("counter", "Time that those updates took."),
    "msvc_failures_total": ("counter", "Failed attempts at a ModelService."),
    "msvc_status_writes_total": ("counter", "Statuses that were written."),
}


class Metrics:
    """What has happened since the start; ``gauges`` are asked when they are read. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[str, float] = dict.fromkeys(HELP, 0)
        self.gauges: dict[str, tuple[str, Callable[[], float]]] = {}

    def ran(self, services: int, seconds: float) -> None:
        """The engine has updated so many ModelServices in one run."""
        self._add("msvc_engine_runs_total", 1)
        self._add("msvc_engine_run_services_total", services)
        self._add("msvc_engine_run_seconds_total", seconds)

    def failed(self) -> None:
        """An attempt at a ModelService failed."""
        self._add("msvc_failures_total", 1)

    def reported(self) -> None:
        """A status was written."""
        self._add("msvc_status_writes_total", 1)

    def text(self) -> str:
        """All of them, as Prometheus reads them."""
        with self._lock:
            values = dict(self._values)
        lines = []
        for name, (kind, text) in HELP.items():
            lines += [f"# HELP {name} {text}", f"# TYPE {name} {kind}", f"{name} {values[name]:g}"]
        for series, (text, read) in self.gauges.items():
            name = series.partition("{")[0]
            lines += [f"# HELP {name} {text}", f"# TYPE {name} gauge", f"{series} {read():g}"]
        return "\n".join(lines) + "\n"

    def _add(self, name: str, amount: float) -> None:
        with self._lock:
            self._values[name] += amount
