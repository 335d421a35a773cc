"""Probes, and what runs at the start and end of a container.

Rules: ``pkg/apis/core/validation/validation.go`` (``validateProbe``, ``validateHandler``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msvc_pulumi.errors import FieldPath
from msvc_pulumi.rules.finding import (
    Finding,
    advice,
    forbidden,
    invalid,
    required,
    unsupported,
)
from msvc_pulumi.rules.names import port_name, port_number

__all__ = ["PROBES", "lifecycle", "probes"]

PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc", "sleep")
SECONDS = (
    "initialDelaySeconds",
    "timeoutSeconds",
    "periodSeconds",
    "successThreshold",
    "failureThreshold",
)
SCHEMES = ("HTTP", "HTTPS")


def probes(container: dict[str, Any], at: FieldPath) -> Iterator[Finding]:
    """The container's three probes."""
    for name in PROBES:
        probe = container.get(name)
        if probe is None:
            continue
        here = at.child(name)
        yield from _handler(probe, here, container)
        for field in SECONDS:
            if probe.get(field, 0) < 0:
                yield invalid(here.child(field), probe[field], "must be non-negative")
        # 0 is none stated: the API server fills in 1.
        if name != "readinessProbe" and probe.get("successThreshold", 1) not in (0, 1):
            place = here.child("successThreshold")
            yield invalid(place, probe["successThreshold"], "must be 1", "remove it")
        grace = probe.get("terminationGracePeriodSeconds")
        if grace is not None:
            place = here.child("terminationGracePeriodSeconds")
            if name == "readinessProbe":
                yield invalid(place, grace, "must not be set for readinessProbes")
            elif grace <= 0:
                yield invalid(place, grace, "must be greater than 0")


def lifecycle(container: dict[str, Any], at: FieldPath, grace: int) -> Iterator[Finding]:
    """What runs before and after; ``grace`` is the pod's terminationGracePeriodSeconds."""
    for name in ("postStart", "preStop"):
        handler = (container.get("lifecycle") or {}).get(name)
        if handler is not None:
            here = at.child("lifecycle", name)
            yield from _handler(handler, here, container)
            seconds = (handler.get("sleep") or {}).get("seconds", 0)
            if not 0 <= seconds <= grace:
                problem = (
                    f"must be non-negative and less than terminationGracePeriodSeconds ({grace})"
                )
                remedy = "state a longer terminationGracePeriodSeconds"
                yield invalid(here.child("sleep"), seconds, problem, remedy)


def _handler(stated: dict[str, Any], at: FieldPath, container: dict[str, Any]) -> Iterator[Finding]:
    chosen = [name for name in HANDLERS if stated.get(name) is not None]
    if not chosen:
        yield required(at, "must specify a handler type")
        return
    for name in chosen[1:]:
        first = (at.child(chosen[0]), "the other handler")
        yield forbidden(
            at.child(name), "may not specify more than 1 handler type", "remove one", first
        )
    name = chosen[0]
    action, here = stated[name], at.child(name)
    if name == "exec" and not action.get("command"):
        yield required(here.child("command"))
    if name in ("httpGet", "tcpSocket", "grpc"):
        yield from _port(action.get("port"), here.child("port"), container, named=name != "grpc")
    if name == "httpGet" and action.get("scheme") not in (None, "", *SCHEMES):
        yield unsupported(here.child("scheme"), action["scheme"], SCHEMES)


def _port(port: Any, at: FieldPath, container: dict[str, Any], *, named: bool) -> Iterator[Finding]:
    if isinstance(port, str) and named:
        if problem := port_name(port):
            yield invalid(at, port, problem)
            return
        known = [entry.get("name") for entry in container.get("ports") or ()]
        if port not in known:
            stated = ", ".join(f'"{name}"' for name in known if name) or "none"
            yield advice(
                at,
                "unknown-port",
                f'the container has no port "{port}": the probe fails for ever',
                f"its named ports: {stated}",
            )
    elif problem := port_number(port or 0):
        yield invalid(at, port or 0, problem, "state the port that the container listens on")
