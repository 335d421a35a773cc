"""The chart's routing proxy: a native sidecar of decode pods."""

from __future__ import annotations

from typing import Any

from msvc_pulumi.helmchart.tracing import Tracing
from msvc_pulumi.helmchart.values import ChartValues

__all__ = ["has_proxy", "routing_proxy"]

AT = ("routing", "proxy")
# Values that become options where they are stated, in the chart's order.
OPTIONS = {
    "zapDevel": "zap-devel",
    "zapEncoder": "zap-encoder",
    "zapLogLevel": "zap-log-level",
    "zapStacktraceLevel": "zap-stacktrace-level",
    "zapTimeEncoding": "zap-time-encoding",
    "secure": "secure-proxy",
    "prefillerUseTLS": "prefiller-use-tls",
    "certPath": "cert-path",
}


def has_proxy(values: ChartValues) -> bool:
    """Whether decode pods have the proxy in front of the model server."""
    return values.get(*AT, "enabled") is not False


def routing_proxy(values: ChartValues) -> dict[str, Any]:
    """The proxy's container."""
    image = values.text(*AT, "image")
    if not image:
        values.error("required", "Required value", *AT, "image", help="the chart refuses it too")
    port = values.number("routing", "servicePort") or 8000
    args = [
        f"--port={port}",
        f"--vllm-port={values.number(*AT, 'targetPort') or 8200}",
        f"--connector={values.text(*AT, 'connector') or 'nixlv2'}",
    ]
    stated = values.mapping(*AT)
    args += [
        f"--{option}={values.text(*AT, key)}" for key, option in OPTIONS.items() if key in stated
    ]
    container: dict[str, Any] = {
        "name": "routing-proxy",
        "image": image,
        "imagePullPolicy": values.text(*AT, "imagePullPolicy") or "Always",
        "args": args,
        "ports": [{"containerPort": port}],
        "restartPolicy": "Always",
        "securityContext": {"allowPrivilegeEscalation": False, "runAsNonRoot": True},
    }
    if environment := Tracing(values).environment("proxy"):
        container["env"] = environment
    return container
