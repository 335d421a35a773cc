"""The Kubernetes kind of every child, by the child's key."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["DEPLOYMENT", "KINDS", "LEADER_WORKER_SET", "Kind"]


class Kind(NamedTuple):
    """A Kubernetes kind as manifests name it; ``type_name`` is its entry in the schema."""

    api_version: str
    kind: str

    @classmethod
    def of(cls, type_name: str) -> Kind:
        """The kind whose entry in the schema is ``type_name``; not for the core group."""
        api_version, _, kind = type_name.rpartition(".")
        return cls(api_version, kind)

    @property
    def type_name(self) -> str:
        group = self.api_version if "/" in self.api_version else f"core/{self.api_version}"
        return f"{group}.{self.kind}"


DEPLOYMENT = Kind("apps/v1", "Deployment")
SERVICE = Kind("v1", "Service")
SERVICE_ACCOUNT = Kind("v1", "ServiceAccount")

LEADER_WORKER_SET = Kind("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet")
HORIZONTAL_POD_AUTOSCALER = Kind("autoscaling/v2", "HorizontalPodAutoscaler")

# The keys are the original's (BaseConfig data keys and `generate` sections, struct tags of
# internal/controller/child_resources.go); those without a counterpart there are named alike.
KINDS: dict[str, Kind] = {
    "configMaps": Kind("v1", "ConfigMap"),
    "pdServiceAccount": SERVICE_ACCOUNT,
    "prefillDeployment": DEPLOYMENT,
    "prefillLeaderWorkerSet": LEADER_WORKER_SET,
    "prefillAutoscaler": HORIZONTAL_POD_AUTOSCALER,
    "prefillService": SERVICE,
    "decodeDeployment": DEPLOYMENT,
    "decodeLeaderWorkerSet": LEADER_WORKER_SET,
    "decodeAutoscaler": HORIZONTAL_POD_AUTOSCALER,
    "decodeService": SERVICE,
    "eppServiceAccount": SERVICE_ACCOUNT,
    "eppRole": Kind("rbac.authorization.k8s.io/v1", "Role"),
    "eppRoleBinding": Kind("rbac.authorization.k8s.io/v1", "RoleBinding"),
    "eppDeployment": DEPLOYMENT,
    "eppService": SERVICE,
    "inferencePool": Kind("inference.networking.x-k8s.io/v1alpha2", "InferencePool"),
    "inferenceModel": Kind("inference.networking.x-k8s.io/v1alpha2", "InferenceModel"),
    "inferenceObjective": Kind("llm-d.ai/v1alpha2", "InferenceObjective"),
    "inferenceModelRewrite": Kind("llm-d.ai/v1alpha2", "InferenceModelRewrite"),
    "httpRoute": Kind("gateway.networking.k8s.io/v1", "HTTPRoute"),
}
