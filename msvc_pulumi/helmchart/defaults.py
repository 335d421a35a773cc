"""What the chart takes where its values say nothing (v0.4.12)."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

__all__ = ["DEPRECATED", "ROLES", "defaults", "names_below"]

ROLES = ("decode", "prefill")

_SPAWN = {"name": "VLLM_WORKER_MULTIPROC_METHOD", "value": "spawn"}

_ACCELERATOR: dict[str, Any] = {
    "type": "nvidia",
    "dra": False,
    "resources": {
        "nvidia": "nvidia.com/gpu",
        "intel-i915": "gpu.intel.com/i915",
        "intel-xe": "gpu.intel.com/xe",
        "intel-gaudi": "habana.ai/gaudi",
        "amd": "amd.com/gpu",
        "google": "google.com/tpu",
        "rebellions-atom": "rebellions.ai/ATOM",
    },
    "env": {
        "intel-i915": [
            {"name": "VLLM_USE_V1", "value": "1"},
            {"name": "TORCH_LLM_ALLREDUCE", "value": "1"},
            _SPAWN,
        ],
        "intel-xe": [_SPAWN],
    },
    "resourceClaimTemplates": {
        kind: {"name": f"{name}-claim-template", "class": device_class, "match": "exactly"}
        for kind, name, device_class in (
            ("nvidia", "nvidia", "gpu.nvidia.com"),
            ("intel", "intel", "gpu.intel.com"),
            ("intel-i915", "intel", "gpu.intel.com"),
            ("intel-xe", "intel", "gpu.intel.com"),
            ("intel-gaudi", "intel-gaudi", "gaudi.intel.com"),
            ("amd", "amd", "gpu.amd.com"),
            ("google", "google", "tpu.google.com"),
        )
    },
}

_ROLE: dict[str, Any] = {
    "create": True,
    "autoscaling": {"enabled": False},
    "replicas": 1,
    "nodeSelector": {},
    "parallelism": {"tensor": 1, "data": 1, "dataLocal": 1, "workers": 1},
    "resourceClaims": [],
    "containers": [
        {
            "name": "vllm",
            "image": "ghcr.io/llm-d/llm-d-inference-sim:latest",
            "modelCommand": "imageDefault",
            "mountModelVolume": True,
            "volumeMounts": [{"name": "metrics-volume", "mountPath": "/.config"}],
        }
    ],
    "volumes": [{"name": "metrics-volume", "emptyDir": {}}],
    "initContainers": [],
    "acceleratorTypes": {"labelKey": "", "labelValues": []},
    "monitoring": {
        "podmonitor": {
            "enabled": False,
            "portName": "metrics",
            "path": "/metrics",
            "interval": "30s",
            "labels": {},
            "annotations": {},
            "relabelings": [],
            "metricRelabelings": [],
        }
    },
}

_DEFAULTS: dict[str, Any] = {
    "common": {},
    "enabled": True,
    "fullnameOverride": "",
    "serviceAccountOverride": "",
    "tracing": {
        "enabled": False,
        "otlpEndpoint": "http://otel-collector:4317",
        "sampling": {"sampler": "parentbased_traceidratio", "samplerArg": "1.0"},
        "serviceNames": {
            "vllmDecode": "vllm-decode",
            "vllmPrefill": "vllm-prefill",
            "routingProxy": "routing-proxy",
        },
        "vllm": {"collectDetailedTraces": "all"},
    },
    "modelArtifacts": {
        "name": "random/model",
        "labels": {"llm-d.ai/inference-serving": "true"},
        "uri": "hf://{{ .Values.modelArtifacts.name }}",
        "size": "5Mi",
        "authSecretName": "",
        "mountPath": "/model-cache",
        "readOnly": True,
    },
    "multinode": False,
    "accelerator": _ACCELERATOR,
    "requester": {"enable": False},
    "routing": {
        "servicePort": 8000,
        "proxy": {
            "enabled": True,
            "image": "ghcr.io/llm-d/llm-d-routing-sidecar:latest",
            "imagePullPolicy": "Always",
            "targetPort": 8200,
            "connector": "nixlv2",
            "secure": False,
            "zapEncoder": "json",
            "zapLogLevel": "debug",
        },
    },
    "decode": _ROLE,
    "prefill": {**_ROLE, "replicas": 0},
    "extraObjects": [],
}

_ROLE_NAMES = frozenset(
    {
        *_ROLE,
        *("accelerator", "annotations", "enableServiceLinks", "extraConfig", "hostIPC", "hostPID"),
        *("imagePullSecrets", "podAnnotations", "podSecurityContext", "priorityClassName"),
        *("schedulerName", "strategy", "subGroupExclusiveTopology", "subGroupPolicy"),
        *("terminationGracePeriodSeconds", "tolerations"),
    }
)
_CONTAINER_NAMES = frozenset(
    {
        *("name", "image", "modelCommand", "command", "args", "env", "imagePullPolicy", "ports"),
        *("resources", "mountModelVolume", "volumeMounts", "extraConfig", "securityContext"),
        *("livenessProbe", "readinessProbe", "startupProbe", "workingDir", "stdin", "tty"),
    }
)
_PROXY_NAMES = frozenset(
    {
        *_DEFAULTS["routing"]["proxy"],
        *("prefillerUseTLS", "certPath", "zapDevel", "zapStacktraceLevel", "zapTimeEncoding"),
    }
)

# Names that the chart knows, by the path of the mapping they stand in; * is a list's place.
_NAMES: dict[tuple[str, ...], frozenset[str]] = {
    (): frozenset({*_DEFAULTS, "schedulerName", "nameOverride", "global"}),
    ("modelArtifacts",): frozenset({*_DEFAULTS["modelArtifacts"], "imagePullPolicy"}),
    ("routing",): frozenset({"servicePort", "proxy"}),
    ("routing", "proxy"): _PROXY_NAMES,
    ("accelerator",): frozenset(_ACCELERATOR),
    **{(role,): _ROLE_NAMES for role in ROLES},
    **{(role, "containers", "*"): _CONTAINER_NAMES for role in ROLES},
    **{(role, "parallelism"): frozenset(_ROLE["parallelism"]) for role in ROLES},
    **{(role, "accelerator"): frozenset({"type", "dra"}) for role in ROLES},
    **{(role, "acceleratorTypes"): frozenset({"labelKey", "labelValues"}) for role in ROLES},
}

DEPRECATED: dict[tuple[str, ...], str] = {
    ("routing", "modelName"): "the chart takes the name from modelArtifacts.name",
}


def defaults() -> dict[str, Any]:
    """The chart's own values, a copy of the caller's."""
    return deepcopy(_DEFAULTS)


def names_below(path: tuple[str, ...]) -> frozenset[str] | None:
    """The names that may stand in the mapping at ``path``; None where any may."""
    return _NAMES.get(path)
