"""What each section of a BaseConfig is for, as editors and `msvc explain` say it."""

from __future__ import annotations

__all__ = ["DESCRIPTIONS"]

DESCRIPTIONS = {
    "configMaps": "ConfigMaps that the other sections use; a list.",
    "prefillDeployment": "The prefill pods; the ModelService's prefill is merged over it.",
    "decodeDeployment": "The decode pods; the ModelService's decode is merged over it.",
    "prefillService": "The Service in front of the prefill pods.",
    "decodeService": "The Service in front of the decode pods.",
    "httpRoute": "Which requests reach the pool; gatewayRefs become its parentRefs.",
    "inferencePool": "The pods that the endpoint picker chooses from; v1 where apiVersion says so.",
    "inferenceModel": "The model in a pool of v1alpha2; v1 has none.",
    "eppDeployment": "The endpoint picker; without it there is none.",
    "eppService": "The Service by which gateways ask the endpoint picker.",
    "prefillLeaderWorkerSet": "What a prefill on several nodes has beside its Deployment's.",
    "decodeLeaderWorkerSet": "What a decode on several nodes has beside its Deployment's.",
    "prefillAutoscaler": "Scales prefill: HorizontalPodAutoscaler or ScaledObject, by kind.",
    "decodeAutoscaler": "Scales decode: HorizontalPodAutoscaler or ScaledObject, by kind.",
    "inferenceObjective": "A priority that requests to a pool of v1 may ask for.",
    "inferenceModelRewrite": "Which model requests to a pool of v1 are sent on for.",
}
