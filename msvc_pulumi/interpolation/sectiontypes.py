"""The sections of a BaseConfig, and which Kubernetes type each of them holds."""

from __future__ import annotations

from typing import Any

from msvc_pulumi.errors import Diagnostics, FieldPath
from msvc_pulumi.schema import table

__all__ = ["AUTOSCALERS", "OTHER_TYPES", "SECTIONS", "section_type"]

# BaseConfig data keys and the type each holds, in the order in which the original decodes them.
SECTIONS: dict[str, str] = {
    "configMaps": "[]core/v1.ConfigMap",
    "prefillDeployment": "apps/v1.Deployment",
    "decodeDeployment": "apps/v1.Deployment",
    "prefillService": "core/v1.Service",
    "decodeService": "core/v1.Service",
    "httpRoute": "gateway.networking.k8s.io/v1.HTTPRoute",
    "inferencePool": "inference.networking.x-k8s.io/v1alpha2.InferencePool",
    "inferenceModel": "inference.networking.x-k8s.io/v1alpha2.InferenceModel",
    "eppDeployment": "apps/v1.Deployment",
    "eppService": "core/v1.Service",
    "prefillLeaderWorkerSet": "leaderworkerset.x-k8s.io/v1.LeaderWorkerSet",
    "decodeLeaderWorkerSet": "leaderworkerset.x-k8s.io/v1.LeaderWorkerSet",
    "prefillAutoscaler": "autoscaling/v2.HorizontalPodAutoscaler",
    "decodeAutoscaler": "autoscaling/v2.HorizontalPodAutoscaler",
    "inferenceObjective": "llm-d.ai/v1alpha2.InferenceObjective",
    "inferenceModelRewrite": "llm-d.ai/v1alpha2.InferenceModelRewrite",
}

EXTENSION = "inference.networking.x-k8s.io/v1alpha2"
AUTOSCALERS = ("autoscaling/v2.HorizontalPodAutoscaler", "keda.sh/v1alpha1.ScaledObject")
# Other types that a section may hold, told by the apiVersion and kind it states.
OTHER_TYPES: dict[str, tuple[str, ...]] = {
    "prefillAutoscaler": AUTOSCALERS,
    "decodeAutoscaler": AUTOSCALERS,
    "inferencePool": ("inference.networking.k8s.io/v1.InferencePool",),
    "inferenceObjective": (f"{EXTENSION}.InferenceObjective",),
    "inferenceModelRewrite": (f"{EXTENSION}.InferenceModelRewrite",),
}

# llm-d-router took these kinds over from the Inference Extension as they were, into its own group.
table.extend(
    {
        f"llm-d.ai/v1alpha2.{kind}": {
            "apiVersion": "string,omitempty,in=TypeMeta",
            "kind": "string,omitempty,in=TypeMeta",
            "metadata": "meta/v1.ObjectMeta,omitempty",
            "spec": f"{EXTENSION}.{kind}Spec,omitempty",
            "status": f"{EXTENSION}.{kind}Status,omitempty",
        }
        for kind in ("InferenceObjective", "InferenceModelRewrite")
    }
)


def section_type(key: str, value: Any, found: Diagnostics) -> str:
    """The type that the section ``key`` holds, by what ``value`` says it is.

    Kind and apiVersion are not looked at where only one type is possible, as in the original. Of an
    autoscaler the kind decides, and must be there.
    """
    stated = value if isinstance(value, dict) else {}
    version, kind = stated.get("apiVersion"), stated.get("kind")
    others = OTHER_TYPES.get(key, ())
    if key not in ("prefillAutoscaler", "decodeAutoscaler"):
        for name in others:
            its_version, _, its_kind = name.rpartition(".")
            if version == its_version and kind in (None, its_kind):
                return name
        return SECTIONS[key]
    for name in others:
        its_version, _, its_kind = name.rpartition(".")
        if kind == its_kind:
            if version not in (None, its_version):
                found.error(
                    "unsupported-value",
                    f'Unsupported value: "{version}": supported values: "{its_version}"',
                    field=FieldPath.of("apiVersion"),
                )
            return name
    known = ", ".join(f'"{name.rpartition(".")[2]}"' for name in others)
    found.error(
        "unsupported-value" if kind else "required",
        f'Unsupported value: "{kind}": supported values: {known}' if kind else "Required value",
        field=FieldPath.of("kind"),
        help="the kind says what scales the role: " + known,
    )
    return SECTIONS[key]
